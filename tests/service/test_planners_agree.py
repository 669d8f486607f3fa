# SPDX-License-Identifier: PostgreSQL
"""The planner in C, the planner in SQL and brute force give the same slots; so do our zones and PostgreSQL's.

Schedules are random; the seed is printed. PGALMANAC_SEED=n repeats a run, PGALMANAC_AGREEING_SCHEDULES=n says how
many there are in each zone."""
import os
import random
import subprocess
from contextlib import closing
from datetime import datetime, time, timedelta

import pytest
from psycopg2.extras import execute_values

from harness.chance import choose_seed
from schedules import UTC, arrays, ask, oracle, schedule, turns

BUILD = os.environ.get("PGALMANAC_BUILDDIR") or os.path.join(os.path.dirname(__file__), "..", "..")
SEED = choose_seed()
N_SCHEDULES = int(os.environ.get("PGALMANAC_AGREEING_SCHEDULES", "350"))
ZONES = ["America/Santiago", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia",
         "America/New_York", "Europe/Berlin", "UTC"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]


def ask_tool(name, lines):
    """What a program of tests/tools says to these lines."""
    done = subprocess.run([os.path.join(BUILD, "tests", "tools", name)], input="".join(line + "\n" for line in lines),
                          stdout=subprocess.PIPE, text=True, check=True, timeout=200)
    return done.stdout.splitlines()


# ---- The planner in C ----

def as_line(after, self):
    """A question to plan-schedule; see tests/data/calendar/README."""
    def listed(words):
        return ",".join(map(str, words)) or "*"

    def instant(at):
        return "-" if at is None else f"@{(at - EPOCH) // MICROSECOND}"

    def exception(day, moment):
        return (day.isoformat() if day else "*") + (f" {moment:%H:%M:%S}" if moment else "")

    return "\t".join([
        listed(sorted(self.minutes)), listed(sorted(self.hours)), listed(WEEKDAYS[n] for n in sorted(self.weekdays)),
        listed(sorted(self.monthdays)), listed(sorted(self.months)), self.zone, instant(self.start), instant(self.end),
        ";".join(exception(*pair) for pair in self.exceptions) or "-", instant(after)])


def plan_in_c(questions):
    """None = none up to the end of year 9999."""
    answers = ask_tool("plan-schedule", [as_line(*question) for question in questions])
    assert len(answers) == len(questions)
    return [None if answer in ("never", "beyond") else EPOCH + int(answer) * MICROSECOND for answer in answers]


# ---- Chance ----

def random_set(chance, choices, most, likelihood):
    return chance.sample(choices, chance.randint(1, most)) if chance.random() < likelihood else []


def random_exception(chance, near, hours, minutes):
    day = (near + timedelta(days=chance.randint(-2, 3))).date()
    moment = time(chance.choice(hours or range(24)), chance.choice(minutes or range(60)), chance.choice([0, 0, 59]))
    return chance.choice([(day, None), (day, moment), (day, moment), (None, moment), (None, None)])


def random_question(chance, zone, first_year=1970):
    """(after, schedule), close to a change of the clocks."""
    near = chance.choice(turns(zone, first_year, 2099) or [datetime(2028, 2, 28, tzinfo=UTC)])
    after = near + timedelta(minutes=chance.randint(-2 * 1440, 300), microseconds=chance.choice([0, 0, 0, 1, -1]))
    hours = chance.choice([[], range(24), range(5), random_set(chance, range(24), 23, 1), random_set(chance, range(24), 4, 1)])
    minutes = chance.choice([[], [0], [30], [0, 15, 30, 45], random_set(chance, range(60), 6, 1)])
    start = end = None
    if chance.random() < 0.4:
        start = near + timedelta(minutes=chance.randint(-3000, 1500), seconds=chance.choice([0, 0, 30]),
                                 microseconds=chance.choice([0, 0, 1]))
    if chance.random() < 0.3:
        end = near + timedelta(minutes=chance.randint(-1000, 6000), microseconds=chance.choice([0, 0, -1]))
    exceptions = [random_exception(chance, near, hours, minutes) for _ in range(chance.choice([0, 0, 1, 2, 5, 12]))]
    return after, schedule(zone, start, end, minutes, hours, random_set(chance, range(7), 4, 0.3),
                           random_set(chance, range(1, 33), 20, 0.3), random_set(chance, range(1, 13), 6, 0.2), exceptions)


@pytest.mark.parametrize("zone", ZONES)
def test_planners_agree(installed, zone):
    print(f"PGALMANAC_SEED={SEED}")
    chance = random.Random(f"{SEED} {zone}")
    questions = [random_question(chance, zone) for _ in range(N_SCHEDULES)]
    horizon = timedelta(days=60)
    with closing(installed.connect()) as connection, connection.cursor() as cursor:
        for (after, self), in_c in zip(questions, plan_in_c(questions)):
            assert in_c == ask(cursor, after, self), (after, self)
            expected = oracle(after, self, horizon.days)
            if expected is None and in_c is not None:
                assert in_c > after + horizon - timedelta(days=10), (after, self)
            else:
                assert in_c == expected, (after, self)


def test_next_schedule_uses_the_tables(installed):
    """pgAgent's own function: zone, exceptions and the last slot come from the tables."""
    print(f"PGALMANAC_SEED={SEED}")
    chance = random.Random(SEED)
    installed.execute("SET timezone = 'Asia/Tokyo'")  # which must not matter
    installed.execute("SET pgalmanac.agent = 'on'")
    now = installed.value("SELECT now()")
    for n in range(60):
        zone = chance.choice(ZONES)
        after, self = random_question(chance, zone, 2027)
        own_zone = chance.choice([None, zone])
        job = installed.value(
            "INSERT INTO pgagent.pga_job (jobjclid, jobname, jobtimezone, joblastslot) VALUES (1, %s, %s, %s)"
            " RETURNING jobid", f"job {n}", "Asia/Tokyo" if own_zone else zone, after)
        row = installed.value(
            "INSERT INTO pgagent.pga_schedule (jscjobid, jscname, jscstart, jscend, jscminutes, jschours, jscweekdays,"
            " jscmonthdays, jscmonths, jsctimezone)"
            " VALUES (%s, 'random', coalesce(%s::timestamptz, '-infinity'), %s, %s, %s, %s, %s, %s, %s) RETURNING jscid",
            job, self.start, self.end, *arrays(self), own_zone)
        self = self._replace(exceptions=tuple(dict.fromkeys(self.exceptions)))
        for day, moment in self.exceptions:
            installed.execute("INSERT INTO pgagent.pga_exception (jexscid, jexdate, jextime) VALUES (%s, %s, %s)",
                              row, day, moment)
        in_sql = installed.value(
            "SELECT pgagent.pga_next_schedule(jscid, jscstart, jscend, jscminutes, jschours, jscweekdays, jscmonthdays,"
            " jscmonths) FROM pgagent.pga_schedule WHERE jscid = %s", row)
        assert in_sql == plan_in_c([(max(after, now), self)])[0], (after, self)


# ---- Time zones ----

def copy_lines(cursor, lines, kind, columns):
    """Into a table named like the first word of these lines."""
    rows = [line.split("\t")[1:] for line in lines if line.startswith(kind + "\t")]
    cursor.execute(f"CREATE TEMP TABLE {kind} ({columns})")
    execute_values(cursor, f"INSERT INTO {kind} VALUES %s", rows, page_size=5000)


def test_zones_agree(installed):
    """Every zone that the server knows, at and between all changes from 1970 to 2100."""
    with closing(installed.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SET timezone = 'UTC'")
        # A few names (CET, EST …) are abbreviations, too, and AT TIME ZONE takes them for that: no summer time.
        cursor.execute("SELECT name FROM pg_timezone_names WHERE name !~ '^(posix|right)/'"
                       " AND name NOT IN ('localtime', 'posixrules', 'Factory')"
                       " AND upper(name) NOT IN (SELECT abbrev FROM pg_timezone_abbrevs) ORDER BY name")
        names = [name for name, in cursor.fetchall()]
        assert len(names) > 400
        lines = ask_tool("show-zone", names)
        assert [line for line in lines if line.startswith("error")] == []
        copy_lines(cursor, lines, "span", "zone text, from_us int8, until_us int8, seconds int4")
        copy_lines(cursor, lines, "label", "zone text, label_us int8, first_us int8, second_us int8")

        # At the first and last second of each stretch of one offset, and every few weeks in it.
        cursor.execute("""
            SELECT zone, at, seconds
            FROM (SELECT zone, to_timestamp(s) AS at, seconds
                  FROM span CROSS JOIN LATERAL (
                      SELECT generate_series(from_us / 1000000, until_us / 1000000 - 1, 86400 * 90)
                      UNION ALL SELECT until_us / 1000000 - 1) g (s)) g
            WHERE extract(epoch FROM timezone(zone, at) - timezone('UTC', at)) <> seconds LIMIT 5""")
        assert cursor.fetchall() == []

        # PostgreSQL reads a label of the gap as we do, and one that comes twice as its second pass.
        cursor.execute("""
            SELECT zone, label, first_us, second_us, at
            FROM (SELECT l.*, timezone(zone, label) AS at
                  FROM (SELECT *, timestamp '1970-01-01' + label_us * interval '1 microsecond' AS label
                        FROM label) l) l
            WHERE extract(epoch FROM at) * 1000000 <> second_us LIMIT 5""")
        assert cursor.fetchall() == []

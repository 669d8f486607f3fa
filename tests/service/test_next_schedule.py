# SPDX-License-Identifier: PostgreSQL
"""When a schedule asks for its next run: pgAgent's known mistakes, the days the clocks change, and chance."""
import os
import random
from datetime import date, datetime, time, timedelta

import pytest

from harness import Database
from harness.chance import choose_seed
from schedules import SIZES, UTC, array, arrays, ask, oracle, schedule, turns

pytestmark = pytest.mark.core

NOW = datetime(2026, 11, 22, tzinfo=UTC)
BERLIN, NEW_YORK, APIA = "Europe/Berlin", "America/New_York", "Pacific/Apia"
HALF_PAST_TWO = {"minutes": [30], "hours": [2]}
MIDNIGHT = {"minutes": [0], "hours": [0]}
EVERY_DAY = time(2, 30)
NEVER = None


def at(text):
    """"2030-01-07 10:21", with an offset if it is not UTC."""
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=instant.tzinfo or UTC)


def on(start, **fields):
    return schedule(start=at(start), **fields)


@pytest.fixture(scope="module")
def shared(cluster, template):
    """One database for all questions that change nothing."""
    made = Database.create(cluster, "schedules", template)
    yield made
    made.drop()


@pytest.fixture
def cursor(shared):
    connection = shared.connect()
    yield connection.cursor()
    connection.close()


# What pgAgent 4.2 gets wrong, one row per mistake: the schedule, the instant asked at, and what is right.
MISTAKES = {
    "first minute of a later hour": (on("2030-01-07 08:20", minutes=[0, 15, 30, 45], hours=[9]), NOW, "2030-01-07 09:00"),
    "first minute of a later week": (on("2030-01-07 10:21", minutes=[0, 30], hours=[9], weekdays=[1]), NOW, "2030-01-14 09:00"),
    "first minute of a later day": (on("2030-01-14 10:20", minutes=[0, 30], monthdays=[15]), NOW, "2030-01-15 00:00"),
    "every minute begins at the start": (on("2030-01-01 00:00"), NOW, "2030-01-01 00:00"),
    "one minute only": (on("2030-01-01 00:00", end=at("2030-01-01 00:00")), NOW, "2030-01-01 00:00"),
    "30th, in February": (on("2030-01-31", monthdays=[30]), NOW, "2030-03-30 00:00"),
    "31st, in April": (on("2030-04-01", monthdays=[31]), NOW, "2030-05-31 00:00"),
    "29 February": (on("2030-01-01", monthdays=[29], months=[2]), NOW, "2032-02-29 00:00"),
    "29 February on a Monday": (on("2044-03-01", monthdays=[29], months=[2], weekdays=[1]), NOW, "2072-02-29 00:00"),
    "30 February": (on("2030-01-01", monthdays=[30], months=[2]), NOW, NEVER),
    "31 February": (on("2030-01-01", monthdays=[31], months=[2]), NOW, NEVER),
    "30 or 31 February": (on("2030-01-01", monthdays=[30, 31], months=[2]), NOW, NEVER),
    "15th and last day": (on("2030-01-16", monthdays=[15, 32]), NOW, "2030-01-31 00:00"),
    "28th and last day of February": (on("2028-02-28 00:01", monthdays=[28, 32], months=[2], **MIDNIGHT), NOW, "2028-02-29 00:00"),
    "31st and last day": (on("2030-04-01", monthdays=[31, 32]), NOW, "2030-04-30 00:00"),
    "its only time is an exception": (on("2026-01-01", **HALF_PAST_TWO, exceptions=[(None, EVERY_DAY)]), NOW, NEVER),
    "200 days are exceptions": (on("2030-01-01", exceptions=[(date(2030, 1, 1) + timedelta(n), None) for n in range(200)]),
                                NOW, "2030-07-20 00:00"),
    "not before the start, not by seconds": (on("2030-01-01 10:00:30", minutes=[0], hours=[10]), NOW, "2030-01-02 10:00"),
    "every 5 minutes while the clocks go back": (on("2026-01-01", zone=BERLIN, minutes=range(0, 60, 5)),
                                                 at("2027-10-31 02:04+02:00"), "2027-10-31 02:05+02:00"),
    "02:30 in spring": (on("2026-01-01", zone=BERLIN, **HALF_PAST_TWO), at("2027-03-27 12:00"), "2027-03-28 03:30+02:00"),
    "01:30 in autumn": (on("2026-01-01", zone=NEW_YORK, minutes=[30], hours=[1]), at("2027-11-06 12:00"), "2027-11-07 01:30-04:00"),
    "every 2nd minute only": (on("2026-01-01"), at("2026-11-22 12:00"), "2026-11-22 12:01"),
    "weekday alone begins at 00:00": (on("2030-01-01", weekdays=[3]), NOW, "2030-01-02 00:00"),
}

# Further decisions: what belongs to the schedule and what does not.
RULES = {
    "strictly after": (on("2026-01-01", minutes=[0]), at("2030-01-01 10:00"), "2030-01-01 11:00"),
    "a microsecond before a slot": (on("2026-01-01", minutes=[0]), at("2030-01-01 09:59:59.999999"), "2030-01-01 10:00"),
    "a microsecond after a slot": (on("2026-01-01", minutes=[0]), at("2030-01-01 10:00:00.000001"), "2030-01-01 11:00"),
    "start by a microsecond": (on("2030-01-01 10:00:00.000001"), NOW, "2030-01-01 10:01"),
    "end is included": (on("2026-01-01", minutes=[0], end=at("2030-01-01 11:00")), at("2030-01-01 10:00"), "2030-01-01 11:00"),
    "nothing after the end": (on("2026-01-01", minutes=[0], end=at("2030-01-01 10:59:59.999999")), at("2030-01-01 10:00"), NEVER),
    "end in the past": (on("2026-01-01", end=at("2026-02-01")), NOW, NEVER),
    "no start": (schedule(minutes=[0]), at("2030-01-01 10:00"), "2030-01-01 11:00"),
    "far start": (on("9998-01-01", minutes=[0]), NOW, "9998-01-01 00:00"),
    "day and weekday": (on("2030-01-01", monthdays=[13], weekdays=[5], **MIDNIGHT), NOW, "2030-09-13 00:00"),
    "last day of February 2100": (on("2100-02-02", monthdays=[32], **MIDNIGHT), NOW, "2100-02-28 00:00"),
    "29 February across 2100": (on("2096-03-01", monthdays=[29], months=[2], **MIDNIGHT), NOW, "2104-02-29 00:00"),
    "29 February on a Sunday across 2100": (on("2088-03-01", monthdays=[29], months=[2], weekdays=[0], **MIDNIGHT), NOW, "2128-02-29 00:00"),
    "exception of one time of one day": (on("2026-01-01", **HALF_PAST_TWO, exceptions=[(date(2030, 1, 1), EVERY_DAY)]),
                                         at("2030-01-01"), "2030-01-02 02:30"),
    "exception's seconds do not count": (on("2026-01-01", **HALF_PAST_TWO, exceptions=[(date(2030, 1, 1), time(2, 30, 59))]),
                                         at("2030-01-01"), "2030-01-02 02:30"),
    "exception without date and time": (on("2026-01-01", exceptions=[(None, None)]), at("2030-01-01 10:00"), "2030-01-01 10:01"),
    "exception is local": (on("2026-01-01", zone="Asia/Tokyo", **MIDNIGHT, exceptions=[(date(2030, 1, 2), None)]),
                           at("2030-01-01"), "2030-01-02 15:00"),
    "exceptions of all minutes of a day": (on("2026-01-01", minutes=[0, 30], hours=[9],
                                              exceptions=[(date(2030, 1, 1), time(9, 0)), (date(2030, 1, 1), time(9, 30))]),
                                           at("2030-01-01"), "2030-01-02 09:00"),
    "exception tests the label, not the clock": (on("2026-01-01", zone=BERLIN, **HALF_PAST_TWO, exceptions=[(date(2027, 3, 28), EVERY_DAY)]),
                                                 at("2027-03-27 12:00"), "2027-03-29 02:30+02:00"),
    "02:30 once in autumn": (on("2026-01-01", zone=BERLIN, **HALF_PAST_TWO), at("2027-10-31 02:30+02:00"), "2027-11-01 02:30+01:00"),
    "half hours in the gap and after it": (on("2026-01-01", zone=BERLIN, minutes=[0, 30], hours=[2, 3]),
                                           at("2027-03-28 03:00+02:00"), "2027-03-28 03:30+02:00"),
    "hourly in the gap": (on("2026-01-01", zone=BERLIN, minutes=[30]), at("2027-03-28 01:30+01:00"), "2027-03-28 03:30+02:00"),
    "hourly in both passes": (on("2026-01-01", zone=BERLIN, minutes=[30]), at("2027-10-31 02:30+02:00"), "2027-10-31 02:30+01:00"),
    "all hours selected is hourly": (on("2026-01-01", zone=BERLIN, minutes=[30], hours=range(24)),
                                     at("2027-10-31 02:30+02:00"), "2027-10-31 02:30+01:00"),
    "half an hour's gap": (on("2026-01-01", zone="Australia/Lord_Howe", minutes=[15], hours=[2]),
                           at("2027-10-02 00:00"), "2027-10-03 02:45+11:00"),
    "gap at midnight": (on("2026-01-01", zone="America/Santiago", **MIDNIGHT), at("2027-09-04 12:00"), "2027-09-05 01:00-03:00"),
    "overlap across midnight": (on("2026-01-01", zone="America/Santiago", minutes=[30], hours=[23]),
                                at("2027-04-03 12:00"), "2027-04-03 23:30-03:00"),
    "a day that was left out": (on("2011-01-01", zone=APIA, minutes=[0], hours=[12]), at("2011-12-29 23:00"), "2011-12-31 12:00+14:00"),
    "a label of the day before": (on("2011-01-01", zone=APIA, minutes=[0], hours=[12], monthdays=[30]),
                                  at("2011-12-31 00:30+14:00"), "2011-12-31 12:00+14:00"),
    "a later label that comes first": (on("2011-01-01", zone=APIA, minutes=[0], hours=[10, 12], exceptions=[(date(2011, 12, 30), time(10, 0))]),
                                       at("2011-12-29 13:00-10:00"), "2011-12-31 10:00+14:00"),
    "hourly in a day that was left out": (on("2011-01-01", zone=APIA, minutes=[0], monthdays=[30]), at("2011-12-29 23:00"), "2012-01-30 00:00+14:00"),
    "a label of the day after the end": (on("2010-01-01", zone="America/St_Johns", **MIDNIGHT, end=at("2010-11-07 03:00")),
                                         at("2010-11-07 00:00"), "2010-11-07 02:30"),
    "both passes of a minute before midnight goes back": (on("2010-01-01", zone="America/St_Johns", minutes=[0], monthdays=[7]),
                                                          at("2010-11-07 02:30"), "2010-11-07 03:30"),
}


@pytest.mark.parametrize("case", [*MISTAKES.items(), *RULES.items()], ids=lambda case: case[0])
def test_case(cursor, case):
    self, after, expected = case[1]
    assert ask(cursor, after, self) == (expected and at(expected))


@pytest.mark.parametrize("session", ["UTC", "Asia/Tokyo", NEW_YORK])
def test_the_sessions_zone_does_not_matter(cursor, session):
    cursor.execute("SELECT set_config('TimeZone', %s, false)", [session])
    nine = on("2030-01-07", zone=BERLIN, minutes=[0], hours=[9])
    assert ask(cursor, NOW, nine) == at("2030-01-07 09:00+01:00")


@pytest.mark.parametrize("zone", ["Mars/Phobos", "", None])
def test_an_unknown_zone_is_no_error(cursor, zone):
    assert ask(cursor, NOW, on("2030-01-07", zone=zone)) is None


@pytest.mark.parametrize("after, start, end", [
    (None, "2030-01-01", None), ("2030-01-01", None, None), ("infinity", "2030-01-01", None),
    ("2030-01-01", "infinity", None), ("2030-01-01", "294276-12-31 23:59:59+00", None),
    ("294276-12-31 23:59:59+00", "2030-01-01", None), ("2030-01-01", "2029-01-01", "-infinity")])
def test_impossible_bounds_are_no_error(cursor, after, start, end):
    cursor.execute("SELECT pgagent.pga_schedule_after(%s, 'Europe/Berlin', %s, %s, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
                   [after, start, end])
    assert cursor.fetchone()[0] is None


@pytest.mark.parametrize("after, start, end", [
    ("2030-01-01 10:00+00", "-infinity", "infinity"), ("-infinity", "2030-01-01 10:01+00", "294276-12-31 23:59:59+00")])
def test_infinite_bounds(cursor, after, start, end):
    cursor.execute("SELECT pgagent.pga_schedule_after(%s, 'Europe/Berlin', %s, %s, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
                   [after, start, end])
    assert cursor.fetchone()[0] == at("2030-01-01 10:01")


def test_unknown_array_elements_are_false(cursor):
    nine = on("2030-01-01", minutes=[0], hours=[9])
    fields = [[flag or None for flag in field] for field in arrays(nine)]
    fields[3] = fields[3][:31]  # an array of 31 days has no flag for the last day
    cursor.execute("SELECT pgagent.pga_schedule_after(%s, 'UTC', %s, NULL, %s::bool[], %s::bool[], %s::bool[], %s::bool[], %s::bool[],"
                   " NULL, NULL)", [NOW, nine.start, *fields])
    assert cursor.fetchone()[0] == at("2030-01-01 09:00")


# ---- pgAgent's signature ----

STOCK = "SELECT pgagent.pga_next_schedule(%s, %s, %s, %s::bool[], %s::bool[], %s::bool[], %s::bool[], %s::bool[])"
EMPTY = [[False] * size for size in SIZES.values()]


def daily(hour):
    return [array("minutes", [0]), array("hours", [hour]), *EMPTY[2:]]


@pytest.fixture
def job(installed):
    """A job with one schedule, which is its only field."""
    installed.execute("INSERT INTO pgagent.pga_job (jobjclid, jobname) VALUES (1, 'job')")
    installed.execute("INSERT INTO pgagent.pga_schedule (jscjobid, jscname) VALUES (1, 'schedule')")
    return installed


def next_run(database, jscid=1, start="2090-01-01 00:00+00", end=None, fields=None):
    return database.value(STOCK, jscid, start, end, *(fields or daily(9)))


def test_zone_of_the_schedule_the_job_or_the_setting(job):
    assert next_run(job) == at("2090-01-01 09:00")
    job.execute("UPDATE pgagent.pga_setting SET setvalue = 'Asia/Tokyo' WHERE setname = 'timezone'")
    assert next_run(job) == at("2090-01-01 09:00+09:00")
    assert next_run(job, jscid=99) == at("2090-01-01 09:00+09:00")
    job.execute("UPDATE pgagent.pga_job SET jobtimezone = 'America/New_York'")
    assert next_run(job) == at("2090-01-01 09:00-05:00")
    job.execute("UPDATE pgagent.pga_schedule SET jsctimezone = 'Europe/Berlin'")
    assert next_run(job) == at("2090-01-01 09:00+01:00")
    assert next_run(job, jscid=99) == at("2090-01-01 09:00+09:00")
    assert next_run(job, jscid=None) == at("2090-01-01 09:00+09:00")


def test_zone_that_is_gone(job):
    job.execute("SET session_replication_role = replica; UPDATE pgagent.pga_schedule SET jsctimezone = 'Mars/Phobos';"
                " SET session_replication_role = origin")
    assert next_run(job) is None
    job.execute("UPDATE pgagent.pga_job SET jobnextrun = NULL")
    assert job.query("SELECT jobnextrun, jobreplan FROM pgagent.pga_job") == [(None, True)]


def test_own_exceptions_only(job):
    job.execute("INSERT INTO pgagent.pga_exception (jexscid, jexdate) VALUES (1, '2090-01-01')")
    assert next_run(job) == at("2090-01-02 09:00")
    assert next_run(job, jscid=99) == at("2090-01-01 09:00")


def test_after_now_and_after_the_last_slot(job):
    every_minute = {"start": "2020-01-01 00:00+00", "fields": EMPTY}
    job.execute("BEGIN")
    now = job.value("SELECT now()")
    assert next_run(job, **every_minute) == now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    job.execute("UPDATE pgagent.pga_job SET joblastslot = '2090-01-01 12:00+00'")
    assert next_run(job, **every_minute) == at("2090-01-01 12:01")
    job.execute("COMMIT")


# ---- Chance ----

ZONES = ["Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca", "America/St_Johns", APIA, NEW_YORK, BERLIN]
N_RANDOM = int(os.environ.get("PGALMANAC_RANDOM_SCHEDULES", "1500"))


def random_set(chance, choices, most, likelihood):
    return chance.sample(choices, chance.randint(1, most)) if chance.random() < likelihood else ()


def random_instant(chance, zone):
    """Mostly within a day and a half of a change of the clocks."""
    around = chance.choice(turns(zone, 2010, 2034))
    if chance.random() < 0.3:
        around = NOW + timedelta(days=chance.randint(-3000, 3000))
    return around + timedelta(minutes=chance.randint(-36 * 60, 36 * 60),
                              seconds=chance.choice([0, 0, 1, 59]), microseconds=chance.choice([0, 0, 1, 999999]))


def random_exception(chance, around, hours, minutes):
    day = (around + timedelta(days=chance.randint(-1, 5))).date()
    moment = time(chance.choice(hours or range(24)), chance.choice(minutes or range(60)), chance.choice([0, 0, 30]))
    return chance.choice([(day, None), (day, moment), (None, moment), (None, None)])


def random_schedule(chance, zone, after):
    hours = chance.choice([(), (), range(24), random_set(chance, range(5), 3, 1), random_set(chance, range(24), 23, 1)])
    minutes = chance.choice([(), [0], [30], range(0, 60, 5), random_set(chance, range(60), 10, 1)])
    start = after + timedelta(minutes=chance.choice([-100000, -5, 0, 7, 600, 3000]), seconds=chance.choice([0, 30]))
    end = after + timedelta(minutes=chance.randint(0, 4000)) if chance.random() < 0.1 else None
    n_exceptions = chance.choice([0, 0, 0, 1, 2, 6])
    return schedule(zone, chance.choice([None, start, start]), end, minutes, hours,
                    random_set(chance, range(7), 4, 0.2), random_set(chance, range(1, 33), 6, 0.2),
                    random_set(chance, range(1, 13), 4, 0.1),
                    [random_exception(chance, after, list(hours), list(minutes)) for _ in range(n_exceptions)])


def test_random_schedules_against_brute_force(cursor):
    seed = choose_seed()
    print(f"PGALMANAC_SEED={seed}")
    chance = random.Random(seed)
    horizon = timedelta(days=800)
    n_found = 0
    for _ in range(N_RANDOM):
        zone = chance.choice(ZONES)
        after = random_instant(chance, zone)
        self = random_schedule(chance, zone, after)
        expected = oracle(after, self, horizon.days)
        answer = ask(cursor, after, self)
        if expected is None and answer is not None:
            assert answer > after + horizon - timedelta(days=10), (seed, after, self, answer)
        else:
            assert answer == expected, (seed, after, self)
            n_found += answer is not None
    assert n_found >= N_RANDOM // 3

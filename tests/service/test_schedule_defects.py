# SPDX-License-Identifier: PostgreSQL
"""What the real pgAgent gets wrong with a schedule is known: each defect has its case, and where Debian's pgAgent and we
disagree on random schedules, at least one of them is named."""
import random
from contextlib import closing

import psycopg2
import pytest

from harness import Database
from harness.database import TOP
from harness.jobs import flags

pytestmark = pytest.mark.mainly_sql

with open(f"{TOP}/sql/query/schedule_defects.sql", encoding="utf-8") as opened:
    DEFECTS = opened.read().replace("$1::text", "(SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone')")
ZONE = "Europe/Berlin"
SPRING = {"minutes": [30], "hours": [2]}
ALL_DAY = range(24)


@pytest.fixture
def defects(installed):
    """The defects of schedules as (schedule, name, text)."""
    installed.execute("UPDATE pgagent.pga_setting SET setvalue = %s WHERE setname = 'timezone'", ZONE)
    return lambda: [(row[2], row[4], row[6]) for row in installed.query(DEFECTS)]


def texts(rows):
    return [text for _, _, text in rows]


def names(rows):
    return [name for _, name, _ in rows]


def without_clocks(rows):
    return [name for name in names(rows) if name not in ("spring", "autumn")]


@pytest.mark.parametrize("schedule, expected", [
    ({"minutes": [0], "hours": [5]}, []),
    ({"minutes": [0], "hours": [5], "monthdays": [30]}, ["short months"]),
    ({"minutes": [0], "hours": [5], "monthdays": [28], "months": [0]}, ["short months"]),
    ({"minutes": [0], "hours": [5], "monthdays": [27]}, []),
    ({"minutes": [0], "hours": [5], "monthdays": [30], "months": [6]}, []),
    ({"minutes": [0], "hours": [5], "monthdays": [30], "months": [6, 11]}, []),
    ({"minutes": [0], "hours": [5], "monthdays": [30], "months": [7]}, ["short months"]),  # it also looks at September
    ({"minutes": [0], "hours": [5], "monthdays": [30], "months": [4]}, ["short months"]),
    ({"minutes": [0], "hours": [5], "monthdays": [31]}, []),
    ({"minutes": [0], "hours": [5], "monthdays": [14, 31]}, ["last day"]),
    ({}, ["every second minute"]),
    ({"weekdays": [1]}, ["every second minute"]),
    ({"weekdays": [1], "hours": [3]}, []),
    ({"minutes": [0, 30], "hours": [9, 10]}, ["first minutes"]),
    ({"minutes": [0, 30], "hours": ALL_DAY}, []),
    ({"minutes": [0, 30], "weekdays": [1]}, ["first minutes"]),
])
def test_defects_of_flags(defects, jobs, schedule, expected):
    jobs.schedule(jobs.job("one"), **schedule)
    assert without_clocks(defects()) == expected


def test_texts(defects, jobs):
    weekdays = jobs.schedule(jobs.job("one"), weekdays=[1])
    days = jobs.schedule(jobs.job("two"), minutes=[0], hours=[5], monthdays=[28, 29, 30])
    found = defects()
    assert (weekdays, "every second minute",
            "pgAgent runs a schedule of weekdays only from 00:01 on and every second minute, not every minute") in found
    assert (days, "short months",
            "pgAgent fails in a month without day 29 instead of leaving it out, and its job stays frozen") in found


@pytest.mark.parametrize("end, exceptions, expected", [
    (None, ["05:00", "05:30"], ["first minutes", "all excepted"]),
    (None, ["05:00"], ["first minutes"]),
    ("2099-01-01", ["05:00", "05:30"], ["first minutes"]),
    (None, ["05:30:10"], ["first minutes", "exception with seconds"]),
])
def test_defects_of_exceptions(defects, jobs, installed, end, exceptions, expected):
    schedule = jobs.schedule(jobs.job("one"), minutes=[0, 30], hours=[5], end=end)
    for time in exceptions:
        installed.execute("INSERT INTO pgagent.pga_exception (jexscid, jextime) VALUES (%s, %s)", schedule, time)
    assert without_clocks(defects()) == expected


@pytest.mark.core
def test_changes_of_clocks_within_a_year(defects, jobs, installed):
    """Of a wall-clock schedule both days are named, of a running one the hour in autumn."""
    jobs.schedule(jobs.job("nightly"), **SPRING)
    spring, autumn = sorted(texts(defects()), key=lambda text: "twice" in text)
    assert spring.startswith("02:30 does not exist on 2") and spring.endswith("pgAgent leaves it out; here it runs at 03:30")
    assert autumn.startswith("02:30 comes twice on 2") and autumn.endswith("pgAgent runs at the second, here it is the first")
    days = [row[5] for row in installed.query(DEFECTS)]
    assert sorted(day.month for day in days) == [3, 10] and all(day.isoweekday() == 7 for day in days)

    installed.execute("DELETE FROM pgagent.pga_schedule")
    jobs.schedule(jobs.job("hourly"), minutes=[15])
    assert texts(defects()) == [
        f"the time from 02:15 on comes twice on {max(days, key=lambda day: day.month)}: pgAgent runs in one of both only"]

    installed.execute("DELETE FROM pgagent.pga_schedule")
    jobs.schedule(jobs.job("tuesdays"), weekdays=[2], **SPRING)
    jobs.schedule(jobs.job("excepted"), **SPRING)
    installed.execute("INSERT INTO pgagent.pga_exception (jexscid, jextime) SELECT max(jscid), '02:30' FROM pgagent.pga_schedule")
    jobs.schedule(jobs.job("over"), end="2001-01-01", **SPRING)
    jobs.schedule(jobs.job("disabled"), enabled=False, **SPRING)
    assert names(defects()) == ["all excepted"]


@pytest.mark.core
def test_zone_of_schedule_and_job_and_one_that_the_server_cannot_read(defects, jobs, installed):
    schedule = jobs.schedule(jobs.job("one"), **SPRING)
    installed.execute("UPDATE pgagent.pga_schedule SET jsctimezone = 'UTC' WHERE jscid = %s", schedule)
    jobs.schedule(jobs.job("two", jobtimezone="Asia/Tokyo"), **SPRING)
    jobs.schedule(jobs.job("three", jobtimezone="MET"), **SPRING)
    assert defects() == []


# ---- The real one ----

NEXT = "SELECT pgagent.pga_next_schedule(0, %s, NULL, %s::bool[], %s::bool[], %s::bool[], %s::bool[], %s::bool[])"
OURS = """
    SELECT pgagent.pga_schedule_after(now(), %s, %s, NULL, %s::bool[], %s::bool[], %s::bool[], %s::bool[], %s::bool[],
                                      NULL, NULL)"""


@pytest.fixture
def real(cluster):
    made = Database.create(cluster, "pgagent_of_defects")
    try:
        made.execute("CREATE EXTENSION pgagent")
        yield made
    except psycopg2.Error:
        pytest.skip("this server has no pgagent extension")
    finally:
        made.drop()


def random_schedule(dice):
    def some(size, chance, most=3):
        return dice.sample(range(size), dice.randint(1, most)) if dice.random() < chance else []
    return {"minutes": some(60, 0.7), "hours": some(24, 0.6), "weekdays": some(7, 0.3), "monthdays": some(32, 0.4),
            "months": some(12, 0.3)}


@pytest.mark.parametrize("seed", range(4))
def test_wherever_the_real_pgagent_disagrees_a_defect_is_named(real, installed, jobs, defects, seed):
    dice = random.Random(seed)
    differing = {}
    with closing(real.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SET timezone = %s", (ZONE,))
        cursor.execute("SET statement_timeout = '10s'")
        for _ in range(120):
            schedule = random_schedule(dice)
            start = f"20{dice.randint(30, 60)}-{dice.randint(1, 12)}-{dice.randint(1, 28)} {dice.randint(3, 23)}:{dice.randint(0, 59)}"
            start = f"{start} UTC"
            arrays = [flags(size, schedule[field]) for field, size in
                      [("minutes", 60), ("hours", 24), ("weekdays", 7), ("monthdays", 32), ("months", 12)]]
            try:
                cursor.execute(NEXT, [start, *arrays])
                theirs = cursor.fetchone()[0]
            except psycopg2.Error as error:
                theirs = str(error)
            ours = installed.value(OURS, ZONE, start, *arrays)
            if theirs != ours:
                differing[jobs.schedule(jobs.job("random"), start=start, **schedule)] = (schedule, start, theirs, ours)
    assert differing
    named = {row[0] for row in installed.query("SELECT d.jscid FROM (" + DEFECTS + ") d")}
    assert not [case for schedule, case in differing.items() if schedule not in named]

# SPDX-License-Identifier: PostgreSQL
"""Time moves: the server runs by a clock that the test sets, and its clock decides what is due, not the agent's."""
import pytest

from harness import Database, FakeTime
from harness.database import install
from harness.jobs import Jobs, sql


@pytest.fixture
def clock(directory):
    return FakeTime(directory, "@2026-03-27 12:00:00")


@pytest.fixture
def place(clock, make_cluster):
    """A database on a server that runs by that clock."""
    cluster = make_cluster(environment=clock.environment).start()
    database = Database.create(cluster, "clock")
    install(database.connect())
    return database


def test_half_past_two_in_spring_and_autumn(clock, place, agent):
    """02:30 in Berlin, day after day, over both changes of the clock; in between nobody is there for half a year."""
    jobs = Jobs(place)
    job = jobs.job("daily", sql("SELECT 1"), jobtimezone="Europe/Berlin")
    jobs.schedule(job, minutes=[30], hours=[2])
    one = agent("-t", "1", database=place)
    for runs, now in enumerate(("2026-03-28 01:30:01", "2026-03-29 01:30:01", "2026-03-30 00:30:01",
                                "2026-10-25 00:30:01", "2026-10-26 01:30:01"), 1):
        clock.set("@" + now)
        jobs.wait_for_runs(job, runs, one)
    runs = place.query("SELECT to_char(jlgscheduled AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), jlglabel, jlgtrigger, jlgslots"
                       " FROM pgagent.pga_joblog ORDER BY jlgid")
    assert runs == [
        ("03-28 01:30", "2026-03-28 02:30 Europe/Berlin", "schedule", 1),
        ("03-29 01:30", "2026-03-29 02:30 Europe/Berlin", "schedule", 1),  # it shows 03:30
        ("03-30 00:30", "2026-03-30 02:30 Europe/Berlin", "schedule", 1),
        ("10-25 00:30", "2026-10-25 02:30 Europe/Berlin", "missed", 209),  # the first pass
        ("10-26 01:30", "2026-10-26 02:30 Europe/Berlin", "schedule", 1)]
    row, = place.query("SELECT skpreason, skpslots, to_char(skpfrom AT TIME ZONE 'UTC', 'MM-DD HH24:MI'),"
                       " to_char(skpto AT TIME ZONE 'UTC', 'MM-DD HH24:MI') FROM pgagent.pga_skipped")
    assert row == ("missed", 208, "03-31 00:30", "10-24 00:30")
    assert place.value("SELECT to_char(jobnextrun AT TIME ZONE 'Europe/Berlin', 'YYYY-MM-DD HH24:MI') FROM pgagent.pga_job"
                       ) == "2026-10-27 02:30"

# SPDX-License-Identifier: PostgreSQL
"""Time moves: the server runs by a clock that the test sets, and its clock decides what is due, not the agent's."""
import signal

import pytest

from harness import Database, FakeTime
from harness.database import install
from harness.holding import HeldBatch, HeldSql
from harness.jobs import Jobs, sql
from harness.outside import Outside
from harness.waiting import wait_until


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


def far_job(jobs, hours, now="now()"):
    """A job whose next slot is so many hours away by the database's clock."""
    hour = jobs.database.value(f"SELECT extract(hour FROM {now} AT TIME ZONE 'UTC' + %s * interval '1 hour')::int", hours)
    job = jobs.job("far", sql("SELECT 1"), jobtimezone="UTC")
    jobs.schedule(job, minutes=[30], hours=[hour])
    return job


# As pgalmanac(8) says.
PLAN_FROM_NOW = """
    UPDATE pgagent.pga_job
    SET joblastslot = now(), jobplanned = NULL, jobreplan = true
    WHERE joblastslot > now()"""


def wait_for_a_beat(database, agent):
    """Until the agent has renewed its lease and knows what time it was: the second renewal is sent after the first's answer."""
    renewed = "SELECT jagrenewed FROM pgagent.pga_jobagent WHERE jagname = %s"
    for _ in range(2):
        before = database.value(renewed, agent.name)
        wait_until(lambda before=before: database.value(renewed, agent.name) != before, "it has renewed its lease", agent)


def test_an_agent_whose_clock_is_wrong(jobs, agent, directory):
    """Only the database's clock counts; the difference is said once, and that it is gone."""
    clock = FakeTime(directory, "+3h")
    far = far_job(jobs, 2)
    one = agent("-l", "1", "--lease", "3", environment=clock.environment)
    one.wait_for_log("this agent's clock is 3h ahead of the database's")
    job = jobs.job("now", sql("SELECT 1"))
    for count, (setting, text) in enumerate((("+0", "agrees with the database's again"),
                                             ("-2h", "is 2h behind the database's"),
                                             ("+0", "agrees with the database's again")), 1):
        assert jobs.run(job, one)[0] == "s"
        clock.set(setting)
        wait_until(lambda: one.log().count("this agent's clock") == count + 1, text, one)
        assert text in one.log()
    assert not jobs.runs(far)
    wait_until(lambda: jobs.database.value("SELECT count(*) FROM pgagent.pga_agentlog WHERE aglmessage LIKE '%%clock%%'") == 2,
               "the warnings are in the table", one)


def test_the_clock_of_the_database_is_stepped(clock, place, agent):
    """There and back: each slot runs once, at its time, although the agent would sleep for an hour."""
    jobs = Jobs(place)
    clock.set("+0")
    job = far_job(jobs, 3)
    one = agent("-l", "1", "-t", "3600", "--lease", "3", database=place)
    wait_until(lambda: place.value("SELECT jobnextrun FROM pgagent.pga_job"), "it is planned", one)
    wait_for_a_beat(place, one)

    def step(setting, said):
        before = one.log().count(said)
        clock.set(setting)
        wait_until(lambda: one.log().count(said) == before + 1, said, one)
    step("+4h", "the database's clock was stepped forward by")
    jobs.wait_for_runs(job, 1, one)
    step("+0", "the database's clock was stepped back by")
    assert jobs.run(jobs.job("other", sql("SELECT 1")), one)[0] == "s"
    step("+4h", "the database's clock was stepped forward by")
    assert jobs.run(jobs.job("another", sql("SELECT 1")), one)[0] == "s"
    assert len(jobs.runs(job)) == 1
    step("+28h", "the database's clock was stepped forward by 1d")
    assert [run[0] for run in jobs.wait_for_runs(job, 2, one)] == ["s", "s"]
    assert place.value("SELECT count(DISTINCT jlgscheduled) FROM pgagent.pga_joblog WHERE jlgjobid = %s", job) == 2
    assert one.log().count("was stepped") == 4 and one.log().count("this agent's clock") == 4, one.log()

    step("+0", "the database's clock was stepped back by")
    place.execute(PLAN_FROM_NOW)
    place.execute("NOTIFY pgalmanac")
    wait_until(lambda: place.value("SELECT jobnextrun < now() + interval '4 h' FROM pgagent.pga_job WHERE jobid = %s", job),
               "it is planned from now on", one)
    assert len(jobs.runs(job)) == 2


# Seconds between the first slot and the last that do not have exactly one outcome.
LOST_OR_TWICE = """
    WITH outcome (first, last) AS (
        SELECT jlgscheduled - (jlgslots - 1) * interval '1 s', jlgscheduled FROM pgagent.pga_joblog WHERE jlgjobid = %(job)s
        UNION ALL
        SELECT skpfrom, skpto FROM pgagent.pga_skipped WHERE skpjobid = %(job)s
    )
    SELECT at, (SELECT count(*) FROM outcome WHERE at BETWEEN first AND last) AS outcomes
    FROM (SELECT min(first) AS first, max(last) AS last FROM outcome) AS whole, generate_series(first, last, '1 s') AS at
    WHERE (SELECT count(*) FROM outcome WHERE at BETWEEN first AND last) <> 1"""


def test_small_steps_bury_nobody(clock, place, agent, directory):
    """Of a length that nobody need hear of, but longer than a short lease: whoever looks first finds the other one's over."""
    jobs = Jobs(place)
    clock.set("+0")
    agents = [agent("--lease", "4", name=name, database=place) for name in ("one", "other")]
    scripts = [HeldBatch(directory) for _ in agents]
    held = [jobs.job(f"held by {one.name}", script.step, host=one.name) for one, script in zip(agents, scripts)]
    for job, one in zip(held, agents):
        jobs.run_now(job)
        jobs.wait_for_running(job, one)
    each = jobs.job("each second", sql("SELECT 1"), jobmissed="all")
    jobs.rule(each, "every", rulperiod="1 s", rulstart="2026-01-01 00:00+00")
    for setting in ("+4.5", "+0", "+4.5", "+9", "+4.5", "+9"):
        for one in agents:
            wait_for_a_beat(place, one)
        clock.set(setting)
    for one in agents:
        wait_for_a_beat(place, one)
    for script in scripts:
        script.release()
    assert [jobs.wait_for_runs(job)[0][0] for job in held] == ["s", "s"]
    assert place.query("SELECT aglmessage FROM pgagent.pga_agentlog WHERE aglmessage LIKE '%is dead%'") == []
    place.execute("UPDATE pgagent.pga_job SET jobenabled = false WHERE jobid = %s", each)
    jobs.wait_until_settled(agents[0])
    assert place.query(LOST_OR_TWICE.replace("%(job)s", str(each))) == []


def test_an_agent_that_died_before_the_clock_went_back(clock, place, agent):
    """Its lease would last for hours."""
    jobs = Jobs(place)
    clock.set("+0")
    dead = agent("--lease", "3", database=place)
    held = HeldSql(place)
    job = jobs.job("left", held.step)
    jobs.run_now(job)
    jobs.wait_for_running(job, dead)
    one = agent("-l", "1", "--lease", "3", database=place)
    wait_for_a_beat(place, one)
    dead.signal(signal.SIGSTOP)
    clock.set("-5h")
    one.wait_for_log("the database's clock was stepped back by 5h")
    assert jobs.wait_for_runs(job, agent=one)[0][0] == "d"
    dead.kill()


def test_a_machine_that_has_slept(clock, place, agent, directory):
    """What has come due meanwhile runs when it wakes up."""
    jobs = Jobs(place)
    outside = Outside(directory)
    clock.set("+0")
    job = far_job(jobs, 3)
    one = agent("-l", "1", "-t", "3600", "--lease", "3", database=place, environment=outside.environment)
    wait_until(lambda: place.value("SELECT jobnextrun FROM pgagent.pga_job"), "it is planned", one)
    wait_for_a_beat(place, one)
    one.signal(signal.SIGSTOP)
    clock.set("+4h")
    outside.sleep(4 * 3600)
    one.signal(signal.SIGCONT)
    one.wait_for_log("this machine has slept for 4h")
    assert jobs.wait_for_runs(job, agent=one)[0][0] == "s"
    assert "was stepped" not in one.log()

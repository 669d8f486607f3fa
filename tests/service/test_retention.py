# SPDX-License-Identifier: PostgreSQL
"""How long the history is kept: the settings retention and retention_runs, and jobkeep of a job.

An agent looks two seconds after it has begun; jobs come in the order of their ids."""
import json
from datetime import timedelta

import psycopg2
import pytest

from harness import FakeTime
from harness.holding import HeldSql
from harness.jobs import sql
from harness.waiting import wait_until

SET = "UPDATE pgagent.pga_setting SET setvalue = %s WHERE setname = %s"


@pytest.fixture
def history(installed, jobs):
    """Makes a job with a history: a letter for each run, of one step, the oldest first, a day each; the newest is a day old."""
    def make(name, states, **columns):
        job = jobs.job(name, sql("SELECT 1"), **columns)
        installed.execute(
            "WITH run AS (INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgstart, jlgduration)"
            " SELECT %s, s, now() - (1 + length(%s) - n) * interval '1 day', interval '1 s'"
            " FROM regexp_split_to_table(%s, '') WITH ORDINALITY r (s, n) RETURNING jlgid, jlgstatus)"
            " INSERT INTO pgagent.pga_jobsteplog (jsljlgid, jsljstid, jslstatus)"
            " SELECT jlgid, jstid, jlgstatus FROM run CROSS JOIN pgagent.pga_jobstep WHERE jstjobid = %s", job, states, states, job)
        return job
    return make


@pytest.fixture
def states(installed):
    """What is there of a job's history, as it is given to make it."""
    return lambda job: installed.value("SELECT string_agg(jlgstatus, '' ORDER BY jlgstart) FROM pgagent.pga_joblog"
                                       " WHERE jlgjobid = %s", job)


@pytest.fixture
def keep(installed):
    def change(age, runs):
        installed.execute(SET, age, "retention")
        installed.execute(SET, runs, "retention_runs")
    return change


@pytest.fixture
def prune(history, states, agent):
    """Has an agent look at all jobs that are there."""
    def look():
        last = history("last", "s" * 50, jobkeep="1 h")
        one = agent("--lease", "3")
        wait_until(lambda: len(states(last)) < 50, "the history of the last job is cut", one)
        return one
    return look


def ten_days_and_three(history):
    """Histories, and what is left of them."""
    return {history("successes", "s" * 30): "s" * 9,
            history("failures", "dsfdfss" + "s" * 30): "df" + "s" * 9,
            history("nothing but failures", "f" * 30): "f" * 9,
            history("nothing done", "i" + "s" * 30): "s" * 9,
            history("less than three", "ss", jobkeep="1 h"): "ss",
            history("longer", "s" * 30, jobkeep="20 days"): "s" * 19,
            history("shorter", "s" * 30, jobkeep="1 h"): "sss"}


@pytest.mark.core
def test_what_is_kept(history, states, keep, prune, installed, pgalmanac):
    keep("10 days", "3")
    expected = ten_days_and_three(history)
    job = next(iter(expected))
    installed.execute("INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpreason, skpat)"
                      " SELECT %s, now(), now(), 'busy', now() - n * interval '6 days' FROM generate_series(0, 9) n", job)
    installed.execute("INSERT INTO pgagent.pga_agentlog (aglat, agllevel, aglmessage)"
                      " SELECT now() - n * interval '4 days', 'warning', n FROM generate_series(0, 5) n")
    status = json.loads(pgalmanac("status", "--json", "-d", installed.conninfo).stdout)["history"]
    assert (status["keeps"], status["newest_kept"], status["removed_runs"], status["jobs_to_prune"]) == ("10 days", 3, 0, 6)

    before = installed.value("SELECT count(*) FROM pgagent.pga_joblog")
    prune()
    assert {job: states(job) for job in expected} == expected
    assert installed.value("SELECT count(*) FROM pgagent.pga_jobsteplog") == installed.value("SELECT count(*) FROM pgagent.pga_joblog")
    assert installed.value("SELECT count(*) FROM pgagent.pga_skipped") == 3
    assert installed.value("SELECT string_agg(aglmessage, '' ORDER BY aglat) FROM pgagent.pga_agentlog WHERE aglmessage ~ '^.$'") == "210"
    status = json.loads(pgalmanac("status", "--json", "-d", installed.conninfo).stdout)["history"]
    left = installed.value("SELECT count(*) FROM pgagent.pga_joblog")
    assert (status["runs"], status["removed_runs"], status["removed_skipped"], status["removed_messages"]) == (
        left, before + 50 - left, 7, 3)
    assert status["jobs_to_prune"] is None
    assert "Kept for:" in pgalmanac("status", "-d", installed.conninfo).stdout


def test_off(history, states, keep, prune, installed):
    keep("off", "1")
    job = history("successes", "s" * 300)
    installed.execute("INSERT INTO pgagent.pga_agentlog (aglat, agllevel, aglmessage) VALUES ('2000-01-01', 'warning', 'old')")
    prune()
    assert states(job) == "s" * 300, "only a job that has its own age is cut"
    assert installed.value("SELECT count(*) FROM pgagent.pga_agentlog WHERE aglmessage = 'old'") == 1


def test_what_runs_and_what_is_locked(history, states, keep, prune, agent, jobs, installed):
    """None of these is waited for, and none goes."""
    keep("5 days", "1")
    held = HeldSql(installed)
    running = jobs.job("running", held.step)
    one = agent("-l", "2")
    jobs.run_now(running)
    jobs.wait_for_running(running, one)
    installed.execute("UPDATE pgagent.pga_joblog SET jlgstart = '2000-01-01'")
    long = history("took long", "s" * 10)
    installed.execute("UPDATE pgagent.pga_joblog SET jlgduration = '6 days' WHERE jlgjobid = %s", long)
    job = history("locked", "s" * 10)
    with installed.connect(autocommit=False) as person, person.cursor() as cursor:
        cursor.execute("SELECT FROM pgagent.pga_joblog WHERE jlgjobid = %s ORDER BY jlgid LIMIT 1 FOR KEY SHARE", [job])
        cursor.execute("SELECT FROM pgagent.pga_jobsteplog JOIN pgagent.pga_joblog ON jlgid = jsljlgid"
                       " WHERE jlgjobid = %s ORDER BY jslid OFFSET 1 LIMIT 1 FOR SHARE OF pga_jobsteplog", [job])
        prune()
        assert (states(running), states(long), states(job)) == ("r", "s" * 10, "s" * 6)
    prune()
    assert (states(running), states(long), states(job)) == ("r", "s" * 10, "s" * 4)
    held.release()
    assert jobs.wait_for_runs(running, agent=one)[0][0] == "s"


def test_a_large_history(history, agent, jobs, installed):
    """It goes in small pieces, and a job runs meanwhile."""
    job = history("large", "s")
    quick = jobs.job("quick", sql("SELECT 1"))
    installed.execute("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgstart, jlgduration)"
                      " SELECT %s, 's', now() - n * interval '1 h', '1 s' FROM generate_series(1, 50000) n", job)
    agents = [agent("-l", "2"), agent("-l", "2")]
    removed = "SELECT coalesce(sum(prnruns), 0) FROM pgagent.pga_pruned"
    wait_until(lambda: installed.value(removed) > 600, "it is being cut", agents[0])
    jobs.run_now(quick)
    assert jobs.wait_for_runs(quick, agent=agents[0])[0][0] == "s"
    left, gone, most = installed.query("SELECT (SELECT count(*) FROM pgagent.pga_joblog WHERE jlgjobid = %s), sum(prnruns), max(prnruns)"
                                       " FROM pgagent.pga_pruned", job)[0]
    assert left + gone == 50001, "two agents take turns"
    assert left > 3000 and most == 300


def test_it_is_refused(history, states, prune, agent, jobs, installed):
    """For one job, by somebody's trigger: said once, also without -l, and neither the others' history nor anything else is the
    worse for it."""
    first, held, later = (history(name, "s" * 40, jobkeep="1 h") for name in ("first", "held", "later"))
    installed.execute("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                      " $$ BEGIN RAISE EXCEPTION 'history is holy'; END $$;"
                      f"CREATE TRIGGER refuse BEFORE DELETE ON pgagent.pga_joblog FOR EACH ROW WHEN (OLD.jlgjobid = {held})"
                      " EXECUTE PROCEDURE refuse()")
    one = prune()
    assert [len(states(job)) for job in (first, held, later)] == [20, 40, 20]
    assert jobs.run(jobs.job("fine", sql("SELECT 1")), agent=one)[0] == "s"
    assert one.log().count("could not remove old history, will keep trying: history is holy") == 1, one.log()
    assert "old history can be removed again" not in one.log()
    wait_until(lambda: installed.value("SELECT count(*) FROM pgagent.pga_agentlog WHERE aglmessage LIKE '%%holy%%'") == 1,
               "it is in the table", one)


def test_a_clock_that_is_wrong_by_years(history, states, agent, directory, installed):
    """The server's or the agent's, nobody knows: nothing is removed until they agree."""
    clock = FakeTime(directory, "-3y")
    job = history("successes", "s" * 50, jobkeep="1 h")
    one = agent("-l", "1", "--lease", "3", environment=clock.environment)
    one.wait_for_log("this agent's clock is 1095d behind the database's")
    before = installed.value("SELECT jagrenewed FROM pgagent.pga_jobagent")
    wait_until(lambda: installed.value("SELECT jagrenewed > %s + interval '2.5 s' FROM pgagent.pga_jobagent", before),
               "the time at which it would begin has passed", one)
    assert len(states(job)) == 50
    clock.set("+0")
    wait_until(lambda: len(states(job)) == 20, "the history is cut", one)


@pytest.mark.mainly_sql
@pytest.mark.parametrize("name, given, kept", [
    ("retention", " 90 DAYS", "90 days"), ("retention", "6 months", "6 mons"), ("retention", "Off", "off"),
    ("retention", "1000 years", "1000 years"), ("retention", "90", None), ("retention", "", None), ("retention", None, None),
    ("retention", "-1 day", None), ("retention", "0 days", None), ("retention", "1001 years", None), ("retention", "for ever", None),
    ("retention_runs", " 007 ", "7"), ("retention_runs", "10000", "10000"), ("retention_runs", "10001", None),
    ("retention_runs", "0", None), ("retention_runs", "many", None), ("retention_runs", None, None)])
def test_the_settings(installed, name, given, kept):
    if kept is not None:
        installed.execute(SET, given, name)
        assert installed.value("SELECT setvalue FROM pgagent.pga_setting WHERE setname = %s", name) == kept
        installed.query("SELECT * FROM pgagent.pga_retention()")
    else:
        with pytest.raises(psycopg2.errors.InvalidParameterValue, match=f"the setting {name} must be "):
            installed.execute(SET, given, name)


@pytest.mark.mainly_sql
def test_without_the_settings(installed):
    policy = "SELECT keep, runs FROM pgagent.pga_retention()"
    assert installed.query(policy) == [(timedelta(days=90), 20)]
    installed.execute("DELETE FROM pgagent.pga_setting WHERE setname LIKE 'retention%%'")
    assert installed.query(policy) == [(None, 20)]

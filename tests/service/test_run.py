# SPDX-License-Identifier: PostgreSQL
"""A job runs: from the tables to the log rows."""
import os
import signal

import pytest

from harness.jobs import batch, sql
from harness.waiting import wait_until


@pytest.mark.core
def test_the_whole_line(jobs, agent, installed, cluster):
    """A job over two databases with a script in between, due by its schedule."""
    one = agent()
    job = jobs.job("nightly", sql("CREATE TABLE done AS SELECT 1"), batch("echo hello"),
                   sql("SELECT current_database()", dbname="postgres"))
    jobs.make_due(job, jobs.yearly(job))

    (status, trigger, reason, _), = jobs.wait_for_runs(job, agent=one)
    assert (status, trigger, reason) == ("s", "schedule", None)
    steps = jobs.steps_of(job)
    assert [step[:3] for step in steps] == [("s", 1, "SELECT 1"), ("s", 0, "hello"), ("s", 1, "SELECT 1")]
    assert installed.value("SELECT count(*) FROM done") == 1
    row, = installed.query("SELECT jobagentid, jobnextrun > now(), jobnextrun = jobplanned FROM pgagent.pga_job")
    assert row == (None, True, True)
    row, = installed.query("SELECT jlgagent, jlgslots, jlgjscid IS NOT NULL, jlgscheduled <= jlgstart, jlgby,"
                           " jlgduration IS NOT NULL, jlgepoch IS NOT NULL, jlgbatch IS NOT NULL FROM pgagent.pga_joblog")
    assert row == (one.name, 1, True, True, None, True, True, True)
    label = installed.value("SELECT jlglabel = to_char(jlgscheduled AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'"
                            " FROM pgagent.pga_joblog")
    assert label


def test_a_job_without_enabled_steps(jobs, agent):
    one = agent()
    job = jobs.job("empty", sql("SELECT 1", enabled=False))
    assert jobs.run(job, one) == ("i", "the job has no enabled steps", [])


def test_steps_run_in_the_order_of_their_names(jobs, agent):
    one = agent()
    job = jobs.job("ordered")
    for name in ("b", "10", "2", "a"):
        jobs.step(job, name, "s", "SELECT 1")
    assert [step[4] for step in jobs.run(job, one)[2]] == ["10", "2", "a", "b"]


@pytest.mark.parametrize("kind", [sql("SELECT 1/0"), batch("exit 3")])
def test_what_an_error_does(jobs, agent, kind):
    """f ends the job, s and i go on; the letter is the step's status."""
    one = agent()
    ignored = jobs.job("ignored", {**kind, "on_error": "i"}, {**kind, "on_error": "s"}, sql("SELECT 1"))
    status, reason, steps = jobs.run(ignored, one)
    assert (status, reason, [step[0] for step in steps]) == ("s", None, ["i", "s", "s"])
    failed = jobs.job("failed", sql("SELECT 1"), {**kind, "on_error": "f"}, sql("SELECT 1"))
    status, reason, steps = jobs.run(failed, one)
    assert (status, reason, [step[0] for step in steps]) == ("f", 'step "step 2" failed', ["s", "f"])


# Run now

@pytest.mark.core
def test_run_now_is_logged_as_manual_and_by_whom(jobs, agent, installed, cluster):
    one = agent()
    job = jobs.job("by hand", sql("SELECT 1"))
    installed.execute("CREATE ROLE dba LOGIN SUPERUSER")
    with installed.connect(user="dba") as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE pgagent.pga_job SET jobnextrun = now()::timestamptz WHERE jobid = %s", (job,))
    connection.close()
    jobs.wait_for_runs(job, agent=one)
    row, = installed.query("SELECT jlgstatus, jlgtrigger, jlgby, jlgscheduled FROM pgagent.pga_joblog")
    assert row == ("s", "manual", "dba", None)
    assert installed.value("SELECT count(*) FROM pgagent.pga_request") == 0
    installed.execute("DROP ROLE dba")


def test_run_now_on_a_disabled_job(jobs, agent, installed):
    one = agent()
    job = jobs.job("disabled", sql("SELECT 1"), enabled=False)
    jobs.yearly(job)
    assert jobs.run(job, one)[0] == "s"
    assert installed.query("SELECT jobnextrun, jobplanned, jobenabled FROM pgagent.pga_job") == [(None, None, False)]


def test_run_now_keeps_the_plan(jobs, agent, installed):
    one = agent()
    job = jobs.job("planned", sql("SELECT 1"))
    jobs.schedule(job, months=[2], monthdays=[28], hours=[3], minutes=[30])
    plan = installed.value("SELECT jobnextrun FROM pgagent.pga_job")
    assert jobs.run(job, one)[0] == "s"
    assert installed.query("SELECT jobnextrun, jobplanned FROM pgagent.pga_job") == [(plan, plan)]


def test_run_now_on_a_running_job_runs_it_once_more(jobs, agent, installed):
    """Several clicks while it runs are one run, right afterwards."""
    one = agent()
    job = jobs.job("busy", sql("SELECT pg_advisory_lock(1); SELECT pg_advisory_unlock(1)"))
    holder = installed.connect()
    holder.cursor().execute("SELECT pg_advisory_lock(1)")
    jobs.run_now(job)
    jobs.wait_for_running(job, one)
    for _ in range(3):
        jobs.run_now(job)
    assert len(jobs.runs(job)) == 1
    holder.close()
    jobs.wait_for_runs(job, 2, one)
    wait_until(lambda: installed.value("SELECT count(*) FROM pgagent.pga_request") == 0, "no wish is left", one)
    assert [run[:2] for run in jobs.runs(job)] == [("s", "manual"), ("s", "manual")]


def test_a_slot_and_a_wish_at_once_are_two_runs(jobs, agent, installed):
    job = jobs.job("both", sql("SELECT 1"))
    jobs.yearly(job)
    jobs.make_due(job)
    jobs.run_now(job)
    one = agent()
    jobs.wait_for_runs(job, 2, one)
    assert sorted(run[:2] for run in jobs.runs(job)) == [("s", "manual"), ("s", "schedule")]


# Slots

def test_a_slot_of_a_running_job_is_skipped(jobs, agent, installed):
    one = agent()
    job = jobs.job("long", sql("SELECT pg_advisory_lock(1); SELECT pg_advisory_unlock(1)"))
    jobs.yearly(job)
    holder = installed.connect()
    holder.cursor().execute("SELECT pg_advisory_lock(1)")
    jobs.make_due(job)
    jobs.wait_for_running(job, one)
    jobs.make_due(job)
    wait_until(lambda: installed.query("SELECT skpreason, skpslots, skpfrom = skpto, skpagent FROM pgagent.pga_skipped"),
               "the slot is skipped", one)
    assert installed.query("SELECT skpreason, skpagent FROM pgagent.pga_skipped") == [("busy", one.name)]
    installed.execute("UPDATE pgagent.pga_skipped SET skpfrom = now() + interval '1 s'")  # as if the run were long
    jobs.make_due(job)
    wait_until(lambda: installed.query("SELECT skpreason, skpslots FROM pgagent.pga_skipped") == [("busy", 2)],
               "the next slot is part of the same episode", one)
    holder.close()
    assert [run[:2] for run in jobs.wait_for_runs(job, agent=one)] == [("s", "schedule")]


def test_missed_slots_are_one_run(jobs, agent, installed):
    """Nobody was there for three hours: the newest slot runs and says how many it stands for."""
    job = jobs.job("hourly", sql("SELECT 1"))
    jobs.schedule(job, minutes=[0])
    installed.execute("SET pgalmanac.agent = 'on'")
    installed.execute("UPDATE pgagent.pga_job SET jobplanned = date_trunc('hour', now()) - interval '2 h',"
                      " jobnextrun = date_trunc('hour', now()) - interval '2 h',"
                      " joblastslot = date_trunc('hour', now()) - interval '3 h'")
    one = agent()
    assert [run[:2] for run in jobs.wait_for_runs(job, agent=one)] == [("s", "missed")]
    row, = installed.query("SELECT jlgslots, jlgscheduled = date_trunc('hour', jlgstart) FROM pgagent.pga_joblog")
    assert row == (3, True)
    row, = installed.query("SELECT skpreason, skpslots, skpto - skpfrom = interval '1 h' FROM pgagent.pga_skipped")
    assert row == ("missed", 2, True)


def test_what_sql_cannot_plan_is_planned_by_the_agent(jobs, agent, installed):
    one = agent()
    job = jobs.job("asked", sql("SELECT 1"))
    jobs.schedule(job, hours=[3], minutes=[30])
    plan = installed.value("SELECT jobplanned FROM pgagent.pga_job")
    installed.execute("SET pgalmanac.agent = 'on'")
    installed.execute("UPDATE pgagent.pga_job SET jobplanned = NULL, jobnextrun = NULL, jobreplan = true")
    installed.execute("NOTIFY pgalmanac")
    wait_until(lambda: not installed.value("SELECT jobreplan FROM pgagent.pga_job"), "it is planned", one)
    assert installed.query("SELECT jobplanned, jobnextrun FROM pgagent.pga_job") == [(plan, plan)]


def test_never_is_an_answer(jobs, agent, installed):
    one = agent()
    job = jobs.job("never", sql("SELECT 1"))
    jobs.schedule(job, months=[1], monthdays=[29])
    wait_until(lambda: not installed.value("SELECT jobreplan FROM pgagent.pga_job WHERE jobid = %s", job),
               "it is planned", one)
    assert installed.query("SELECT jobplanned, jobnextrun FROM pgagent.pga_job") == [(None, None)]


def test_a_changed_time_zone_replans_all(jobs, agent, installed):
    one = agent()
    job = jobs.job("local", sql("SELECT 1"))
    jobs.schedule(job, hours=[3], minutes=[30])
    installed.execute("UPDATE pgagent.pga_setting SET setvalue = 'Asia/Tokyo' WHERE setname = 'timezone'")
    wait_until(lambda: installed.value("SELECT to_char(jobnextrun AT TIME ZONE 'Asia/Tokyo', 'HH24:MI') = '03:30'"
                                       " AND NOT jobreplan FROM pgagent.pga_job"), "it is planned anew", one)


def test_a_zone_that_sql_misreads(jobs, agent, installed):
    """PostgreSQL takes MET for the abbreviation, which has no summer time; the agent takes it for the zone."""
    one = agent()
    job = jobs.job("summer", sql("SELECT 1"), jobtimezone="MET")
    jobs.schedule(job, months=[6], monthdays=[0], hours=[3], minutes=[30])
    plan = wait_until(lambda: installed.value("SELECT to_char(jobnextrun AT TIME ZONE 'UTC', 'MM-DD HH24:MI')"
                                              " FROM pgagent.pga_job"), "it is planned", one)
    assert plan == "07-01 01:30"


def test_a_slot_of_a_running_job_that_is_edited(jobs, agent, installed):
    """Even if the agent has no time to skip the slot before the edit, it does not vanish."""
    one = agent()
    job = jobs.job("long", sql("SELECT pg_advisory_lock(1); SELECT pg_advisory_unlock(1)"))
    jobs.yearly(job)
    holder = installed.connect()
    holder.cursor().execute("SELECT pg_advisory_lock(1)")
    jobs.run_now(job)
    jobs.wait_for_running(job, one)
    with installed.connect(autocommit=False) as connection, connection.cursor() as cursor:
        cursor.execute("SET LOCAL pgalmanac.agent = 'on'; UPDATE pgagent.pga_job SET jobplanned = date_trunc('minute', now());"
                       "SET LOCAL pgalmanac.agent = ''; UPDATE pgagent.pga_schedule SET jscmonths[2] = true")
    connection.close()
    assert installed.query("SELECT skpreason, skpslots FROM pgagent.pga_skipped") == [("busy", 1)]
    holder.close()
    jobs.wait_for_runs(job, agent=one)


def test_only_for_this_host(jobs, agent, installed):
    one = agent(name="here")
    mine = jobs.job("mine", sql("SELECT 1"), host="here")
    other = jobs.job("other", sql("SELECT 1"), host="elsewhere")
    jobs.run_now(other)
    assert jobs.run(mine, one)[0] == "s"
    assert jobs.runs(other) == []


def test_jobs_that_somebody_holds_do_not_stand_in_the_way(jobs, agent, installed):
    one = agent("--max-runs", "3", "-t", "600")
    held = [jobs.job(f"held {number}", sql("SELECT 1")) for number in range(3)]
    free = jobs.job("free", sql("SELECT 1"))
    with installed.connect(autocommit=False) as editor, editor.cursor() as cursor:
        cursor.execute("SELECT FROM pgagent.pga_job WHERE jobname LIKE 'held%' FOR NO KEY UPDATE")
        jobs_due = "INSERT INTO pgagent.pga_request (reqkind, reqjobid) VALUES ('run', %s)"
        installed.execute("SET pgalmanac.agent = 'on'")
        for job in [*held, free]:
            installed.execute(jobs_due, job)
        installed.execute("RESET pgalmanac.agent; NOTIFY pgalmanac")
        jobs.wait_for_runs(free, agent=one)
        assert [jobs.runs(job) for job in held] == [[], [], []]
    editor.close()
    for job in held:
        jobs.wait_for_runs(job, agent=one)


def test_an_agent_without_room_still_plans(jobs, agent, installed):
    one = agent("--max-runs", "1")
    busy = jobs.job("busy", sql("SELECT pg_advisory_lock(1); SELECT pg_advisory_unlock(1)"))
    holder = installed.connect()
    holder.cursor().execute("SELECT pg_advisory_lock(1)")
    jobs.run_now(busy)
    jobs.wait_for_running(busy, one)
    job = jobs.job("asked", sql("SELECT 1"), jobtimezone="MET")
    jobs.schedule(job, hours=[3], minutes=[30])
    wait_until(lambda: installed.value("SELECT jobnextrun FROM pgagent.pga_job WHERE jobid = %s", job), "it is planned", one)
    holder.close()
    jobs.wait_for_runs(busy, agent=one)


@pytest.mark.parametrize("column", ["jobtimeout", "jsttimeout"])
def test_a_limit_beyond_all_measure_harms_nobody(jobs, agent, installed, column):
    one = agent()
    job = jobs.job("patient", sql("SELECT 1"))
    table = {"jobtimeout": "pga_job", "jsttimeout": "pga_jobstep"}[column]
    installed.execute(f"UPDATE pgagent.{table} SET {column} = '170000000 years'")
    assert jobs.run(job, one)[0] == "s"


def test_wishes_that_are_due_in_a_moment(jobs, agent, installed):
    """Each of them wakes the agent, and none may fall between the question what is due and the one what comes next."""
    one = agent("-t", "600")
    job = jobs.job("often", sql("SELECT 1"))
    for number in range(1, 101):
        installed.execute("UPDATE pgagent.pga_job SET jobnextrun = clock_timestamp() + %s * interval '0.05 ms'", number)
        wait_until(lambda: not installed.query("SELECT FROM pgagent.pga_request"), f"wish {number} is taken", one)
    jobs.wait_until_settled(one)
    assert {run[:2] for run in jobs.runs(job)} == {("s", "manual")}


# What the agent has to say

def test_warnings_are_kept_in_a_table(jobs, agent, installed):
    one = agent()
    job = jobs.job("broken", sql("SELECT 1/0"))
    jobs.run(job, one)
    wait_until(lambda: installed.query("SELECT FROM pgagent.pga_agentlog"), "the message is there", one)
    assert installed.query("SELECT aglagent, agllevel, agljobid, aglmessage FROM pgagent.pga_agentlog") == [
        (one.name, "warning", job, 'run 1 of job "broken" ended with status f: step "step 1" failed')]


def test_the_kept_warnings_are_bounded(jobs, agent, installed):
    installed.execute("INSERT INTO pgagent.pga_agentlog (agllevel, aglmessage)"
                      " SELECT 'warning', 'old' FROM generate_series(1, 12000)")
    one = agent()
    wait_until(lambda: installed.value("SELECT count(*) FROM pgagent.pga_agentlog") <= 10000, "old ones are gone", one)


# Several agents

@pytest.mark.core
def test_exactly_one_agent_runs_each_slot(jobs, agent, installed):
    agents = [agent() for _ in range(3)]
    made = [jobs.job(f"job {number}", sql("SELECT 1")) for number in range(30)]
    for job in made:
        jobs.yearly(job)
    installed.execute("SET pgalmanac.agent = 'on'")
    installed.execute("UPDATE pgagent.pga_job SET jobplanned = now(), jobnextrun = now()")
    installed.execute("RESET pgalmanac.agent; NOTIFY pgalmanac")
    for job in made:
        assert [run[:2] for run in jobs.wait_for_runs(job, agent=agents[0])] == [("s", "schedule")]
    assert installed.value("SELECT count(*) FROM pgagent.pga_joblog") == 30


# Rows that vanish

@pytest.mark.parametrize("table, key", [("pga_job", "jobid"), ("pga_jobstep", "jstjobid"), ("pga_joblog", "jlgjobid"),
                                        ("pga_jobsteplog", "jsljlgid IN (SELECT jlgid FROM pgagent.pga_joblog) OR 0")])
def test_rows_that_vanish_while_they_run(jobs, agent, installed, table, key):
    one = agent()
    job = jobs.job("vanishing", sql("SELECT pg_advisory_lock(1); SELECT pg_advisory_unlock(1)"), sql("SELECT 1"))
    holder = installed.connect()
    holder.cursor().execute("SELECT pg_advisory_lock(1)")
    jobs.run_now(job)
    jobs.wait_for_running(job, one)
    installed.execute(f"DELETE FROM pgagent.{table} WHERE {key} = %s", job)
    holder.close()
    after = jobs.job("after", sql("SELECT 1"))
    assert jobs.run(after, one)[0] == "s"
    wait_until(lambda: not installed.value("SELECT count(*) FROM pgagent.pga_job WHERE jobagentid IS NOT NULL"),
               "no job is locked", one)
    wait_until(lambda: not installed.value("SELECT count(*) FROM pgagent.pga_joblog WHERE jlgstatus = 'r'"),
               "no run is open", one)


def test_a_server_that_falls_silent(jobs, agent, installed):
    """The backend of the control connection says nothing, as one behind a dead line: it is ended, and another one comes."""
    one = agent("--lease", "6")
    one.wait_for_log("works on")
    backend = installed.value("SELECT jagpid FROM pgagent.pga_jobagent")
    os.kill(backend, signal.SIGSTOP)
    try:
        one.wait_for_log("the server does not answer")
    finally:
        os.kill(backend, signal.SIGCONT)
    job = jobs.job("goes on", sql("SELECT 1"))
    assert jobs.run(job, one)[0] == "s"
    assert installed.value("SELECT count(*) FROM pgagent.pga_jobagent WHERE jagpid <> %s", backend) == 1
    assert installed.query("SELECT FROM pg_stat_activity WHERE pid = %s", backend) == []

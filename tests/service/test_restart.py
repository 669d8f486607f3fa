# SPDX-License-Identifier: PostgreSQL
"""Runs whose agent died: they are closed, each burial is written down, and those of jobs with jobrestart are run again."""
import pytest

from harness.holding import HeldSql
from harness.jobs import sql
from harness.waiting import wait_until

RUNS = ("SELECT jlgstatus, jlgtrigger, jlgattempt, jlgrepeats = lag(jlgid) OVER (ORDER BY jlgid), jlgscheduled IS NOT NULL"
        " FROM pgagent.pga_joblog WHERE jlgjobid = %s ORDER BY jlgid")
LOG = "SELECT agllevel, aglmessage FROM pgagent.pga_agentlog WHERE aglmessage LIKE %s ORDER BY aglid"


def give_to_the_dead(installed, job, attempts=1, **more):
    """As if an agent had died while it ran the job: its lease has ended long ago. Returns the run."""
    with installed.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET pgalmanac.agent = 'on'")
        cursor.execute(
            "INSERT INTO pgagent.pga_jobagent (jagpid, jagstation, jaguuid, jagname, jagepoch, jaglease)"
            " VALUES (4000000, 'far', md5('x')::uuid, 'victim', 0, now() - interval '1 h') ON CONFLICT DO NOTHING")
        cursor.execute("UPDATE pgagent.pga_job SET jobagentid = 4000000, joblastrun = now() WHERE jobid = %s", (job,))
        cursor.execute(
            "INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgepoch, jlgagent, jlgtrigger, jlgscheduled, jlgattempt)"
            " VALUES (%s, 'r', 0, 'victim', 'schedule', now(), %s) RETURNING jlgid", (job, attempts))
        run, = cursor.fetchone()
    connection.close()
    return run


@pytest.mark.core
@pytest.mark.parametrize("busy", ["skip", "parallel"])
def test_a_run_is_run_again(jobs, agent, installed, busy):
    """Once, with the next attempt's number, by one statement with the burial; the slot stays the first run's."""
    job = jobs.job("again", sql("SELECT 1"), jobrestart=True, jobbusy=busy, jobmaxruns=2)
    plain = jobs.job("plain", sql("SELECT 1"))
    for which in (job, plain):
        give_to_the_dead(installed, which)
    one = agent()
    jobs.wait_for_runs(job, 2, one)
    jobs.wait_until_settled(one)
    assert installed.query(RUNS, job) == [("d", "schedule", 1, None, True), ("s", "restart", 2, True, False)]
    assert installed.query(RUNS, plain) == [("d", "schedule", 1, None, True)]
    assert installed.query("SELECT because, asked_by FROM pgagent.pga_history WHERE result = 'succeeded'") == [("restart", None)]
    (level, message), = installed.query(LOG, "%victim%is dead%")
    assert level == "warning"
    assert message == ('agent "victim" on host "far" is dead: its lease ended; closed 2 runs as aborted, freed 2 jobs,'
                       ' asked for 1 of the runs again')
    assert message in one.log()


def test_two_runs_of_a_parallel_job(jobs, agent, installed):
    """Each of them is repeated."""
    job = jobs.job("again", sql("SELECT 1"), jobrestart=True, jobbusy="parallel", jobmaxruns=5)
    first = {give_to_the_dead(installed, job) for _ in range(3)}
    one = agent()
    jobs.wait_for_runs(job, 6, one)
    jobs.wait_until_settled(one)
    repeated = {row[0] for row in installed.query("SELECT jlgrepeats FROM pgagent.pga_joblog WHERE jlgstatus = 's'")}
    assert repeated == first and len(jobs.runs(job)) == 6


def test_a_job_that_kills_its_agent_each_time(jobs, agent, installed):
    """The third attempt was the last one, and that is said."""
    job = jobs.job("killer", sql("SELECT 1"), jobrestart=True)
    give_to_the_dead(installed, job, attempts=3)
    one = agent()
    jobs.wait_for_runs(job, 1, one)
    assert jobs.run(jobs.job("after", sql("SELECT 1")), one)[0] == "s"
    assert [run[0] for run in jobs.runs(job)] == ["d"]
    run = jobs.runs(job)[0][3]
    assert installed.query(LOG, "run %is not repeated%") == [
        ("error", f"run {run} is not repeated: it was attempt 3 of the job, and each time its agent died")]


@pytest.mark.parametrize("why", ["disabled", "disabled later", "cancelled", "asked for besides"])
def test_what_is_not_repeated(jobs, agent, installed, why):
    job = jobs.job("again", sql("SELECT 1"), jobrestart=True)
    run = give_to_the_dead(installed, job)
    if why == "disabled":
        installed.execute("UPDATE pgagent.pga_job SET jobenabled = false WHERE jobid = %s", job)
    elif why == "cancelled":
        installed.query("SELECT pgagent.cancel_run(%s)", run)
    elif why == "asked for besides":
        jobs.run_now(job)
    else:
        installed.query("SELECT pgagent.pause()")
    one = agent()
    jobs.wait_for_runs(job, 1, one)
    if why == "disabled later":
        assert installed.value("SELECT reqjlgid FROM pgagent.pga_request WHERE reqtrigger = 'restart'") == run
        assert f"to repeat run {run}, whose agent died" in installed.value("SELECT pgagent.why(%s)", str(job))
        installed.execute("UPDATE pgagent.pga_job SET jobenabled = false WHERE jobid = %s", job)
        installed.query("SELECT pgagent.resume()")
    assert jobs.run(jobs.job("after", sql("SELECT 1")), one)[0] == "s"
    jobs.wait_until_settled(one)
    if why == "asked for besides":  # one run answers both
        assert installed.query(RUNS, job)[1:] == [("s", "manual", 2, True, False)]
    else:
        assert installed.query(RUNS, job) == [("d", "schedule", 1, None, True)]
    assert installed.query("SELECT FROM pgagent.pga_request") == []


@pytest.mark.parametrize("register", ["a dead agent", "nobody"])
@pytest.mark.parametrize("table", ["pga_joblog", "pga_jobsteplog"])
def test_rows_that_somebody_has_locked(jobs, agent, installed, table, register):
    """Nobody waits for them: they follow when they are free, and the run is repeated once."""
    job, other = (jobs.job(name, sql("SELECT 1"), jobrestart=True) for name in ("again", "other"))
    run = give_to_the_dead(installed, job)
    give_to_the_dead(installed, other)
    installed.execute("INSERT INTO pgagent.pga_jobsteplog (jsljlgid, jsljstid, jslstatus)"
                      " SELECT %s, jstid, 'r' FROM pgagent.pga_jobstep WHERE jstjobid = %s", run, job)
    if register == "nobody":
        installed.execute_as_agent("DELETE FROM pgagent.pga_jobagent")
    somebody = installed.connect()
    somebody.autocommit = False
    with somebody.cursor() as cursor:
        cursor.execute(f"SELECT FROM pgagent.{table} WHERE {'jlgid' if table == 'pga_joblog' else 'jsljlgid'} = %s FOR UPDATE", (run,))
    one = agent("--lease", "3")
    jobs.wait_for_runs(other, 2, one)
    assert [row[0] for row in installed.query(RUNS, job)] == ["r"]
    somebody.rollback()
    somebody.close()
    jobs.wait_for_runs(job, 2, one)
    jobs.wait_until_settled(one)
    assert installed.query(RUNS, job) == [("d", "schedule", 1, None, True), ("s", "restart", 2, True, False)]
    assert "could not" not in one.log() and "lock" not in one.log().replace("has locked follow later", "")


@pytest.mark.core
def test_whose_row_is_deleted(jobs, agent, installed):
    """An agent that lives is fenced by that: its step ends, and another run begins."""
    one = agent("-t", "1", name="one")
    held = HeldSql(installed)
    job = jobs.job("held", held.step, jobrestart=True)
    jobs.run_now(job)
    jobs.wait_for_running(job, one)
    installed.execute("DELETE FROM pgagent.pga_jobagent")
    jobs.wait_for_runs(job, 1, one)
    held.release()
    jobs.wait_for_runs(job, 2, one)
    jobs.wait_until_settled(one)
    assert installed.query(RUNS, job) == [("d", "manual", 1, None, False), ("s", "restart", 2, True, False)]
    assert installed.query(LOG, "closed 1 runs%") == [
        ("warning", "closed 1 runs as aborted, whose agent is not registered any more (one); asked for 1 of them again")]


@pytest.mark.core
@pytest.mark.parametrize("heir", ["another that lives", "the same again"])
def test_whose_process_is_gone(jobs, agent, installed, heir):
    """On the same machine nobody waits for a lease to end, or for the server to have been up for a while."""
    one = agent("--lease", "3600", name="victim")
    two = agent(name="heir") if heir == "another that lives" else None
    job = jobs.job("long", sql("SELECT pg_sleep(300)"), host="victim")
    jobs.run_now(job)
    jobs.wait_for_running(job, one)
    one.kill()
    two = two or agent(name="victim")
    assert jobs.wait_for_runs(job, agent=two)[0][:3] == ("d", "manual", 'agent "victim" died while the job ran')
    (_, message), = installed.query(LOG, "%is dead%")
    assert "is dead: its process is gone; closed 1 runs as aborted, freed 1 jobs" in message
    jobs.wait_until_settled(two)


def test_what_a_dead_pgagent_left(jobs, agent, installed):
    job = jobs.job("left", sql("SELECT 1"), jobrestart=True)
    jobs.schedule(job, minutes=[7])
    installed.execute("INSERT INTO pgagent.pga_jobagent (jagpid, jagstation) VALUES (4000000, 'old')")
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobagentid = 4000000, joblastrun = now()")
    installed.execute("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus) VALUES (%s, 'r')", job)
    one = agent()
    jobs.wait_for_runs(job, 2, one)
    jobs.wait_until_settled(one)
    assert installed.query(RUNS, job) == [("d", None, 1, None, False), ("s", "restart", 2, True, False)]
    wait_until(lambda: installed.value("SELECT jobnextrun > now() AND jobnextrun = jobplanned FROM pgagent.pga_job"),
               "it is planned", one)
    assert installed.query(LOG, '%"old"%') == [
        ("warning", 'agent "old" on host "old" is dead: the server process behind this pgAgent is gone; closed 1 runs as'
                    ' aborted, freed 1 jobs, asked for 1 of the runs again')]

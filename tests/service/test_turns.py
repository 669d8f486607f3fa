# SPDX-License-Identifier: PostgreSQL
"""A real pgAgent and our agent in turns on our tables, the pgAgent as a role with rights on pgAgent's tables only."""
import pytest

from harness.holding import HeldBatch, HeldSql
from harness.jobs import batch, flags, sql
from harness.pgagent import PgAgent, needs_pgagent
from harness.waiting import wait_until
from test_pgadmin import GRANT

pytestmark = [pytest.mark.core, needs_pgagent]

JOB = "SELECT {} FROM pgagent.pga_job WHERE jobid = %s"
EPISODES = "SELECT skpjobid, skpreason, skpdetail FROM pgagent.pga_skipped"


@pytest.fixture
def pgagent(installed):
    """Starts pgAgents; the role may do what pgAgent's users are told to grant."""
    installed.execute(GRANT.format("old_agent"))
    started = []

    def start():
        started.append(PgAgent(installed, "old_agent"))
        return started[-1]

    yield start
    for old in started:
        if old.process.poll() is None:
            old.kill()
        print(f"--- log of {old.name} ---\n{old.log()}")
    installed.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'old_agent'")
    wait_until(lambda: not installed.value("SELECT count(*) FROM pg_stat_activity WHERE usename = 'old_agent'"), "they are gone")
    installed.execute("DROP OWNED BY old_agent; DROP ROLE old_agent")


def wait_until_free(installed, job, old):
    wait_until(lambda: installed.value(JOB.format("jobagentid IS NULL"), job), f"job {job} is let go", old)


def test_pgagent_runs_everything(jobs, installed, pgagent):
    """By schedule, on demand, SQL and batch; each run once, its close plans the job, nothing counts as skipped."""
    planned = jobs.job("planned", sql("SELECT 1"))
    jobs.schedule(planned, minutes=[7], hours=[3])
    script = jobs.job("batch", batch("echo hello"))
    failing = jobs.job("failing", sql("SELECT 1/0"))
    plan = installed.value(JOB.format("jobnextrun"), planned)
    jobs.make_due(planned)
    slot = installed.value(JOB.format("jobnextrun"), planned)
    old = pgagent()
    for job, status in ((planned, "s"), (script, "s"), (failing, "f")):
        if job != planned:
            jobs.run_now(job)
        assert [run[0] for run in jobs.wait_for_runs(job, agent=old)] == [status]
        wait_until_free(installed, job, old)
    assert "hello" in jobs.steps_of(script)[0][2] and "division by zero" in jobs.steps_of(failing)[0][2]
    assert installed.query(JOB.format("jobnextrun, jobplanned, jobreplan, joblastslot >= %s"), slot, planned) == [
        (plan, plan, False, True)]
    assert installed.query(EPISODES) == []
    assert installed.value("SELECT count(*) FROM pgagent.pga_request") == 0
    assert installed.query("SELECT count(*), count(jlgtrigger) FROM pgagent.pga_joblog") == [(3, 0)]


def test_after_a_pgagent_that_was_asked_to_end(jobs, agent, installed, pgagent):
    """SIGTERM ends it at once: the run stays open and its SQL goes on. Ours closes it, and runs the job at its next slot only."""
    job = jobs.job("long", sql("SELECT pg_sleep(300)"))
    jobs.schedule(job, minutes=[7], hours=[3])
    other = jobs.job("asked for", sql("SELECT 1"))
    plan = installed.value(JOB.format("jobnextrun"), job)
    old = pgagent()
    jobs.make_due(job)
    jobs.wait_for_running(job, old)
    old.terminate()
    jobs.run_now(other)
    assert [run[0] for run in jobs.runs(job)] == ["r"] and jobs.steps_of(job)[0][0] == "r"
    one = agent()
    assert jobs.wait_for_runs(job, agent=one)[0][0] == "d"
    assert jobs.wait_for_runs(other, agent=one)[0][0] == "s"
    jobs.wait_until_settled(one)
    assert jobs.steps_of(job)[0][0] == "d"
    wait_until(lambda: installed.query(JOB.format("jobnextrun, jobplanned"), job) == [(plan, plan)], "it is planned", one)
    assert len(jobs.runs(job)) == 1
    assert installed.query("SELECT jagname FROM pgagent.pga_jobagent") == [(one.name,)]


def test_pgagent_after_an_agent_that_was_killed(jobs, agent, installed, pgagent, directory):
    """Its start-up sweep takes ours for one of its own: the row goes, runs are closed, jobs are free and planned."""
    script = HeldBatch(directory)
    one = agent("--batch", "on", name="victim")
    made = [jobs.job("sql", sql("SELECT pg_sleep(300)")), jobs.job("batch", script.step)]
    for job in made:
        jobs.schedule(job, minutes=[7], hours=[3])
        jobs.run_now(job)
        jobs.wait_for_running(job, one)
    plan = installed.value(JOB.format("jobplanned"), made[0])
    one.kill()
    wait_until(lambda: not installed.value("SELECT count(*) FROM pg_stat_activity WHERE pid IN"
                                           " (SELECT jagpid FROM pgagent.pga_jobagent)"), "its connection is gone")
    old = pgagent()
    assert installed.query("SELECT jagname FROM pgagent.pga_jobagent") == [(None,)]
    for job in made:
        assert [run[0] for run in jobs.runs(job)] == ["d"] and jobs.steps_of(job)[0][0] == "d"
        assert installed.query(JOB.format("jobagentid, jobnextrun, jobplanned"), job) == [(None, plan, plan)]
    script.release()
    installed.execute("UPDATE pgagent.pga_jobstep SET jstcode = 'SELECT 1' WHERE jstkind = 's'")
    jobs.run_now(made[0])
    assert jobs.wait_for_runs(made[0], 2, old)[1][0] == "s"
    old.kill()
    two = agent(name="victim")
    assert jobs.run(made[0], two)[0] == "s"
    jobs.wait_until_settled(two)


def test_what_a_pgagent_did_not_run(jobs, agent, installed, pgagent):
    """Jobs for another host, jobs with rules, disabled jobs that were asked for: it leaves them, ours goes on with them."""
    elsewhere = jobs.job("elsewhere", sql("SELECT 1"), host="agent1")
    jobs.schedule(elsewhere, minutes=[7], hours=[3])
    ruled = jobs.job("ruled", sql("SELECT 1"))
    rule = jobs.rule(ruled, "cron", rultext="30 2 * * *")
    off = jobs.job("off", sql("SELECT 1"), enabled=False)
    mark = jobs.job("mark", sql("SELECT 1"))
    old = pgagent()
    for job in (elsewhere, off, mark):
        jobs.run_now(job)
    jobs.wait_for_runs(mark, agent=old)
    wait_until_free(installed, mark, old)
    assert jobs.runs(elsewhere) == jobs.runs(ruled) == jobs.runs(off) == []
    old.terminate()
    one = agent()
    for job in (elsewhere, off):
        assert jobs.wait_for_runs(job, agent=one)[0][0] == "s"
    wait_until(lambda: installed.value(JOB.format("jobnextrun > now() AND NOT jobreplan"), ruled), "the rule is planned", one)
    assert installed.value("SELECT rulproblem FROM pgagent.pga_rule WHERE rulid = %s", rule) is None
    jobs.wait_until_settled(one)


def test_its_closing_keeps_later_wishes(jobs, installed, pgagent):
    """A request for later is shown again as soon as the run has ended, and an edit meanwhile loses nothing."""
    held = HeldSql(installed)
    job = jobs.job("long", held.step)
    schedule = jobs.schedule(job, minutes=[7], hours=[3])
    old = pgagent()
    jobs.make_due(job)
    jobs.wait_for_running(job, old)
    installed.execute("INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqdue) VALUES ('run', %s, now() + interval '1 h')", job)
    installed.execute("UPDATE pgagent.pga_schedule SET jscminutes = %s WHERE jscid = %s", flags(60, [8]), schedule)
    held.release()
    assert jobs.wait_for_runs(job, agent=old)[0][0] == "s"
    wait_until_free(installed, job, old)
    wish = installed.value("SELECT reqdue FROM pgagent.pga_request")
    assert wish and installed.query(JOB.format("jobnextrun = %s, extract(minute FROM jobplanned)::int"), wish, job) == [(True, 8)]
    assert installed.query(EPISODES) == []


def test_runs_that_a_pgagent_only_pretended(jobs, agent, installed, pgagent):
    """The loser of a claim writes a run of status i. Nobody takes that for open, and the job goes on."""
    job = jobs.job("both", sql("SELECT 1"))
    several = [pgagent() for _ in range(3)]
    for _ in range(3):
        before = installed.value("SELECT count(*) FROM pgagent.pga_joblog WHERE jlgstatus = 's'")
        jobs.run_now(job)
        wait_until(lambda: installed.value("SELECT count(*) FROM pgagent.pga_joblog WHERE jlgstatus = 's'") > before, "it runs",
                   several[0])
        wait_until_free(installed, job, several[0])
    jobs.wait_until_settled(several[0])
    for old in several:
        old.kill()
    installed.execute("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus) VALUES (%s, 'i')", job)  # as they may have done
    one = agent()
    assert jobs.run(job, one)[0] == "s"
    jobs.wait_until_settled(one)
    assert installed.query("SELECT jlgstatus, count(*) FROM pgagent.pga_joblog WHERE jlgstatus <> 'i' GROUP BY 1") == [("s", 4)]
    assert installed.query("SELECT jagname FROM pgagent.pga_jobagent") == [(one.name,)]

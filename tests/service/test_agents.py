# SPDX-License-Identifier: PostgreSQL
"""The register of agents: who is alive, who buries the dead, and what becomes of what they had in hand."""
import signal
import socket
import subprocess
from contextlib import closing, contextmanager

import pytest

from harness import Database
from harness.holding import HeldBatch, HeldSql
from harness.jobs import Jobs, sql
from harness.pgagent import PgAgent, needs_pgagent
from harness.waiting import wait_until

CONTROL = "SELECT jagpid FROM pgagent.pga_jobagent WHERE jagname = %s"
EPOCH = "SELECT jagepoch FROM pgagent.pga_jobagent WHERE jagname = %s"


# The row

@pytest.mark.core
def test_the_row_in_the_register(agent, installed):
    one = agent(name="bob")
    row, = installed.query(
        "SELECT jagstation, jagname, jaguuid IS NOT NULL, jagversion, jagepoch > 0, jagbackendstart = backend_start,"
        " application_name, jaglease - jagrenewed = interval '30 s' AND jaglease > now()"
        " FROM pgagent.pga_jobagent JOIN pg_stat_activity ON pid = jagpid")
    version = subprocess.run([one.program, "--version"], capture_output=True, text=True, check=True,
                             timeout=60).stdout.split()[-1]
    assert row == (socket.gethostname(), "bob", True, version, True, True, "pgalmanac", True)
    lease = installed.value("SELECT jaglease FROM pgagent.pga_jobagent")
    wait_until(lambda: installed.value("SELECT jaglease FROM pgagent.pga_jobagent") > lease, "it is renewed", one)
    assert one.terminate() == 0
    assert installed.value("SELECT count(*) FROM pgagent.pga_jobagent") == 0


def test_a_number_that_another_agent_had(jobs, agent, installed):
    """After a restart in a container processes get the numbers of others. Nobody is taken for dead by that. On a busy
    machine thousands of numbers may be used up before it is back."""
    one = agent("-l", "2")
    held = HeldSql(installed)
    job = jobs.job("held", held.step)
    jobs.run_now(job)
    jobs.wait_for_running(job, one)
    epoch, pid = installed.value(EPOCH, one.name), installed.value(CONTROL, one.name)
    with closing(installed.connect()) as newest:
        after = newest.info.backend_pid
    installed.execute(
        "INSERT INTO pgagent.pga_jobagent (jagpid, jagstation, jaguuid, jagname, jagepoch, jaglease)"
        " SELECT n, 'elsewhere', md5('x')::uuid, 'other', 0, now() + interval '1 h' FROM generate_series(%s, %s) n WHERE n <> %s",
        after, after + 20000, pid)
    installed.query("SELECT pg_terminate_backend(%s)", pid)
    one.wait_for_log("the register still has another agent")
    assert installed.value(EPOCH, one.name) == epoch
    installed.execute("DELETE FROM pgagent.pga_jobagent WHERE jagname = 'other'")
    wait_until(lambda: installed.value(CONTROL, one.name) != pid, "it is back", one)
    held.release()
    assert jobs.wait_for_runs(job, agent=one)[0][0] == "s"
    assert installed.value(EPOCH, one.name) == epoch
    jobs.wait_until_settled(one)


# Death

@pytest.mark.core
@pytest.mark.parametrize("heir", ["the same again", "another that lives"])
def test_an_agent_that_is_killed(jobs, agent, installed, cluster, directory, heir):
    script = HeldBatch(directory)
    one = agent(name="victim")
    other = agent(name="heir") if heir == "another that lives" else None
    running = [jobs.job("sql", sql("SELECT pg_sleep(300)"), sql("SELECT 1"), host="victim"),
               jobs.job("batch", script.step, host="victim")]
    for job in running:
        jobs.run_now(job)
        jobs.wait_for_running(job, one)
    one.kill()
    two = other or agent(name="victim", ready=False)
    for job in running:
        status, _, reason, _ = jobs.wait_for_runs(job, agent=two)[0]
        assert (status, reason) == ("d", 'agent "victim" died while the job ran')
        assert [step[:1] for step in jobs.steps_of(job)] == [("d",)]
        assert "may have been committed" in jobs.steps_of(job)[0][2]
    jobs.wait_until_settled(two)
    script.release()
    installed.execute("UPDATE pgagent.pga_job SET jobhostagent = ''")
    assert jobs.run(jobs.job("after", sql("SELECT 1")), two)[0] == "s"
    assert installed.query("SELECT jagname FROM pgagent.pga_jobagent") == [(two.name,)]
    if cluster.version >= 14:  # client_connection_check_interval
        wait_until(lambda: not installed.value("SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                                               " AND query LIKE '%%pg_sleep(300)' AND state = 'active'"),
                   "the server has noticed", two)


def test_a_locked_job_of_a_dead_agent(jobs, agent, installed):
    """The others are freed at once, it is when the lock goes."""
    one = agent(name="victim")
    locked, free = (jobs.job(name, sql("SELECT pg_sleep(300)")) for name in ("locked", "free"))
    for job in (locked, free):
        jobs.run_now(job)
        jobs.wait_for_running(job, one)
    one.kill()
    user = installed.connect(autocommit=False)
    user.cursor().execute("SELECT FROM pgagent.pga_job WHERE jobid = %s FOR UPDATE", (locked,))
    two = agent(name="heir")
    assert jobs.wait_for_runs(free, agent=two)[0][0] == "d"
    assert jobs.runs(locked)[0][0] == "r"
    user.close()
    assert jobs.wait_for_runs(locked, agent=two)[0][0] == "d"
    jobs.wait_until_settled(two)
    assert installed.value("SELECT count(*) FROM pgagent.pga_jobagent") == 1


def test_nobody_is_buried_after_an_outage(agent, make_cluster):
    """The first one to come back does not take the others for dead, however long it took."""
    home = Database.create_installed(make_cluster().start())
    jobs = Jobs(home)
    # With this lease nobody is buried in the two minutes and a half after the server's start.
    agents = [agent("--lease", "300", name=name, database=home) for name in ("first", "second")]
    for one in agents:
        one.wait_for_log("works on")
    epochs = "SELECT jagname, jagepoch FROM pgagent.pga_jobagent ORDER BY 1"
    before = home.query(epochs)
    agents[1].signal(signal.SIGSTOP)  # it comes back later
    home.execute("UPDATE pgagent.pga_jobagent SET jagrenewed = now() - interval '6 min', jaglease = now() - interval '1 min'")
    home.close()
    home.cluster.restart("immediate")
    wait_until(lambda: agents[0].log().count("works on") == 2, "one is back", agents[0])
    assert jobs.run(jobs.job("first", sql("SELECT 1")), agents[0])[0] == "s"
    agents[1].signal(signal.SIGCONT)
    wait_until(lambda: agents[1].log().count("works on") == 2, "the other is back", agents[1])
    assert home.query(epochs) == before


@pytest.mark.core
def test_several_agents_whose_connections_die(jobs, agent, installed):
    """Each slot has exactly one run, and that ran once."""
    agents = [agent("--lease", "300") for _ in range(3)]  # none takes another for dead that comes back slowly
    installed.execute("CREATE TABLE done (job int)")
    made = [jobs.job(f"job {number}") for number in range(30)]
    for job in made:
        jobs.step(job, "one", "s", f"INSERT INTO done VALUES ({job})")
        jobs.yearly(job)
    for _ in range(5):
        installed.execute_as_agent("UPDATE pgagent.pga_job SET jobplanned = now(), jobnextrun = now()")
        installed.execute("NOTIFY pgalmanac")
        for number in range(6):
            installed.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pgalmanac'"
                            " AND datname = current_database() AND pid %% 3 = %s", number % 3)
        wait_until(lambda: not installed.value("SELECT count(*) FROM pgagent.pga_job WHERE jobnextrun <= now()"),
                   "all are taken", agents[0])
        jobs.wait_until_settled(agents[0])
    assert installed.query("SELECT jlgstatus, count(*), count(DISTINCT (jlgjobid, jlgscheduled)) FROM pgagent.pga_joblog"
                           " GROUP BY 1") == [("s", 150, 150)]
    assert installed.query("SELECT count(*) FROM done GROUP BY job HAVING count(*) <> 5") == []


# Fencing

@contextmanager
def declared_dead(one, how, installed):
    """Takes the lease of an agent away: its row is deleted, or it is stopped for longer than its lease."""
    if how == "deleted":
        installed.execute("DELETE FROM pgagent.pga_jobagent WHERE jagname = %s", one.name)
        yield
        return
    one.signal(signal.SIGSTOP)
    try:
        # The server must have been up for a while before anyone is buried; a stopped agent does not renew.
        installed.execute("UPDATE pgagent.pga_jobagent SET jaglease = now() - interval '1 s' WHERE jagname = %s", one.name)
        wait_until(lambda: installed.value(CONTROL, one.name) is None, "it is buried")
        yield
    finally:
        one.signal(signal.SIGCONT)


@pytest.mark.core
@pytest.mark.parametrize("how", ["deleted", "stopped"])
def test_an_agent_that_was_declared_dead(jobs, agent, installed, directory, how):
    """It stops what it runs, writes nothing of that, and begins anew."""
    script = HeldBatch(directory)
    one, other = agent(name="lazarus"), agent(name="witness")
    job = jobs.job("batch", script.step, host="lazarus")
    query = jobs.job("sql", sql("SELECT pg_sleep(300)"), host="lazarus")
    for which in (job, query):
        jobs.run_now(which)
        jobs.wait_for_running(which, one)
    wait_until(script.has_started, "the script runs", one)
    epoch = installed.value(EPOCH, one.name)
    with declared_dead(one, how, installed):
        for which in (job, query):
            assert jobs.wait_for_runs(which, agent=other)[0][0] == "d"
    wait_until(lambda: not script.is_alive(), "the script is ended", one)
    wait_until(lambda: (installed.value(EPOCH, one.name) or 0) > epoch, "a new epoch begins", one)
    assert [run[0] for run in jobs.runs(job)] == ["d"]
    assert [step[0] for step in jobs.steps_of(job)] == ["d"]
    jobs.wait_until_settled(one)
    assert one.log().count("was declared dead: stopping") == 1
    assert "connection lost" not in one.log()
    assert jobs.run(jobs.job("after", sql("SELECT 1"), host="lazarus"), one)[0] == "s"


def test_runs_of_nobody(jobs, agent, installed):
    """Their agent is not in the register at all."""
    job = jobs.job("orphan", sql("SELECT 1"))
    installed.execute("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgepoch) VALUES (%s, 'r', 0)", job)
    installed.execute("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus) VALUES (%s, 'r')", job)
    installed.execute("INSERT INTO pgagent.pga_jobsteplog (jsljlgid, jsljstid, jslstatus)"
                      " SELECT jlgid, jstid, 'r' FROM pgagent.pga_joblog, pgagent.pga_jobstep")
    one = agent()
    jobs.wait_for_runs(job, 2, one)
    assert [run[0] for run in jobs.runs(job)] == ["d", "d"]
    assert jobs.runs(job)[0][2] == "the agent that ran this job is not registered any more"
    assert all("may have been committed" in output for output, in installed.query("SELECT jsloutput FROM pgagent.pga_jobsteplog"))
    jobs.wait_until_settled(one)
    assert jobs.run(job, one)[0] == "s"


def test_the_last_run_of_a_job_is_nobodys(jobs, agent, installed):
    """The agent that has the job ended its own run of it before, and does not know that it could be free now."""
    one = agent()
    wait_until(lambda: installed.value("SELECT count(*) FROM pgagent.pga_jobagent"), "it is there", one)
    job = jobs.job("parallel", sql("SELECT 1"), jobbusy="parallel", jobmaxruns=2)
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobagentid = jagpid FROM pgagent.pga_jobagent")
    installed.execute("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgepoch) VALUES (%s, 'r', 0)", job)
    jobs.wait_for_runs(job, 1, one)
    jobs.wait_until_settled(one)


# pgAgent

def test_what_a_dead_pgagent_left(jobs, agent, installed):
    """A row without uuid whose backend is gone: its run is closed, the job is free and planned again."""
    job = jobs.job("left", sql("SELECT 1"))
    jobs.schedule(job, minutes=[7], hours=[3])
    installed.execute("INSERT INTO pgagent.pga_jobagent (jagpid, jagstation) VALUES (4000000, 'old')")
    installed.execute_as_agent(
        "UPDATE pgagent.pga_job SET jobagentid = 4000000, joblastrun = now(), jobnextrun = NULL,"
        " jobplanned = NULL")
    installed.execute("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus) VALUES (%s, 'r')", job)
    one = agent("-t", "1")
    status, _, reason, _ = jobs.wait_for_runs(job, agent=one)[0]
    assert (status, reason) == ("d", 'agent "old" died while the job ran')
    jobs.wait_until_settled(one)
    wait_until(lambda: installed.value("SELECT jobnextrun > now() AND jobnextrun = jobplanned FROM pgagent.pga_job"),
               "it is planned", one)
    assert installed.query("SELECT jagname FROM pgagent.pga_jobagent") == [(one.name,)]
    assert jobs.run(job, one)[0] == "s"


@needs_pgagent
@pytest.mark.core
def test_one_after_the_other_with_pgagent(jobs, agent, installed):
    """Stop the one, start the other, and back again."""
    job = jobs.job("both", sql("SELECT 1"))
    jobs.schedule(job, minutes=[7], hours=[3])
    long = jobs.job("long", sql("SELECT pg_sleep(300)"))
    plan = installed.value("SELECT jobnextrun FROM pgagent.pga_job WHERE jobid = %s", job)
    for round_number in (1, 3):
        old = PgAgent(installed)
        jobs.run_now(job)
        assert jobs.wait_for_runs(job, round_number)[-1][:2] == ("s", None)
        wait_until(lambda: installed.value("SELECT jobagentid IS NULL FROM pgagent.pga_job WHERE jobid = %s", job),
                   "pgAgent has let it go")
        jobs.run_now(long)
        jobs.wait_for_running(long)
        old.kill()
        one = agent(name=f"agent{round_number}")
        jobs.wait_for_runs(long, round_number // 2 + 1, one)
        assert jobs.runs(long)[-1][0] == "d"
        assert jobs.run(job, one)[0] == "s"
        jobs.wait_until_settled(one)
        assert installed.value("SELECT jobnextrun FROM pgagent.pga_job WHERE jobid = %s", job) >= plan
        assert one.terminate() == 0


def test_steps_whose_agent_ended_before_their_end_was_written(jobs, agent, installed):
    """The run is closed, by whoever came first; its step would seem to run for ever. An agent that is there may still write."""
    job = jobs.job("left", sql("SELECT 1"))
    installed.execute("INSERT INTO pgagent.pga_jobagent (jagpid, jagstation, jaguuid, jagepoch, jaglease, jagrenewed, jagbackendstart)"
                      " SELECT pid, 'else', gen_random_uuid(), 8, now() + interval '1 day', now(), backend_start"
                      " FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
    installed.execute("WITH run AS (INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgepoch)"
                      " VALUES (%s, 's', 7), (%s, 's', 8), (%s, 's', NULL) RETURNING jlgid, jlgjobid)"
                      " INSERT INTO pgagent.pga_jobsteplog (jsljlgid, jsljstid, jslstatus)"
                      " SELECT jlgid, jstid, 'r' FROM run JOIN pgagent.pga_jobstep ON jstjobid = jlgjobid ORDER BY jlgid", job, job, job)
    one = agent()
    wait_until(lambda: installed.value("SELECT string_agg(jslstatus, '' ORDER BY jslid) FROM pgagent.pga_jobsteplog") == "drr",
               "the step of the agent that is gone is closed", one)

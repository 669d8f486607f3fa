# SPDX-License-Identifier: PostgreSQL
"""What a dead agent's steps still do is ended, and nothing else."""
import signal
from contextlib import contextmanager

import pytest

from harness import Database
from harness.jobs import sql
from harness.waiting import wait_until

AT_WORK = ("SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state = 'active'"
           " AND query LIKE '%%pg_sleep(' || %s || ')%%'")


@contextmanager
def stopped(one):
    """Its connections stay open, as they do if the network fails: the servers cannot know."""
    one.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        one.signal(signal.SIGCONT)


# SQL steps

@pytest.mark.core
def test_processes_of_servers(jobs, agent, installed, make_cluster):
    """On its own server and on another one; those of the living agent stay."""
    second = Database.create(make_cluster().start(), "second")
    there = sql("SELECT pg_sleep(301)", dbname="", connstr=second.conninfo)
    one, other = agent("--lease", "3", name="lazarus"), agent("--lease", "3", name="witness")
    dead = [jobs.job("own", sql("SELECT pg_sleep(301)"), host="lazarus"), jobs.job("there", there, host="lazarus")]
    living = [jobs.job("own", sql("SELECT pg_sleep(302)"), host="witness"),
              jobs.job("there", dict(there, code="SELECT pg_sleep(302)"), host="witness")]
    for job in dead + living:
        jobs.run_now(job)
        jobs.wait_for_running(job, other)
    for database in (installed, second):
        wait_until(lambda: database.value(AT_WORK, 301) == database.value(AT_WORK, 302) == 1, "all are at work", other)
    with stopped(one):
        for job in dead:
            assert jobs.wait_for_runs(job, agent=other)[0][0] == "d"
        for database in (installed, second):
            wait_until(lambda: database.value(AT_WORK, 301) == 0, "it is ended", other)
        assert installed.value(AT_WORK, 302) == second.value(AT_WORK, 302) == 1
    message = installed.value("SELECT aglmessage FROM pgagent.pga_agentlog WHERE aglmessage LIKE '%%is dead%%'")
    assert "closed 2 runs as aborted, freed 2 jobs, ended 1 server processes of theirs" in message
    one.kill()
    for job in living:
        installed.query("SELECT pgagent.cancel_job(%s)", str(job))
    jobs.wait_until_settled(other)


def test_a_server_that_is_away(jobs, agent, installed, make_cluster):
    """Its process is named, and nothing waits for it."""
    second = Database.create(make_cluster().start(), "second")
    one, other = agent("--lease", "3", name="lazarus"), agent("--lease", "3", name="witness")
    job = jobs.job("there", sql("SELECT pg_sleep(301)", dbname="", connstr=second.conninfo), host="lazarus")
    jobs.run_now(job)
    jobs.wait_for_running(job, one)
    pid = installed.value("SELECT jslpid FROM pgagent.pga_jobsteplog")
    with stopped(one):
        second.close()
        second.cluster.stop("immediate")
        assert jobs.wait_for_runs(job, agent=other)[0][0] == "d"
        text = f"whose agent died, may still be at work in process {pid} of the server of database \"second\""
        wait_until(lambda: installed.value("SELECT count(*) FROM pgagent.pga_agentlog WHERE strpos(aglmessage, %s) > 0"
                                           " AND agljobid = %s", text, job), "it is in the table", other)
        assert jobs.run(jobs.job("after", sql("SELECT 1")), other)[0] == "s"
    one.kill()


def test_a_number_that_was_taken_again(jobs, agent, installed):
    """A process with the number of a dead agent's step, started at another time, is not its step's."""
    stranger = installed.connect()
    pid = stranger.get_backend_pid()
    job = jobs.job("old", sql("SELECT 1"))
    installed.execute("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgepoch) VALUES (%s, 'r', 0)", job)
    installed.execute("INSERT INTO pgagent.pga_jobsteplog (jsljlgid, jsljstid, jslstatus, jslpid, jslpidstart)"
                      " SELECT jlgid, jstid, 'r', %s, now() - interval '1 h' FROM pgagent.pga_joblog, pgagent.pga_jobstep", pid)
    one = agent()
    assert jobs.wait_for_runs(job, agent=one)[0][0] == "d"
    jobs.wait_until_settled(one)
    with stranger.cursor() as cursor:
        cursor.execute("SELECT 1")
    stranger.close()

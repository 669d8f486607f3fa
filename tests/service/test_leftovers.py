# SPDX-License-Identifier: PostgreSQL
"""What a dead agent's steps still do is ended, and nothing else."""
import glob
import os
import signal
import tempfile
from contextlib import contextmanager, suppress

import pytest

from harness import Database
from harness.holding import HeldBatch
from harness.jobs import batch, sql
from harness.users import give_away
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


# Scripts

DAEMON = """
(setsid sh -c "sleep 601; true" &)
(sh -c "(sleep 602; true) & exit" &)
setsid sh -c "env -u PGALMANAC_STEP sleep 603; true" &
pwd > {place}/folder
touch {place}/started
sleep 604
"""
PROBE = "PROBE=%s"


def processes_of(place):
    """Those whose environment has the probe, whatever became of their parents."""
    found = []
    for path in glob.glob("/proc/[0-9]*/environ"):
        with suppress(OSError), open(path, "rb") as file:
            if (PROBE % place).encode() in file.read().split(b"\0"):
                with open(path.replace("environ", "stat"), encoding="utf-8", errors="replace") as stat:
                    if stat.read().rsplit(")", 1)[1].split()[0] != "Z":
                        found.append(int(path.split("/")[2]))
    return found


@pytest.fixture
def place(directory):
    path = tempfile.mkdtemp(prefix="left-", dir=directory)
    give_away(path)
    yield path
    for pid in processes_of(path):
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def start_script(jobs, place, one):
    """A script that forks whatever it can; returns its job when all are there, and its folder."""
    job = jobs.job("script", batch(f"export {PROBE % place}\n" + DAEMON.format(place=place)), host=one.name)
    jobs.run_now(job)
    wait_until(lambda: os.path.exists(f"{place}/started") and len(processes_of(place)) >= 7, "they are all there", one)
    with open(f"{place}/folder", encoding="utf-8") as file:
        return job, file.read().strip()


def test_scripts_of_an_agent_that_was_killed(jobs, agent, installed, place, directory):
    """The next one on this host ends the whole tree, and nothing of another agent that lives."""
    own = {"TMPDIR": place}  # so that it is not the agent of another test that ends them
    one, other = agent(name="victim", environment=own), agent(name="neighbour", environment=own)
    held = HeldBatch(directory)
    living = jobs.job("living", held.step, host="neighbour")
    jobs.run_now(living)
    wait_until(held.has_started, "the neighbour's script runs", other)
    job, folder = start_script(jobs, place, one)
    other.signal(signal.SIGSTOP)  # it would notice at once
    one.kill()
    assert os.path.isdir(folder) and processes_of(place)
    two = agent(name="victim", environment=own)
    other.signal(signal.SIGCONT)
    wait_until(lambda: not processes_of(place), "all are ended", two)
    wait_until(lambda: not os.path.exists(folder), "the folder is gone", two)
    assert f'the script in "{folder}" ran: ended' in two.log()
    assert jobs.wait_for_runs(job, agent=two)[0][0] == "d"
    assert held.is_alive()
    held.release()
    assert jobs.wait_for_runs(living, agent=other)[0][0] == "s"
    jobs.wait_until_settled(two)


def test_scripts_that_are_cancelled(jobs, agent, installed, place):
    """A run that is stopped leaves none of their processes."""
    one = agent()
    job, folder = start_script(jobs, place, one)
    installed.query("SELECT pgagent.cancel_job(%s)", str(job))
    assert jobs.wait_for_runs(job, agent=one)[0][0] == "d"
    wait_until(lambda: not processes_of(place), "all are ended", one)
    wait_until(lambda: not os.path.exists(folder), "the folder is gone", one)


def test_what_a_script_left_on_purpose(jobs, agent, place):
    """It started a service and ended: that is no leftover, also when the agent is killed later."""
    one = agent(name="victim")
    job = jobs.job("starts a service", batch(f"export {PROBE % place}; setsid sleep 600 >/dev/null 2>&1 &"), host=one.name)
    assert jobs.run(job, one)[0] == "s"
    service = wait_until(lambda: processes_of(place), "it is there", one)
    one.kill()
    two = agent(name="victim")
    assert jobs.run(jobs.job("after", batch("true"), host="victim"), two)[0] == "s"
    assert processes_of(place) == service


def test_scripts_of_an_agent_that_does_not_come_back(jobs, agent, place):
    """Another one on this host that lives ends them when it buries it."""
    own = {"TMPDIR": place}
    one, other = agent(name="victim", environment=own), agent(name="heir", environment=own)
    job, folder = start_script(jobs, place, one)
    one.kill()
    assert jobs.wait_for_runs(job, agent=other)[0][0] == "d"
    wait_until(lambda: not processes_of(place), "all are ended", other)
    wait_until(lambda: not os.path.exists(folder), "the folder is gone", other)

# SPDX-License-Identifier: PostgreSQL
"""The statements by which an agent looks for what is due and takes or skips it, one by one."""
import pathlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from harness.waiting import wait_until

QUERIES = pathlib.Path(__file__).parents[2] / "sql" / "query"
pytestmark = pytest.mark.core

UUID = "6a1c1b52-3a0f-4f53-9d5b-0d8a4a3f7a11"
DUE = "EXECUTE jobs_due ('here', 'one', '{}', %s, '{}', 1)"
TAKE_WISH = ("EXECUTE claims_take (%s, 7, %s, %s, %s, '{t}', '{NULL}', '{NULL}', '{1}', '{NULL}', '{f}', '{NULL}', '{NULL}', '{NULL}',"
             " '{NULL}', %s, 'here', '{f}', '{NULL}', '{}', '{0}', '{NULL}', %s)")
SKIP_BUSY = ("EXECUTE claims_skip (%s, %s, %s, '{NULL}', %s, '{0}', '{NULL}', 'one', '{f}', '{t}', '{busy}', '{NULL}', '{NULL}', %s,"
             " '{}', %s, 7)")
SEEN = "SELECT ARRAY[jobnextrun], ARRAY[jobrevision], ARRAY[jobplanned] FROM pgagent.pga_job WHERE jobid = %s"
WAITS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


class ControlConnection:
    """An agent's, which never waits for a row that somebody has locked."""

    def __init__(self, database, pause_before=None):
        self.connection = database.connect()
        self.cursor = self.connection.cursor()
        self.cursor.execute("SET pgalmanac.agent = 'on'; SET lock_timeout = 1")
        self.cursor.execute("INSERT INTO pgagent.pga_jobagent (jagpid, jagstation, jaguuid, jagname, jagepoch, jaglease)"
                            " VALUES (pg_backend_pid(), 'here', %s, 'one', 7, now() + interval '30 s')", (UUID,))
        for name in ("jobs_due", "jobs_next", "claims_take", "claims_skip"):
            text = (QUERIES / f"{name}.sql").read_text(encoding="ascii")
            if name == "claims_take" and pause_before is not None:
                assert pause_before in text
                text = text.replace(pause_before, "AND pg_advisory_xact_lock(77) IS NOT NULL " + pause_before)
            self.cursor.execute(f"PREPARE {name} AS {text}")

    def ask(self, statement, *args):
        self.cursor.execute(statement, args)
        return self.cursor.fetchall()

    def see(self, job):
        return self.ask(SEEN, job)[0]

    def take_wish(self, job, seen):
        nextrun, revision, planned = seen
        return [row[1] for row in self.ask(TAKE_WISH, UUID, [job], nextrun, revision, UUID, planned)]

    def skip_busy(self, job, seen):
        nextrun, revision, planned = seen
        return [row[0] for row in self.ask(SKIP_BUSY, [job], nextrun, revision, planned, planned, UUID)]


@pytest.fixture(name="control")
def fixture_control(installed):
    made = ControlConnection(installed)
    yield made
    made.connection.close()


def plan(installed, job, since):
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobplanned = now() - %s::interval, jobnextrun = now() - %s::interval,"
                               " jobreplan = false WHERE jobid = %s", since, since, job)


def test_what_has_waited_longest_goes_first(installed, jobs, control):
    """Also the wish of a disabled job, which shows no next run, and one that the next run does not show."""
    old, late, disabled, unseen = jobs.job("old"), jobs.job("late"), jobs.job("disabled", enabled=False), jobs.job("unseen")
    for job, since in ((old, "4 h"), (late, "1 h"), (unseen, "-1 h")):
        plan(installed, job, since)
    for job, since in ((disabled, "3 h"), (unseen, "2 h")):
        installed.execute_as_agent("INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqdue)"
                                   " VALUES ('run', %s, now() - %s::interval)", job, since)
    assert [row[0] for row in control.ask(DUE, 10)] == [old, disabled, unseen, late]
    assert [row[0] for row in control.ask(DUE, 1)] == [old]


def test_a_slot_behind_a_wish_that_waits_is_the_next_thing(installed, jobs, control):
    """The job runs; at its slot it is to be replaced, or the slot is skipped."""
    job = jobs.job("busy", jobbusy="replace")
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobplanned = now() + interval '1 h', jobnextrun = now() - interval '1 h',"
                               " jobreplan = false, jobagentid = (SELECT jagpid FROM pgagent.pga_jobagent)")
    assert control.ask("EXECUTE jobs_next ('here', 'one')")[0][0] == installed.value(
        "SELECT jobplanned FROM pgagent.pga_job WHERE jobid = %s", job)


def test_a_wish_that_somebody_has_locked(installed, jobs, control):
    job = jobs.job("wished")
    installed.execute("SELECT pgagent.run_job(%s)", str(job))
    seen = control.see(job)
    with closing(installed.connect(autocommit=False)) as person:
        person.cursor().execute("SELECT FROM pgagent.pga_request FOR UPDATE")
        assert control.take_wish(job, seen) == []
        assert control.see(job) == seen
    assert installed.query("SELECT aglmessage FROM pgagent.pga_agentlog") == []
    assert control.take_wish(job, seen) == [job]


def test_a_skipped_slot_that_somebody_has_locked(installed, jobs, control):
    job = jobs.job("busy")
    run = "INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgstart, jlgepoch) VALUES (%s, 'r', now() - interval '1 h', 7)"
    installed.execute_as_agent(run, job)
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobagentid = (SELECT jagpid FROM pgagent.pga_jobagent)")
    plan(installed, job, "3 min")
    assert control.skip_busy(job, control.see(job)) == [job]
    plan(installed, job, "2 min")
    with closing(installed.connect(autocommit=False)) as person:
        person.cursor().execute("SELECT FROM pgagent.pga_skipped FOR UPDATE")
        assert control.skip_busy(job, control.see(job)) == [job]
    assert installed.query("SELECT skpslots FROM pgagent.pga_skipped") == [(1,), (1,)]


def test_no_more_runs_at_once_than_the_job_may_have(installed, jobs):
    """Another agent has taken a slot after the statement's look and before its lock; the wish shows the same next run."""
    job = jobs.job("parallel", jobbusy="parallel", jobmaxruns=1)
    plan(installed, job, "1 min")
    installed.execute_as_agent("INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqdue) VALUES ('run', %s, now() - interval '2 min')", job)
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobnextrun = now() - interval '2 min'")
    control = ControlConnection(installed, "AND j.jobid NOT IN (SELECT r.ruljobid FROM asking")
    seen = control.see(job)
    with closing(installed.connect()) as gate, ThreadPoolExecutor() as pool:
        gate.cursor().execute("SELECT pg_advisory_lock(77)")
        control.ask("SET lock_timeout = 0; SELECT 1")
        taking = pool.submit(control.take_wish, job, seen)
        wait_until(lambda: installed.value(WAITS), "it has looked")
        installed.execute_as_agent("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgepoch) VALUES (%s, 'r', 7)", job)
        installed.execute_as_agent("UPDATE pgagent.pga_job SET jobplanned = now() + interval '1 h', joblastrun = now(),"
                                   " jobagentid = (SELECT jagpid FROM pgagent.pga_jobagent)")
        gate.close()
        assert taking.result() == []
    control.connection.close()

# SPDX-License-Identifier: PostgreSQL
"""An agent has two connections: what one commits after the other's statement has begun, but before it locks its rows."""
import os
import threading
from contextlib import closing

import pytest

from harness.database import TOP
from harness.waiting import wait_until

pytestmark = pytest.mark.core

UUID = "6a1c1b52-3a0f-4f53-9d5b-0d8a4a3f7a11"
LOCK_OF_JOB = "WHERE j.jobid = $6::int4 FOR NO KEY UPDATE SKIP LOCKED"


def read_query(name):
    with open(os.path.join(TOP, "sql", "query", name + ".sql"), encoding="utf-8") as file:
        return file.read()


@pytest.fixture(name="reconnected")
def fixture_reconnected(installed):
    """An agent that has come back: two rows in the register, and the job still with the former one."""
    job = installed.value("INSERT INTO pgagent.pga_job (jobjclid, jobname) VALUES (1, 'held') RETURNING jobid")
    installed.execute_as_agent(
        "INSERT INTO pgagent.pga_jobagent (jagpid, jagstation, jaguuid, jagname, jagepoch, jaglease)"
        " SELECT pid, 'here', %s, 'one', 7, now() + interval '30 s' FROM (VALUES (1), (2)) AS r (pid)", UUID)
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobagentid = 1 WHERE jobid = %s", job)
    installed.execute_as_agent(
        "INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgepoch) VALUES (%s, 'r', 7)", job)
    return job


def test_a_run_is_closed_while_its_job_is_repointed(installed, reconnected):
    """The statement must not end with the run closed and the job still held: nobody would ever free it."""
    run = installed.value("SELECT jlgid FROM pgagent.pga_joblog WHERE jlgjobid = %s", reconnected)
    statement = read_query("runs_close")
    assert LOCK_OF_JOB in statement
    waiting = statement.replace(LOCK_OF_JOB, "WHERE j.jobid = $6::int4 AND pg_advisory_lock(1) IS NOT NULL"
                                             " FOR NO KEY UPDATE SKIP LOCKED")
    arguments = (run, 7, "s", 1000, None, reconnected)
    answers = []

    def close(connection, name):
        with connection.cursor() as cursor:
            cursor.execute(f"EXECUTE {name} (%s, %s, %s, %s, %s, %s)", arguments)
            answers.append(cursor.fetchall())

    with closing(installed.connect()) as log, closing(installed.connect()) as control:
        with log.cursor() as cursor:
            cursor.execute("SET pgalmanac.agent = 'on'")
            cursor.execute("PREPARE at_once AS " + statement)
            cursor.execute("PREPARE waiting AS " + waiting)
        with control.cursor() as cursor:
            cursor.execute("SET pgalmanac.agent = 'on'")
            cursor.execute("SELECT pg_advisory_lock(1)")
            thread = threading.Thread(target=close, args=(log, "waiting"))
            thread.start()
            wait_until(lambda: installed.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"),
                       "the statement is between its snapshot and its locks")
            cursor.execute("UPDATE pgagent.pga_job SET jobagentid = 2 WHERE jobid = %s", (reconnected,))
            cursor.execute("SELECT pg_advisory_unlock(1)")
        thread.join()
        if answers == [[]]:  # the agent sends it again
            close(log, "at_once")
    assert answers[-1] == [(True,)]
    assert installed.query("SELECT jobagentid FROM pgagent.pga_job") == [(None,)]
    assert installed.query("SELECT jlgstatus FROM pgagent.pga_joblog") == [("s",)]


@pytest.mark.parametrize("epoch", [None, 8], ids=["of a pgAgent", "of an agent"])
def test_a_run_is_closed_beside_one_that_nobody_carries_out(installed, reconnected, epoch):
    """Somebody has removed its agent from the register, and its run is not buried yet: it will not free the job."""
    run = installed.value("SELECT jlgid FROM pgagent.pga_joblog")
    installed.execute_as_agent("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgepoch) VALUES (%s, 'r', %s)", reconnected, epoch)
    with closing(installed.connect()) as log, log.cursor() as cursor:
        cursor.execute("SET pgalmanac.agent = 'on'")
        cursor.execute("PREPARE close AS " + read_query("runs_close"))
        cursor.execute("EXECUTE close (%s, 7, 's', 1000, NULL, %s)", (run, reconnected))
        cursor.execute("PREPARE bury AS " + read_query("agents_bury_orphans"))
        cursor.execute("EXECUTE bury ('one')")
    assert installed.query("SELECT jlgstatus FROM pgagent.pga_joblog ORDER BY jlgid") == [("s",), ("d",)]
    assert installed.query("SELECT jobagentid FROM pgagent.pga_job") == [(None,)]


def test_old_messages_that_somebody_has_locked(installed):
    """They go later."""
    installed.execute("INSERT INTO pgagent.pga_agentlog (agllevel, aglmessage) SELECT 'warning', '' FROM generate_series(1, 10002)")
    with closing(installed.connect(autocommit=False)) as person, closing(installed.connect()) as log, log.cursor() as cursor:
        person.cursor().execute("SELECT FROM pgagent.pga_agentlog ORDER BY aglid LIMIT 1 FOR UPDATE")
        cursor.execute("SET lock_timeout = 1")
        cursor.execute(read_query("agentlog_trim"))
        assert cursor.rowcount == 1
        person.rollback()
        cursor.execute(read_query("agentlog_trim"))
        assert cursor.rowcount == 1


def test_a_run_is_asked_for_while_its_job_is_claimed(installed):
    """The claim has not seen the request, which is due later: the job's next run does not show it. The look does."""
    job = installed.value("INSERT INTO pgagent.pga_job (jobjclid, jobname) VALUES (1, 'due') RETURNING jobid")
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobplanned = now(), jobnextrun = now(), jobreplan = false")
    statement = read_query("claims_take")
    before = "AND j.jobid NOT IN (SELECT r.ruljobid FROM asking"
    assert before in statement
    statement = statement.replace(before, "AND pg_advisory_lock(1) IS NOT NULL " + before)
    taken = []

    def take(cursor):
        cursor.execute("SELECT ARRAY[jobnextrun], ARRAY[jobrevision] FROM pgagent.pga_job")
        nextrun, revision = cursor.fetchone()
        cursor.execute("EXECUTE take (%s, 7, %s, %s, %s, '{f}', %s, '{slot}', '{1}', '{NULL}', '{f}', '{NULL}', '{NULL}', '{NULL}',"
                       " '{NULL}', %s, 'here', '{f}', '{NULL}', '{}', '{0}', '{NULL}', %s)",
                       (UUID, [job], nextrun, revision, nextrun, UUID, nextrun))
        taken.extend(cursor.fetchall())

    with closing(installed.connect()) as control, control.cursor() as cursor, closing(installed.connect()) as gate:
        cursor.execute("SET pgalmanac.agent = 'on'")
        installed.execute_as_agent("INSERT INTO pgagent.pga_jobagent (jagpid, jagstation, jaguuid, jagname, jagepoch) VALUES (%s, 'here', %s, 'one', 7)",
                                   control.get_backend_pid(), UUID)
        for name in ("take", "next", "due"):
            cursor.execute(f"PREPARE {name} AS " + (statement if name == "take" else read_query("jobs_" + name)))
        gate.cursor().execute("SELECT pg_advisory_lock(1)")
        thread = threading.Thread(target=take, args=(cursor,))
        thread.start()
        wait_until(lambda: installed.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"),
                   "the statement is between its snapshot and its locks")
        installed.execute("SELECT pgagent.run_job(%s, now() + interval '1 h')", str(job))
        gate.cursor().execute("SELECT pg_advisory_unlock(1)")
        thread.join()
        assert [row[1] for row in taken] == [job]
        assert installed.query("SELECT jobnextrun FROM pgagent.pga_job") == [(None,)]
        cursor.execute("EXECUTE next ('here', 'one')")
        assert cursor.fetchone()[0] == installed.value("SELECT reqdue FROM pgagent.pga_request")
        cursor.execute("UPDATE pgagent.pga_request SET reqdue = now()")
        cursor.execute("UPDATE pgagent.pga_job SET jobagentid = NULL")
        cursor.execute("EXECUTE due ('here', 'one', '{}', 10, '{}', 10)")
        assert [row[0] for row in cursor.fetchall()] == [job]


def test_a_pause_begins_before_slots_are_skipped(installed):
    """What is due then runs after the pause."""
    job = installed.value("INSERT INTO pgagent.pga_job (jobjclid, jobname) VALUES (1, 'due') RETURNING jobid")
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobplanned = now(), jobnextrun = now(), jobreplan = false")
    with closing(installed.connect()) as control, control.cursor() as cursor:
        cursor.execute("SET pgalmanac.agent = 'on'")
        cursor.execute("INSERT INTO pgagent.pga_jobagent (jagpid, jagstation, jaguuid, jagname, jagepoch, jaglease)"
                       " VALUES (pg_backend_pid(), 'here', %s, 'one', 7, now() + interval '30 s')", (UUID,))
        cursor.execute("PREPARE skip AS " + read_query("claims_skip"))
        for pause, rows in (("SELECT pgagent.pause()", 0), ("SELECT pgagent.resume()", 1)):
            installed.execute(pause)
            cursor.execute("SELECT ARRAY[jobnextrun], ARRAY[jobrevision] FROM pgagent.pga_job")
            nextrun, revision = cursor.fetchone()
            cursor.execute("EXECUTE skip (%s, %s, %s, '{NULL}', %s, '{0}', '{NULL}', 'one', '{f}', '{f}', '{late}', '{NULL}', '{NULL}', %s, '{}', %s, 7)",
                           ([job], nextrun, revision, nextrun, nextrun, UUID))
            assert len(cursor.fetchall()) == rows


@pytest.mark.parametrize("name, more", [("runs_note_pid", "1, now(), "), ("runs_note_waiting", "'x', "),
                                        ("runs_close_step", "'s', 0, 0, '', NULL, ")])
def test_a_write_waits_for_nobody_who_holds_its_row(installed, reconnected, name, more):
    """Whoever deletes the job has the rows of its steps, and waits for those of its runs: the writer may hold one of them."""
    step = installed.value("INSERT INTO pgagent.pga_jobstep (jstjobid, jstname, jstkind, jstcode, jstdbname) VALUES (%s, 's', 's', '', 'x')"
                           " RETURNING jstid", reconnected)
    row = installed.value("INSERT INTO pgagent.pga_jobsteplog (jsljlgid, jsljstid, jslstatus)"
                          " SELECT jlgid, %s, 'r' FROM pgagent.pga_joblog RETURNING jslid", step)
    run = installed.value("SELECT jlgid FROM pgagent.pga_joblog")
    untouched = installed.query("SELECT s::text FROM pgagent.pga_jobsteplog s")
    with closing(installed.connect(autocommit=False)) as person, closing(installed.connect()) as log:
        person.cursor().execute("SELECT FROM pgagent.pga_jobsteplog FOR UPDATE")
        with log.cursor() as cursor:
            cursor.execute("SET pgalmanac.agent = 'on'; SET lock_timeout = 1")
            cursor.execute(f"PREPARE write AS {read_query(name)}")
            cursor.execute(f"EXECUTE write ({row}, {more} {run}, 7)")
            person.rollback()
            for other in (f"{run + 1}, 7", f"{run}, 8"):  # of its number only
                cursor.execute(f"EXECUTE write ({row}, {more} {other})")
            assert installed.query("SELECT s::text FROM pgagent.pga_jobsteplog s") == untouched
            cursor.execute(f"EXECUTE write ({row}, {more} {run}, 7)")
    assert installed.value("SELECT jslpid IS NOT NULL OR jslwaiting IS NOT NULL OR jslstatus = 's' FROM pgagent.pga_jobsteplog")


def test_ends_of_steps_that_were_given_up(installed, reconnected):
    """Too much waited to be written. Only where the run is over, and was this epoch's; what somebody holds is closed later."""
    step = installed.value("INSERT INTO pgagent.pga_jobstep (jstjobid, jstname, jstkind, jstcode, jstdbname) VALUES (%s, 's', 's', '', 'x')"
                           " RETURNING jstid", reconnected)
    installed.execute("DELETE FROM pgagent.pga_joblog")
    installed.execute("WITH run AS (INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgepoch) VALUES (%s, 's', 7), (%s, 's', 7),"
                      " (%s, 'r', 7), (%s, 's', 8) RETURNING jlgid, jlgstatus)"
                      " INSERT INTO pgagent.pga_jobsteplog (jsljlgid, jsljstid, jslstatus) SELECT jlgid, %s, 'r' FROM run ORDER BY jlgid",
                      *[reconnected] * 4, step)
    left = "SELECT string_agg(jslstatus, '' ORDER BY jslid) FROM pgagent.pga_jobsteplog"
    with closing(installed.connect(autocommit=False)) as person, closing(installed.connect()) as log:
        person.cursor().execute("SELECT FROM pgagent.pga_jobsteplog ORDER BY jslid LIMIT 1 FOR UPDATE")
        with log.cursor() as cursor:
            cursor.execute(f"PREPARE write AS {read_query('runs_close_given_up')}")
            cursor.execute("EXECUTE write (7)")
            assert cursor.fetchall() == [] and installed.value(left) == "rdrr"
            person.rollback()
            cursor.execute("EXECUTE write (7)")
            assert cursor.fetchall() == [(True,)] and installed.value(left) == "ddrr"
            cursor.execute("EXECUTE write (7)")
            assert cursor.fetchall() == [(True,)]


def test_an_agent_that_came_back_is_not_buried_by_its_former_row(installed, reconnected):
    """It was found dead; then it came back, but somebody had its job locked, so that its former row is still there."""
    installed.execute("UPDATE pgagent.pga_jobagent SET jagrenewed = now() - interval '40 s', jaglease = now() - interval '10 s' WHERE jagpid = 1")
    with closing(installed.connect()) as other, other.cursor() as cursor:
        cursor.execute("SET pgalmanac.agent = 'on'")
        cursor.execute("PREPARE bury AS " + read_query("agents_bury"))
        cursor.execute("EXECUTE bury (1, 7, 'other', false)")
        assert cursor.fetchall() == []
        assert installed.query("SELECT jlgstatus, jobagentid FROM pgagent.pga_joblog, pgagent.pga_job") == [("r", 1)]
        installed.execute("DELETE FROM pgagent.pga_jobagent WHERE jagpid = 2")
        cursor.execute("EXECUTE bury (1, 7, 'other', false)")
    assert installed.query("SELECT jlgstatus, jobagentid FROM pgagent.pga_joblog, pgagent.pga_job") == [("d", None)]

# SPDX-License-Identifier: PostgreSQL
"""What an agent may do without a renewed lease: no step starts, those that run end in time, and a dead one writes nothing."""
import os
import signal
import socket
import struct
import threading
from contextlib import closing, contextmanager

import pytest

from harness.database import TOP
from harness.holding import HeldBatch
from harness.jobs import sql
from harness.waiting import wait_until

LEASE = ("--lease", "3")
OUT_OF_LEASE = "the agent could not renew its lease"
EPOCH = "SELECT jagepoch FROM pgagent.pga_jobagent WHERE jagname = %s"


def read_query(name):
    with open(os.path.join(TOP, "sql", "query", name + ".sql"), encoding="utf-8") as file:
        return file.read()


@contextmanager
def stopped(one):
    one.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        one.signal(signal.SIGCONT)


def lease_ends(database, one, limit="jaglease"):
    epoch = database.value(EPOCH, one.name)
    wait_until(lambda: not database.value(f"SELECT count(*) FROM pgagent.pga_jobagent WHERE jagepoch = %s AND {limit} > now()",
                                          epoch), "the lease has ended", one)


def log_backend(database, one):
    """The server process of its log connection."""
    one.wait_for_log("works on")
    return database.value("SELECT pid FROM pg_stat_activity WHERE application_name = 'pgalmanac'"
                          " AND datname = current_database() AND pid NOT IN (SELECT jagpid FROM pgagent.pga_jobagent)")


@pytest.mark.core
def test_a_step_that_ended_while_its_agent_was_stopped(jobs, agent, installed, directory):
    """The next one does not start, whatever the agent finds first when it goes on; it was declared dead."""
    script = HeldBatch(directory)
    installed.execute("CREATE TABLE done (what text)")
    one, other = agent(*LEASE, name="sleeper"), agent(*LEASE, name="witness")
    job = jobs.job("two steps", script.step, sql("INSERT INTO done VALUES ('next')", dbname=installed.name), host="sleeper")
    jobs.run_now(job)
    jobs.wait_for_running(job, one)
    wait_until(script.has_started, "the script runs", one)
    epoch = installed.value(EPOCH, one.name)
    with stopped(one):
        assert jobs.wait_for_runs(job, agent=other)[0][0] == "d"
        script.release()
        wait_until(lambda: not script.is_alive() or is_zombie(script), "the script has ended", other)
    one.wait_for_log("was declared dead")
    wait_until(lambda: (installed.value(EPOCH, one.name) or 0) > epoch, "a new epoch begins", one)
    assert [run[:1] + run[2:3] for run in jobs.runs(job)] == [("d", 'agent "sleeper" died while the job ran')]
    assert installed.value("SELECT count(*) FROM done") == 0
    assert len(jobs.steps_of(job)) == 1
    jobs.wait_until_settled(one)
    assert jobs.run(jobs.job("after", sql("SELECT 1"), host="sleeper"), one)[0] == "s"


def is_zombie(script):
    with open(os.path.join(script.directory, "started"), encoding="ascii") as file:
        pid = file.read().strip()
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return ") Z " in file.read()
    except FileNotFoundError:
        return True


def test_an_agent_that_was_stopped_and_is_alone(jobs, agent, installed, directory):
    """Nobody has taken its jobs, but it cannot know that: it ends its steps, says so, and goes on in its epoch."""
    script = HeldBatch(directory)
    one = agent(*LEASE)
    job = jobs.job("long", script.step, sql("SELECT 1"))
    jobs.run_now(job)
    jobs.wait_for_running(job, one)
    wait_until(script.has_started, "the script runs", one)
    epoch = installed.value(EPOCH, one.name)
    with stopped(one):
        lease_ends(installed, one)
    status, _, reason, _ = jobs.wait_for_runs(job, agent=one)[0]
    assert status == "d" and OUT_OF_LEASE in reason
    assert [step[0] for step in jobs.steps_of(job)] == ["d"]
    assert not script.is_alive()
    jobs.wait_until_settled(one)
    assert installed.value(EPOCH, one.name) == epoch
    assert jobs.run(jobs.job("after", sql("SELECT 1")), one)[0] == "s"


@pytest.mark.core
def test_a_lease_that_cannot_be_renewed(jobs, agent, installed, directory):
    """Somebody has the agent's row locked: what runs is ended before the lease is, what is due waits and is not failed."""
    script = HeldBatch(directory)
    one = agent(*LEASE)
    running, due = jobs.job("running", script.step), jobs.job("due", sql("SELECT 1"))
    jobs.run_now(running)
    jobs.wait_for_running(running, one)
    wait_until(script.has_started, "the script runs", one)
    epoch = installed.value(EPOCH, one.name)
    with closing(installed.connect(autocommit=False)) as user:
        user.cursor().execute("SELECT FROM pgagent.pga_jobagent FOR UPDATE")
        wait_until(lambda: not script.is_alive(), "the script is ended", one)
        one.wait_for_log("could not renew its lease in time")
        jobs.run_now(due)
        lease_ends(installed, one)
        assert jobs.runs(due) == []
        assert jobs.runs(running)[0][0] == "r"
    status, _, reason, _ = jobs.wait_for_runs(running, agent=one)[0]
    assert status == "d" and OUT_OF_LEASE in reason
    assert jobs.wait_for_runs(due, agent=one)[0][0] == "s"
    jobs.wait_until_settled(one)
    assert installed.value(EPOCH, one.name) == epoch


def test_a_step_between_two_leases(jobs, agent, installed, directory):
    """A run that is between two steps when its agent is stopped past its lease waits, and then goes on."""
    one = agent(*LEASE)
    pid = log_backend(installed, one)
    script = HeldBatch(directory)
    job = jobs.job("two steps", script.step, sql("SELECT 1"))
    jobs.run_now(job)
    wait_until(script.has_started, "the script runs", one)
    with closing(installed.connect(autocommit=False)) as user:
        os.kill(pid, signal.SIGSTOP)  # the next step's row is on its way
        try:
            script.release()
            wait_until(lambda: not script.is_alive(), "the script has ended", one)
            user.cursor().execute("SELECT FROM pgagent.pga_jobagent FOR UPDATE")
            one.wait_for_log("could not renew its lease in time")
        finally:
            os.kill(pid, signal.SIGCONT)
    assert jobs.wait_for_runs(job, agent=one)[0][0] == "s"
    assert [step[0] for step in jobs.steps_of(job)] == ["s", "s"]
    jobs.wait_until_settled(one)


def test_a_log_connection_that_falls_silent(jobs, agent, installed):
    """Another one takes its place when its server process has ended, and everything is written once."""
    one = agent(*LEASE, "-l", "1")
    pid = log_backend(installed, one)
    job = jobs.job("one", sql("SELECT 1"), sql("SELECT 2"))
    failing = jobs.job("failing", sql("SELECT 1 / 0"))
    os.kill(pid, signal.SIGSTOP)
    try:
        for which in (job, failing):
            jobs.run_now(which)
        one.wait_for_log("log connection lost, will keep trying: the server does not answer")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert jobs.wait_for_runs(job, agent=one)[0][0] == "s"
    assert [step[0] for step in jobs.steps_of(job)] == ["s", "s"]
    assert jobs.wait_for_runs(failing, agent=one)[0][0] == "f"
    jobs.wait_until_settled(one)
    assert installed.value("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", pid) == 0
    wait_until(lambda: installed.value("SELECT count(*) FROM pgagent.pga_agentlog WHERE agljobid = %s", failing), "it is said", one)
    assert installed.value("SELECT count(*) FROM pgagent.pga_agentlog WHERE agljobid = %s", failing) == 1


@pytest.mark.parametrize("which", ["control", "log"])
def test_a_server_process_that_does_not_end(jobs, agent, installed, which):
    """It hears nothing, as one that hangs on a disk. What was sent to it may be done at any time: a new epoch goes on."""
    one = agent(*LEASE)
    backend = log_backend(installed, one)
    if which == "control":
        backend = installed.value("SELECT jagpid FROM pgagent.pga_jobagent")
    epoch = installed.value(EPOCH, one.name)
    os.kill(backend, signal.SIGSTOP)
    try:
        one.wait_for_log("has a former session that the server does not end")
        assert jobs.run(jobs.job("goes on", sql("SELECT 1")), one)[0] == "s"
        assert installed.value("SELECT max(jagepoch) FROM pgagent.pga_jobagent") > epoch
    finally:
        os.kill(backend, signal.SIGCONT)


def test_a_server_that_lets_the_agent_in_and_says_no_more(jobs, agent, installed, directory):
    """Another one is tried in time."""
    def message(kind, body):
        return kind + struct.pack("!i", len(body) + 4) + body

    def let_in():
        while True:
            client = server.accept()[0]
            client.recv(10000)
            client.sendall(message(b"R", struct.pack("!i", 0)) + message(b"S", b"server_version\x0015.0\0")
                           + message(b"S", b"in_hot_standby\0off\0") + message(b"S", b"default_transaction_read_only\0off\0")
                           + message(b"K", struct.pack("!ii", 7, 7)) + message(b"Z", b"I"))
            silent.append(client)

    silent, cluster = [], installed.cluster
    with closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(os.path.join(directory, f".s.PGSQL.{cluster.port}"))
        os.chmod(server.getsockname(), 0o777)
        server.listen()
        threading.Thread(target=let_in, daemon=True).start()
        one = agent("--connect-timeout", "1", conninfo=f"host={directory},{cluster.host} port={cluster.port} user=postgres dbname={installed.name}")
        assert jobs.run(jobs.job("one", sql("SELECT 1", connstr=installed.conninfo)), one)[0] == "s"
    assert silent
    assert "the server does not answer" in one.log()


@pytest.mark.core
def test_the_fence(installed):
    """A write whose answer was lost is sent again and changes nothing; one of an agent that was declared dead is refused."""
    uuid = "6a1c1b52-3a0f-4f53-9d5b-0d8a4a3f7a11"
    installed.execute_as_agent(
        "INSERT INTO pgagent.pga_jobagent (jagpid, jaguuid, jagname, jagepoch, jaglease, jagstation, jagrenewed)"
        " VALUES (1, %s, 'one', 7, now() + interval '30 s', 'here', now())", uuid)
    job = installed.value("INSERT INTO pgagent.pga_job (jobjclid, jobname) VALUES (1, 'held') RETURNING jobid")
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobagentid = 1 WHERE jobid = %s", job)
    run = installed.value("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgepoch) VALUES (%s, 'r', 7) RETURNING jlgid", job)

    with closing(installed.connect(autocommit=False)) as connection, connection.cursor() as cursor:
        cursor.execute("PREPARE fence AS " + read_query("writer_fence"))
        cursor.execute("PREPARE close AS " + read_query("runs_close"))
        cursor.execute("PREPARE say AS " + read_query("agentlog_write"))
        connection.commit()

        def write(status):
            cursor.execute("EXECUTE fence (%s, 7)", (uuid,))
            cursor.execute("EXECUTE close (%s, 7, %s, 1000, NULL, %s)", (run, status, job))
            cursor.execute("EXECUTE say ('one', 'warning', NULL, 'hello', %s)", (uuid,))
            connection.commit()

        write("s")
        write("f")
        assert installed.query("SELECT jlgstatus FROM pgagent.pga_joblog") == [("s",)]
        assert installed.value("SELECT count(*) FROM pgagent.pga_agentlog") == 1

        with closing(installed.connect(autocommit=False)) as user:
            user.cursor().execute("SELECT FROM pgagent.pga_jobagent FOR UPDATE")
            assert refusal(connection, write) == "55P03"
        installed.execute("UPDATE pgagent.pga_jobagent SET jagdead = now()")
        assert refusal(connection, write) == "PGA01"
        installed.execute("DELETE FROM pgagent.pga_jobagent")
        assert refusal(connection, write) == "PGA01"


def refusal(connection, write):
    with pytest.raises(connection.Error) as error:
        write("d")
    connection.rollback()
    return error.value.pgcode


@pytest.mark.parametrize("sees, since, dead", [
    (False, "1 s", []), (False, "1 min", ["lapsed", "lost"]), (True, "1 s", ["lapsed", "lost"])])
def test_mercy_where_the_server_may_just_have_come_back(installed, sees, since, dead):
    """As after a promotion: all leases have ended. Who cannot see since when the server serves waits for the others first."""
    role = "seer" if sees else "blind"
    wait_until(lambda: installed.value("SELECT pg_postmaster_start_time() < now() - interval '2 s'"), "the server is up for a while")
    with closing(installed.connect()) as admin, admin.cursor() as cursor:
        cursor.execute(f"DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN")
        cursor.execute(f"GRANT USAGE ON SCHEMA pgagent TO {role}; GRANT ALL ON ALL TABLES IN SCHEMA pgagent TO {role}")
        if sees:
            cursor.execute(f"GRANT pg_read_all_stats TO {role}")
    with closing(installed.connect(user=role, autocommit=False)) as looker, looker.cursor() as cursor:
        cursor.execute(
            "INSERT INTO pgagent.pga_jobagent (jagpid, jaguuid, jagname, jagepoch, jagstation, jagrenewed, jaglease, jaglogintime)"
            " VALUES (1, md5('1')::uuid, 'lapsed', 1, '', now() - interval '4 s', now() - interval '1 s', now() - interval '1 h'),"
            "        (2, md5('2')::uuid, 'lost', 2, '', now() - interval '1 s', now() + interval '2 s', now() - interval '1 h'),"
            "        (3, md5('3')::uuid, 'fresh', 3, '', now(), now() + interval '3 s', now() - interval '1 h'),"
            "        (pg_backend_pid(), md5('me')::uuid, 'me', 9, '', now(), now() + interval '3 s', now() - %s::interval)", (since,))
        cursor.execute("PREPARE dead AS " + read_query("agents_dead"))
        cursor.execute("EXECUTE dead (md5('me')::uuid, NULL, -1)")
        assert sorted(row[1] for row in cursor.fetchall()) == dead
    installed.execute(f"REASSIGN OWNED BY {role} TO CURRENT_USER; DROP OWNED BY {role}; DROP ROLE {role}")


@pytest.mark.mainly_sql
@pytest.mark.parametrize("at, calm, dead", [
    ("0 s", -1, ["long", "short"]), ("0 s", 1_600_000, ["short"]), ("0 s", 1_400_000, []), ("-5 s", -1, [])])
def test_mercy_where_the_clock_was_stepped(installed, at, calm, dead):
    """All leases have ended. Each agent is waited for by the length of its own; who looks knows until when the clock was right."""
    wait_until(lambda: installed.value("SELECT pg_postmaster_start_time() < now() - interval '2 s'"), "the server is up for a while")
    with closing(installed.connect(autocommit=False)) as looker, looker.cursor() as cursor:
        cursor.execute(
            "INSERT INTO pgagent.pga_jobagent (jagpid, jaguuid, jagname, jagepoch, jagstation, jagrenewed, jaglease, jaglogintime)"
            " VALUES (1, md5('1')::uuid, 'short', 1, '', now() - interval '4 s', now() - interval '1 s', now() - interval '1 h'),"
            "        (2, md5('2')::uuid, 'long', 2, '', now() - interval '4.6 s', now() - interval '1 s', now() - interval '1 h')")
        cursor.execute("PREPARE dead AS " + read_query("agents_dead"))
        cursor.execute("EXECUTE dead (md5('me')::uuid, now() + %s::interval, %s)", (at, calm))
        assert sorted(row[1] for row in cursor.fetchall()) == dead

# SPDX-License-Identifier: PostgreSQL
"""How the agent ends, and when it does not even begin."""
import os
import signal
import tempfile
from contextlib import closing

import pytest

from harness import Database
from harness.holding import HeldBatch, HeldSql
from harness.jobs import Jobs, sql
from harness.users import give_away
from harness.waiting import wait_until

STOPPED = "the agent was stopped while the job ran"
STOPPED_AT_ONCE = "the agent was stopped at once while the job ran"
STOPPED_BETWEEN = "the agent was stopped before the job's next step"


@pytest.fixture
def home(make_cluster):
    """A database with the tables on a server that the test may stop."""
    return Database.create_installed(make_cluster().start())


@pytest.fixture
def scratch(directory):
    """A folder for the agents' scripts: TMPDIR."""
    path = tempfile.mkdtemp(prefix="scratch-", dir=directory)
    give_away(path)
    return path


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def start(jobs, agent, *held_jobs):
    for job in held_jobs:
        jobs.run_now(job)
        jobs.wait_for_running(job, agent)


def assert_nothing_is_left(jobs, scratch=None, children=()):
    """No row, no session, no process, no file."""
    database = jobs.database
    jobs.wait_until_settled()
    assert database.value("SELECT count(*) FROM pgagent.pga_jobagent") == 0
    wait_until(lambda: not database.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                                          " AND application_name LIKE 'pgalmanac%%'"), "no session is left")
    assert not [child for child in children if is_alive(child)]
    assert scratch is None or os.listdir(scratch) == []


# Stopping

@pytest.mark.core
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_while_nothing_runs(jobs, agent, number):
    one = agent()
    jobs.run(jobs.job("before", sql("SELECT 1")), one)
    one.signal(number)
    assert one.wait() == 0
    assert_nothing_is_left(jobs)
    assert "ERROR" not in one.log() and "WARNING" not in one.log()


@pytest.mark.core
def test_steps_that_end_in_time(jobs, agent, installed, directory, scratch):
    """The running steps may end; the last step of a job makes the run a success, else no further one starts."""
    one = agent(environment={"TMPDIR": scratch})
    held, script = HeldSql(installed), HeldBatch(directory)
    last = jobs.job("last", held.step)
    more = jobs.job("more", script.step, sql("SELECT 1"))
    waiting = jobs.job("waiting", sql("SELECT 1"))
    start(jobs, one, last, more)
    wait_until(script.has_started, "the script runs", one)
    children = children_of(one.pid)
    one.signal(signal.SIGTERM)
    one.wait_for_log("stopping: 2 jobs run, they have 60 s")
    jobs.run_now(waiting)
    held.release()
    assert jobs.wait_for_runs(last, agent=one)[0][0] == "s"
    script.release()
    assert one.wait() == 0
    assert jobs.runs(more)[0][0:3:2] == ("d", STOPPED_BETWEEN)
    assert [step[0:3:2] for step in jobs.steps_of(more)] == [("s", "done")]
    assert jobs.runs(waiting) == []
    assert_nothing_is_left(jobs, scratch, children)


@pytest.mark.core
@pytest.mark.parametrize("grace, signals, reason", [
    ("0.2s", 1, STOPPED), ("1h", 2, STOPPED_AT_ONCE)], ids=["after the grace time", "second signal"])
def test_steps_that_do_not_end(jobs, agent, installed, directory, scratch, grace, signals, reason):
    one = agent("--grace", grace, environment={"TMPDIR": scratch})
    script = HeldBatch(directory)
    running = [jobs.job("sql", sql("SELECT pg_sleep(300)"), sql("SELECT 1")),
               jobs.job("batch", script.step, sql("SELECT 1"))]
    start(jobs, one, *running)
    wait_until(script.has_started, "the script runs", one)
    children = children_of(one.pid)
    for number in range(signals):
        one.signal(signal.SIGTERM)
        one.wait_for_log(("stopping: 2 jobs run", "stopping at once")[number])
    assert one.wait() == 0
    for job in running:
        assert jobs.runs(job)[0][0:3:2] == ("d", reason)
        assert [step[0] for step in jobs.steps_of(job)] == ["d"]
        assert reason in jobs.steps_of(job)[0][2]
    assert_nothing_is_left(jobs, scratch, children)


def test_a_step_that_waits_for_a_connection(jobs, agent, make_cluster):
    """It has not begun, so it does not."""
    full = make_cluster(max_connections=2, superuser_reserved_connections=0).start()
    others = [full.connect() for _ in range(2)]
    one = agent("-l", "2")
    job = jobs.job("waits", sql("SELECT 1", connstr=full.conninfo("postgres")))
    jobs.run_now(job)
    one.wait_for_log("waits for a free connection")
    assert one.terminate() == 0
    assert jobs.runs(job)[0][0:3:2] == ("d", STOPPED_BETWEEN)
    assert [step[0] for step in jobs.steps_of(job)] == ["d"]
    assert_nothing_is_left(jobs)
    for connection in others:
        connection.close()


def test_a_cancel_while_it_stops_that_cannot_be_looked_for(jobs, agent, installed):
    """It is looked for again, although nobody says once more that it is there."""
    one = agent()
    held = HeldSql(installed)
    job = jobs.job("held", held.step)
    start(jobs, one, job)
    one.signal(signal.SIGTERM)
    one.wait_for_log("stopping: 1 jobs run")
    with closing(installed.connect(autocommit=False)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pgagent.cancel_job(%s::text)", (job,))
        cursor.execute("ALTER TABLE pgagent.pga_request RENAME TO hidden")
        connection.commit()
        one.wait_for_log("could not look for requests to cancel runs, will keep trying")
        cursor.execute("ALTER TABLE pgagent.hidden RENAME TO pga_request")
        connection.commit()
    assert one.wait() == 0
    assert jobs.runs(job)[0][0:3:2] == ("d", "cancelled by postgres")


def test_stopped_in_the_midst_of_claiming(jobs, agent, installed):
    """Whenever the signal comes: what was claimed is closed."""
    made = [jobs.job(f"job {number}", sql("SELECT 1"), sql("SELECT 2")) for number in range(10)]
    for round_number in range(1, 6):
        one = agent()
        for job in made:
            jobs.run_now(job)
            if job == made[2 * round_number - 1]:
                one.signal(signal.SIGTERM)
        assert one.wait() == 0
        assert_nothing_is_left(jobs)


def test_stopped_while_the_database_is_away(agent, home, directory, scratch):
    """After the grace time it does not wait any longer. Its successor closes what it had in hand."""
    jobs = Jobs(home)
    script = HeldBatch(directory)
    one = agent("--grace", "0.2s", database=home, environment={"TMPDIR": scratch})
    job = jobs.job("batch", script.step)
    start(jobs, one, job)
    children = children_of(one.pid)
    home.close()
    home.cluster.stop("immediate")
    one.wait_for_log("control connection lost")
    one.signal(signal.SIGTERM)
    assert one.wait() == 0
    assert "are left as running" in one.log()
    assert not [child for child in children if is_alive(child)] and os.listdir(scratch) == []
    home.cluster.start()
    two = agent(database=home)
    assert jobs.wait_for_runs(job, agent=two)[0][0] == "d"


@pytest.mark.parametrize("signals", [1, 2])
def test_stopped_before_the_database_was_there(agent, home, signals):
    home.close()
    home.cluster.stop()
    one = agent(database=home, ready=False)
    one.wait_for_log("cannot be had yet")
    for _ in range(signals):
        one.signal(signal.SIGTERM)
    assert one.wait() == 0


def test_stopped_while_it_starts(agent, installed):
    """At any instant of the start."""
    for number in range(20):
        one = agent(ready=False, name=f"hasty{number}")
        wait_until(lambda: one.log().count("\n") >= 1 + number % 3 or not one.is_running(), "it has begun", one)
        one.signal(signal.SIGTERM)
        assert one.wait() == 0
        assert "ERROR" not in one.log()
    assert installed.value("SELECT count(*) FROM pgagent.pga_jobagent") == 0


# Not even beginning: in the foreground, exit 3 and one clear line

def assert_refused(agent, conninfo, message):
    one = agent(conninfo=conninfo, ready=False)
    assert one.wait() == 3
    errors = [line for line in one.log().splitlines() if "ERROR" in line]
    assert len(errors) == 1 and message in errors[0], one.log()


@pytest.mark.core
@pytest.mark.parametrize("password, message", [
    ("wrong", 'password authentication failed for user "guest"'), (None, "no password supplied")])
def test_a_wrong_password(agent, make_cluster, password, message):
    server = make_cluster(password_encryption="scram-sha-256").start()
    home = Database.create_installed(server)
    home.execute("CREATE ROLE guest LOGIN PASSWORD 'right'")
    with open(os.path.join(server.data, "pg_hba.conf"), "r+", encoding="utf-8") as file:
        rest = file.read()
        file.seek(0)
        file.write("local all guest scram-sha-256\n" + rest)
    server.reload()
    more = {"password": password} if password else {}
    assert_refused(agent, server.conninfo(home.name, "guest", **more), message)


@pytest.mark.core
def test_a_database_that_does_not_exist(agent, cluster):
    assert_refused(agent, cluster.conninfo("nowhere"), 'database "nowhere" does not exist')


@pytest.mark.core
def test_a_role_that_does_not_exist(agent, installed):
    assert_refused(agent, installed.cluster.conninfo(installed.name, "nobody"), 'role "nobody" does not exist')


@pytest.mark.core
def test_no_tables(agent, database):
    assert_refused(agent, database.conninfo, 'has no job tables: run "pgalmanac setup -d CONNINFO"')


@pytest.mark.skipif(not os.path.exists("/usr/bin/pgagent"), reason="pgagent is not installed")
def test_the_tables_of_pgagent(agent, database):
    database.execute("CREATE EXTENSION pgagent")
    assert_refused(agent, database.conninfo, "has pgAgent's own tables, not yet ours")


@pytest.mark.core
@pytest.mark.parametrize("version, message", [
    ("999", "newer than version"), ("0", "of an unknown version"), ("x", "of an unknown version")])
def test_tables_of_another_version(agent, installed, version, message):
    installed.execute("UPDATE pgagent.pga_setting SET setvalue = %s WHERE setname = 'schema_version'", version)
    assert_refused(agent, installed.conninfo, message)


def test_a_role_that_may_not_read_the_tables(agent, installed):
    installed.execute("CREATE ROLE stranger LOGIN")
    try:
        assert_refused(agent, installed.cluster.conninfo(installed.name, "stranger"), "permission denied")
    finally:
        installed.execute("DROP ROLE stranger")


# A standby

def test_a_standby_is_waited_for(agent, make_cluster, systemd):
    """Quietly, until it is promoted; systemd is told."""
    primary = make_cluster().start()
    home = Database.create_installed(primary)
    standby = make_cluster(standby_of=primary).start()
    copy = Database(standby, home.name)
    one = agent("-l", "2", database=copy, ready=False, environment=systemd.environment)
    wait_until(lambda: one.log().count("is a standby") >= 3, "it tries again and again", one)
    assert one.log().count("ERROR") == 1
    systemd.wait_for("STATUS=waiting: ", "is a standby", agent=one)
    standby.promote()
    one.wait_until_ready(copy)
    jobs = Jobs(copy)
    assert jobs.run(jobs.job("first", sql("SELECT 1")), one)[0] == "s"

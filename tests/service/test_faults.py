# SPDX-License-Identifier: PostgreSQL
"""Whatever goes away comes back: nothing exits, nothing stays open or claimed, results are recorded."""
import socket
from contextlib import closing, suppress

import psycopg2
import pytest

from harness import Database
from harness.holding import HeldBatch, HeldSql
from harness.jobs import Jobs, batch, sql
from harness.waiting import wait_until

OURS = "application_name = 'pgalmanac' AND datname = current_database()"
CONTROL = f"{OURS} AND pid IN (SELECT jagpid FROM pgagent.pga_jobagent)"
LOG = f"{OURS} AND pid NOT IN (SELECT jagpid FROM pgagent.pga_jobagent)"


@pytest.fixture
def home(make_cluster):
    """A database with the tables on a server that the test may stop."""
    return Database.create_installed(make_cluster().start())


def terminate(database, which):
    return database.query(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {which}")


# The server

def test_a_server_that_lets_nobody_in_when_it_is_back(agent, installed):
    """That the connection was lost does not tell why it does not come back."""
    one = agent("-l", "1")
    one.wait_for_log("works on database")
    home = installed.name
    installed.close()
    with closing(installed.cluster.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{home}" ALLOW_CONNECTIONS false')
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (home,))
        one.wait_for_log("control connection lost, will keep trying")
        one.wait_for_log("control connection cannot be had yet, will keep trying")
        cursor.execute(f'ALTER DATABASE "{home}" ALLOW_CONNECTIONS true')
    one.wait_until_ready(installed)
    said = [line for line in one.log().splitlines() if "control connection cannot be had" in line]
    assert len(said) == 1 and "is not currently accepting connections" in said[0]


def test_the_server_is_not_up_at_start(agent, home):
    home.close()
    home.cluster.stop()
    one = agent("-l", "2", database=home, ready=False)
    wait_until(lambda: one.log().count("could not connect to") >= 4, "it tries again and again", one)
    home.cluster.start()
    one.wait_until_ready(home)
    jobs = Jobs(home)
    assert jobs.run(jobs.job("first", sql("SELECT 1")), one)[0] == "s"
    assert one.log().count("ERROR") == 1 and "control connection cannot be had yet" in one.log()


@pytest.mark.core
@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_restart_while_steps_run(agent, home, cluster, directory, mode):
    """Steps elsewhere go on, whether they end during the outage or after it."""
    jobs = Jobs(home)
    script = HeldBatch(directory)
    remote = HeldSql(Database(cluster, "postgres"), connstr=cluster.conninfo("postgres"))
    one = agent(database=home)
    ends_meanwhile = jobs.job("ends meanwhile", script.step)
    ends_later = jobs.job("ends later", remote.step, sql("SELECT 2"))
    ends_with_it = jobs.job("ends with the server", sql("SELECT pg_sleep(300)"))
    for job in (ends_meanwhile, ends_later, ends_with_it):
        jobs.run_now(job)
        jobs.wait_for_running(job, one)
    wait_until(script.has_started, "the script runs", one)
    home.close()
    home.cluster.stop(mode)
    script.release()
    wait_until(lambda: not script.is_alive(), "the script has ended", one)
    home.cluster.start()
    one.wait_for_log("works on")
    wait_until(lambda: one.log().count("works on") == 2, "it is back", one)
    remote.release()

    assert jobs.wait_for_runs(ends_meanwhile, agent=one)[0][0] == "s"
    assert jobs.steps_of(ends_meanwhile)[0][:3] == ("s", 0, "done")
    assert jobs.wait_for_runs(ends_later, agent=one)[0][0] == "s"
    assert [step[0] for step in jobs.steps_of(ends_later)] == ["s", "s"]
    assert jobs.wait_for_runs(ends_with_it, agent=one)[0][0] == "f"
    reason = jobs.steps_of(ends_with_it)[0][2]
    assert "terminating connection due to administrator command" in reason or mode == "immediate", reason
    assert "connection" in reason
    jobs.wait_until_settled(one)
    for message in ("control connection lost", "log connection lost"):
        assert one.log().count(message) == 1


def connect_if_free(database):
    """The sessions that installed the tables may not have ended yet."""
    with suppress(psycopg2.OperationalError):
        return database.connect()
    return None


def test_a_server_that_is_full_at_start(agent, make_cluster):
    home = Database.create_installed(make_cluster(max_connections=4, superuser_reserved_connections=0).start())
    others = [wait_until(lambda: connect_if_free(home), "a connection is free") for _ in range(3)]
    one = agent(database=home, ready=False)  # one place: the control connection; none for the log
    one.wait_for_log("log connection cannot be had yet")
    for connection in others:
        connection.close()
    one.wait_for_log("works on")
    jobs = Jobs(home)
    assert jobs.run(jobs.job("first", sql("SELECT 1")), one)[0] == "s"


def test_a_server_that_becomes_read_only(agent, home):
    """As managed servers do when the disk is full. What is due waits; it is said once."""
    jobs = Jobs(home)
    one = agent("-l", "1", database=home)
    held = HeldSql(home)
    running = jobs.job("running", held.step)
    waiting = jobs.job("waiting", sql("SELECT 1"))
    jobs.run_now(running)
    jobs.wait_for_running(running, one)
    home.cluster.configure(default_transaction_read_only="on")
    home.cluster.reload()
    wait_until(lambda: home.value("SHOW default_transaction_read_only") == "on", "the server is read-only", one)
    home.execute("BEGIN READ WRITE")
    jobs.run_now(waiting)
    home.execute("COMMIT")
    held.release()
    wait_until(lambda: "could not claim" in one.log() and "could not write" in one.log()
               and "could not renew" in one.log(), "it has noticed", one)
    wait_for_beats(home, one)
    home.cluster.configure(default_transaction_read_only="off")
    home.cluster.reload()
    assert jobs.wait_for_runs(running, agent=one)[0][0] == "s"
    assert jobs.wait_for_runs(waiting, agent=one)[0][0] == "s"
    jobs.wait_until_settled(one)
    for message in ("could not claim", "could not write", "could not renew"):
        assert one.log().count(message) == 1, one.log()


def wait_for_beats(database, agent):
    """Until the agent has tried to renew its lease a few times."""
    seen = set()

    def renewals():
        seen.add(database.value(f"SELECT state_change FROM pg_stat_activity WHERE {CONTROL}"))
        return len(seen) > 6
    wait_until(renewals, "it goes on trying", agent)


def test_a_server_that_ends_idle_sessions(agent, make_cluster):
    """The agent's own are left alone, whatever the server's settings say."""
    server = make_cluster()
    if server.version >= 14:
        server.configure(idle_session_timeout="1s")
    home = Database.create_installed(server.start())
    if server.version >= 14:
        home.execute("SET idle_session_timeout = 0")  # for this session, the test's own
    one = agent(database=home)
    one.wait_for_log("works on")
    lease = home.value("SELECT jaglease FROM pgagent.pga_jobagent")
    wait_until(lambda: home.value("SELECT jaglease FROM pgagent.pga_jobagent") > lease, "it is renewed", one)
    jobs = Jobs(home)
    assert jobs.run(jobs.job("first", sql("SELECT 1")), one)[0] == "s"
    assert "lost" not in one.log()


# The agent's connections

@pytest.mark.core
@pytest.mark.parametrize("which", [CONTROL, LOG, OURS])
def test_connections_that_are_terminated(jobs, agent, installed, which):
    """While nothing runs, and while something does."""
    one = agent()
    register = "SELECT jaguuid, jagepoch FROM pgagent.pga_jobagent"
    before = installed.query(register)
    job = jobs.job("after", sql("SELECT 1"))
    terminate(installed, which)
    assert jobs.run(job, one)[0] == "s"

    held = HeldSql(installed)
    held_job = jobs.job("held", held.step, sql("SELECT 2"))
    jobs.run_now(held_job)
    jobs.wait_for_running(held_job, one)
    terminate(installed, which)
    assert jobs.run(job, one)[0] == "s"
    row, = installed.query("SELECT jobagentid = jagpid, count(*) OVER () FROM pgagent.pga_job, pgagent.pga_jobagent"
                           " WHERE jobid = %s", held_job)
    assert row == (True, 1)
    held.release()
    assert jobs.wait_for_runs(held_job, agent=one)[0][0] == "s"
    jobs.wait_until_settled(one)
    assert installed.query(register) == before


def test_the_log_connection_dies_with_writes_on_their_way(jobs, agent, installed):
    one = agent()
    held = HeldSql(installed)
    made = [jobs.job(f"job {number}", held.step, sql("SELECT 2")) for number in range(5)]
    for job in made:
        jobs.run_now(job)
        jobs.wait_for_running(job, one)
    with closing(installed.connect(autocommit=False)) as locker, locker.cursor() as cursor:
        cursor.execute("LOCK TABLE pgagent.pga_jobsteplog IN SHARE ROW EXCLUSIVE MODE")
        held.release()
        wait_until(lambda: terminate(installed, f"{LOG} AND wait_event_type = 'Lock'"), "a write waits", one)
    for job in made:
        assert jobs.wait_for_runs(job, agent=one)[0][0] == "s"
        assert [step[0] for step in jobs.steps_of(job)] == ["s", "s"]
    jobs.wait_until_settled(one)


@pytest.mark.core
def test_connections_that_die_again_and_again_under_load(jobs, agent, installed):
    """40 runs: each has one row, and each step was carried out once."""
    one = agent()
    installed.execute("CREATE TABLE done (job int)")
    made = [jobs.job(f"job {number}") for number in range(40)]
    for job in made:
        jobs.step(job, "one", "s", f"INSERT INTO done VALUES ({job})")
        jobs.step(job, "two", "b", "sleep 0.1")
    for number, job in enumerate(made):
        jobs.run_now(job)
        if number % 4 == 3:
            terminate(installed, (CONTROL, LOG, OURS)[number // 4 % 3])
    for _ in range(4):
        terminate(installed, OURS)
        wait_until(lambda: len(installed.query(f"SELECT FROM pg_stat_activity WHERE {OURS}")) == 2, "it is back", one)
    for job in made:
        jobs.wait_for_runs(job, agent=one)
    jobs.wait_until_settled(one)
    assert installed.query("SELECT jlgstatus, count(*), count(DISTINCT jlgjobid) FROM pgagent.pga_joblog GROUP BY 1") == [
        ("s", 40, 40)]
    assert installed.query("SELECT jslstatus, count(*) FROM pgagent.pga_jobsteplog GROUP BY 1") == [("s", 80)]
    assert installed.query("SELECT count(*), count(DISTINCT job) FROM done") == [(40, 40)]


# Targets

def test_a_target_that_is_not_there(jobs, agent, directory):
    job = jobs.job("nobody there", sql("SELECT 1", connstr=f"host={directory}/nowhere dbname=postgres"))
    status, _, steps = jobs.run(job, agent())
    assert (status, steps[0][:2]) == ("f", ("f", -1))
    assert steps[0][2].startswith("ERROR:  could not start step: could not connect to")


def test_a_target_that_never_answers(jobs, agent):
    """Other jobs do not notice; the attempt has a time limit."""
    with closing(socket.create_server(("127.0.0.1", 0))) as mute:
        connstr = f"host=127.0.0.1 port={mute.getsockname()[1]} dbname=postgres"
        one = agent("--connect-timeout", "2s")
        hanging = jobs.job("hanging", sql("SELECT 1", connstr=connstr))
        other = jobs.job("other", sql("SELECT 1"))
        patient = jobs.job("patient", sql("SELECT 1", connstr=connstr + " connect_timeout=1000"))
        for job in (patient, hanging):
            jobs.run_now(job)
        for _ in range(5):
            assert jobs.run(other, one)[0] == "s"
        assert jobs.wait_for_runs(hanging, agent=one)[0][0] == "f"
        assert "no answer within 2 s" in jobs.steps_of(hanging)[0][2]
        assert [run[0] for run in jobs.runs(patient)] == ["r"], jobs.steps_of(patient)
    assert jobs.wait_for_runs(patient, agent=one)[0][0] == "f"


def test_a_target_without_a_free_connection(jobs, agent, make_cluster):
    full = make_cluster(max_connections=2, superuser_reserved_connections=0).start()
    others = [full.connect() for _ in range(2)]
    one = agent("-l", "2")
    job = jobs.job("waits", sql("SELECT 1", connstr=full.conninfo("postgres")))
    jobs.run_now(job)
    one.wait_for_log("waits for a free connection")
    assert jobs.run(jobs.job("other", sql("SELECT 1")), one)[0] == "s"
    assert [run[0] for run in jobs.runs(job)] == ["r"]
    for connection in others:
        connection.close()
    assert jobs.wait_for_runs(job, agent=one)[0][0] == "s"


def test_a_connection_that_dies_before_its_first_statement(jobs, agent, installed):
    """Nothing was sent, so nothing can have been done: the step is carried out on another one."""
    one = agent()
    held = HeldSql(installed)
    job = jobs.job("two", held.step, sql("CREATE TABLE done AS SELECT pg_backend_pid() AS pid", dbname="postgres"))
    jobs.run_now(job)
    jobs.wait_for_running(job, one)
    others = "application_name = 'pgalmanac step' AND datname = 'postgres'"
    with closing(installed.connect(autocommit=False)) as locker, locker.cursor() as cursor:
        cursor.execute("LOCK TABLE pgagent.pga_jobsteplog IN SHARE ROW EXCLUSIVE MODE")
        held.release()
        wait_until(lambda: installed.value("SELECT count(*) FROM pg_locks WHERE NOT granted"), "the step's row waits", one)
        wait_until(lambda: terminate(installed, others), "it has got its connection", one)
        wait_until(lambda: not installed.query(f"SELECT FROM pg_stat_activity WHERE {others}"), "its connection is gone", one)
    assert jobs.wait_for_runs(job, agent=one)[0][0] == "s"
    with closing(installed.cluster.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM done")
        pid, = cursor.fetchone()
        cursor.execute("DROP TABLE done")
    assert installed.value("SELECT jslpid FROM pgagent.pga_jobsteplog ORDER BY jslid DESC") == pid


# Rows that cannot be written

REFUSE = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this row'; END $$;
    CREATE TRIGGER refuse BEFORE {what} FOR EACH ROW WHEN ({when}) EXECUTE PROCEDURE refuse()"""


def run_beside_others(jobs, agent, job):
    """Runs the job together with ten others, which must not notice; returns its status and reason."""
    others = [jobs.job(f"other {number}", batch("echo fine"), sql("SELECT 1")) for number in range(10)]
    for one in (*others[:5], job, *others[5:]):
        jobs.run_now(one)
    for other in others:
        assert jobs.wait_for_runs(other, agent=agent)[0][0] == "s"
        assert [step[0] for step in jobs.steps_of(other)] == ["s", "s"]
    return jobs.wait_for_runs(job, agent=agent)[0][0:3:2]


def test_a_job_that_cannot_be_claimed(jobs, agent, installed):
    """It is said once, and tried again and again."""
    one = agent()
    job = jobs.job("refused", sql("SELECT 1"))
    installed.execute(REFUSE.format(what="INSERT ON pgagent.pga_joblog", when=f"NEW.jlgjobid = {job}"))
    jobs.run_now(job)
    one.wait_for_log("could not claim a due job, will keep trying: not this row")
    others = [jobs.job(f"other {number}", sql("SELECT 1")) for number in range(10)]
    for other in others:
        jobs.run_now(other)
    for other in others:
        assert jobs.wait_for_runs(other, agent=one)[0][0] == "s"
    assert one.log().count("could not") == 1
    installed.execute("DROP FUNCTION refuse CASCADE")
    assert jobs.wait_for_runs(job, agent=one)[0][0] == "s"
    one.wait_for_log("due jobs can be claimed and planned again")


def test_a_slot_that_cannot_be_skipped(jobs, agent, installed):
    """The others are skipped, and what is due runs."""
    late = [jobs.job(f"late {number}", sql("SELECT 1"), jobgrace="0.001 s") for number in range(5)]
    installed.execute(REFUSE.format(what="INSERT ON pgagent.pga_skipped", when=f"NEW.skpjobid = {late[2]}"))
    for job in late:
        jobs.schedule(job, minutes=[7], hours=[3])
        jobs.make_due(job, "2026-01-02 03:07")
    one = agent()
    one.wait_for_log("could not claim a due job, will keep trying: not this row")
    assert jobs.run(jobs.job("other", sql("SELECT 1")), one)[0] == "s"
    skipped = "SELECT skpjobid FROM pgagent.pga_skipped ORDER BY skpjobid"
    wait_until(lambda: [job for job, in installed.query(skipped)] == late[:2] + late[3:], "the others are skipped", one)
    installed.execute("DROP FUNCTION refuse CASCADE")
    wait_until(lambda: [job for job, in installed.query(skipped)] == late, "it is skipped too", one)
    one.wait_for_log("due jobs can be claimed and planned again")
    assert one.log().count("could not") == 1


def test_a_plan_that_cannot_be_written(jobs, agent, installed):
    one = agent()
    bad = jobs.job("refused", sql("SELECT 1"))
    installed.execute(REFUSE.format(what="UPDATE OF jobreplan ON pgagent.pga_job", when=f"NEW.jobid = {bad} AND NEW.jobplanned IS NOT NULL"))
    ruled = [jobs.job(f"other {number}", sql("SELECT 1")) for number in range(5)]
    with installed.connect(autocommit=False) as connection, connection.cursor() as cursor:
        for job in (*ruled[:3], bad, *ruled[3:]):
            cursor.execute("INSERT INTO pgagent.pga_rule (ruljobid, rulkind, rultext) VALUES (%s, 'cron', '7 3 * * *')", (job,))
    connection.close()
    one.wait_for_log("could not plan a job, will keep trying: not this row")
    planned = "SELECT jobid FROM pgagent.pga_job WHERE jobplanned IS NOT NULL ORDER BY jobid"
    wait_until(lambda: [job for job, in installed.query(planned)] == ruled, "the others are planned", one)
    installed.execute("DROP FUNCTION refuse CASCADE")
    wait_until(lambda: [job for job, in installed.query(planned)] == [bad, *ruled], "it is planned too", one)
    one.wait_for_log("due jobs can be claimed and planned again")
    assert one.log().count("could not") == 1


def test_a_step_row_that_cannot_be_opened(jobs, agent, installed):
    one = agent()
    job = jobs.job("refused", sql("SELECT 1"))
    step = installed.value("SELECT jstid FROM pgagent.pga_jobstep")
    installed.execute(REFUSE.format(what="INSERT ON pgagent.pga_jobsteplog", when=f"NEW.jsljstid = {step}"))
    status, reason = run_beside_others(jobs, one, job)
    assert status == "i" and "not this row" in reason
    jobs.wait_until_settled(one)


def test_an_output_that_cannot_be_stored(jobs, agent, installed):
    one = agent()
    installed.execute(REFUSE.format(what="UPDATE ON pgagent.pga_jobsteplog", when="NEW.jsloutput = 'poison'"))
    job = jobs.job("poison", batch("echo poison"))
    assert run_beside_others(jobs, one, job) == ("s", None)
    jobs.wait_until_settled(one)
    assert jobs.steps_of(job)[0][:3] == ("s", 0, "the output could not be stored: not this row (P0001)")


def test_characters_that_the_database_does_not_have(agent, cluster):
    home = Database.create_installed(cluster, "latin1", encoding="LATIN1")
    try:
        jobs = Jobs(home)
        one = agent(database=home)
        job = jobs.job("snow", batch("printf 'caf\\303\\251'"), batch("printf '\\342\\230\\203 caf\\303\\251'"))
        assert jobs.run(job, one)[0] == "s"
        jobs.wait_until_settled(one)  # a step's end that was refused at first is written after the run's
        assert [step[:3] for step in jobs.steps_of(job)] == [("s", 0, "caf\u00e9"), ("s", 0, "? caf?")]
        assert one.terminate() == 0
    finally:
        home.drop()


def test_a_run_row_that_cannot_be_closed(jobs, agent, installed):
    """All that can be done is to say so, and to let the others go on."""
    one = agent()
    job = jobs.job("refused", sql("SELECT 1"))
    installed.execute(REFUSE.format(what="UPDATE ON pgagent.pga_joblog", when=f"NEW.jlgjobid = {job}"))
    jobs.run_now(job)
    one.wait_for_log("could not write how a run ended")
    assert jobs.run(jobs.job("other", sql("SELECT 1")), one)[0] == "s"
    installed.execute("DROP FUNCTION refuse CASCADE")
    jobs.wait_until_settled(one)


# Locks that users hold

def test_a_job_that_somebody_has_locked(jobs, agent, installed):
    """Its end is written when the lock goes; nobody else waits for that."""
    one = agent()
    held = HeldSql(installed)
    locked = jobs.job("locked", held.step)
    due = jobs.job("due", sql("SELECT 1"))
    other = jobs.job("other", sql("SELECT 1"), sql("SELECT 2"))
    jobs.run_now(locked)
    jobs.wait_for_running(locked, one)
    with closing(installed.connect(autocommit=False)) as user, user.cursor() as cursor:
        cursor.execute("SELECT FROM pgagent.pga_job WHERE jobid IN (%s, %s) FOR NO KEY UPDATE", (locked, due))
        with closing(installed.connect()) as silent, silent.cursor() as request:  # the trigger would wait for the lock
            request.execute("SET pgalmanac.agent = 'on'")
            request.execute("INSERT INTO pgagent.pga_request (reqkind, reqjobid) VALUES ('run', %s)", (due,))
        held.release()
        wait_until(lambda: jobs.steps_of(locked)[0][0] == "s", "the step's end is written", one)
        for _ in range(5):
            assert jobs.run(other, one)[0] == "s"
        assert [run[0] for run in jobs.runs(locked)] == ["r"] and not jobs.runs(due)
        terminate(installed, CONTROL)
        assert jobs.run(other, one)[0] == "s"
    assert jobs.wait_for_runs(due, agent=one)[0][0] == "s"
    assert jobs.wait_for_runs(locked, agent=one)[0][0] == "s"
    jobs.wait_until_settled(one)
    assert jobs.run(locked, one)[0] == "s"
    assert "could not" not in one.log()

# SPDX-License-Identifier: PostgreSQL
"""What runs out, or is taken away: clear words in the row or in the log, nobody else is delayed, and it mends itself."""
import os
import resource
import subprocess

import psycopg2
import pytest

from harness import Database
from harness.holding import HeldBatch, HeldSql
from harness.jobs import Jobs, batch, sql
from harness.outside import Outside
from harness.users import give_away, popen_user
from harness.waiting import wait_until

LOOKUP_THREADS = 16  # src/db/lookup.h

WORKER = """
    CREATE ROLE worker LOGIN;
    GRANT USAGE ON SCHEMA pgagent TO worker;
    GRANT ALL ON ALL TABLES IN SCHEMA pgagent TO worker;
    GRANT ALL ON ALL SEQUENCES IN SCHEMA pgagent TO worker"""


# Log tables that take nothing

@pytest.fixture
def worker(installed, cluster):
    """How an agent connects that owns nothing."""
    installed.execute(WORKER)
    yield cluster.conninfo(installed.name, user="worker")
    installed.execute("DROP OWNED BY worker; DROP ROLE worker")


def test_a_right_on_the_log_of_steps_that_is_taken_away(jobs, agent, installed, worker):
    """Ends of steps wait for it; runs end and begin all the same."""
    one = agent("-l", "1", conninfo=worker)
    held = HeldSql(installed)
    job = jobs.job("held", {**held.step, "code": "DO $$BEGIN RAISE NOTICE 'kept'; END$$; " + held.step["code"]})
    other = jobs.job("other", sql("SELECT 1"))
    jobs.run_now(job)
    jobs.wait_for_running(job, one)
    installed.execute("REVOKE UPDATE ON pgagent.pga_jobsteplog FROM worker")
    held.release()
    one.wait_for_log("could not write to a log table, will keep trying: permission denied for table pga_jobsteplog (42501)")
    for count in range(1, 4):
        jobs.run_now(other)
        assert jobs.wait_for_runs(other, count, one)[-1][0] == "s"
    assert jobs.wait_for_runs(job, agent=one)[0][0] == "s"
    assert [step[0] for step in jobs.steps_of(job) + jobs.steps_of(other)] == ["r"] * 4
    installed.execute("GRANT UPDATE ON pgagent.pga_jobsteplog TO worker")
    assert [step[0] for step in jobs.wait_for_steps(job, one) + jobs.wait_for_steps(other, one)] == ["s"] * 4
    assert "kept" in jobs.steps_of(job)[0][2]
    one.wait_for_log("a log table takes writes again")
    jobs.wait_until_settled(one)
    assert one.log().count("will keep trying") == 1 and one.log().count("writes again") == 1, one.log()


def test_a_right_on_the_log_of_runs_that_is_taken_away(jobs, agent, installed, worker):
    """Nothing can be claimed, nothing can be closed; what runs goes on to its next step."""
    one = agent("-l", "1", conninfo=worker)
    held = HeldSql(installed)
    job = jobs.job("held", held.step, sql("SELECT 1"))
    waiting = jobs.job("waiting", sql("SELECT 1"))
    jobs.run_now(job)
    jobs.wait_for_running(job, one)
    installed.execute("REVOKE INSERT, UPDATE ON pgagent.pga_joblog FROM worker")
    jobs.run_now(waiting)
    held.release()
    one.wait_for_log("could not claim a due job, will keep trying: permission denied for table pga_joblog (42501)")
    one.wait_for_log("could not write to a log table, will keep trying: permission denied for table pga_joblog (42501)")
    installed.execute("GRANT INSERT, UPDATE ON pgagent.pga_joblog TO worker")
    for one_of_them in (job, waiting):
        assert jobs.wait_for_runs(one_of_them, agent=one)[0][0] == "s"
    jobs.wait_until_settled(one)
    assert [step[0] for step in jobs.steps_of(job)] == ["s", "s"]
    assert one.log().count("will keep trying") == 2, one.log()


# Full disks

@pytest.fixture
def small_disk(directory):
    """A directory with room for one megabyte."""
    path = os.path.join(directory, "small")
    os.makedirs(path)
    if os.geteuid() != 0 or subprocess.call(["mount", "-t", "tmpfs", "-o", "size=1m", "none", path]) != 0:
        pytest.skip("a tmpfs can only be mounted by root, where the system lets it")
    give_away(path)
    yield path
    subprocess.check_call(["umount", "-l", path])
    os.rmdir(path)


@pytest.fixture
def full(small_disk, make_cluster):
    """A database with the tables, and a tablespace "full" on that disk with a table "filler" that fills it."""
    home = Database.create_installed(make_cluster().start())
    home.execute(f"CREATE TABLESPACE small LOCATION '{small_disk}'")
    home.execute("CREATE TABLE target (t text) TABLESPACE small; CREATE TABLE filler (t text) TABLESPACE small")
    return home


def fill(database):
    """Until there is not even room for one more page."""
    for text in (8000, 1000, 10):
        with pytest.raises(psycopg2.errors.DiskFull):
            while True:
                database.execute("ALTER TABLE filler ALTER t SET STORAGE PLAIN; INSERT INTO filler"
                                 " SELECT repeat('x', %s) FROM generate_series(1, 4)", text)


def test_a_target_whose_disk_is_full(agent, full):
    jobs = Jobs(full)
    one = agent("-l", "1", database=full)
    fill(full)
    job = jobs.job("too much", sql("INSERT INTO target SELECT repeat('x', 1000) FROM generate_series(1, 100)"))
    status, reason, steps = jobs.run(job, one)
    assert (status, reason, steps[0][3]) == ("f", 'step "step 1" failed', "53100")
    assert "No space left on device" in steps[0][2]
    assert jobs.run(jobs.job("other", sql("SELECT 1")), one)[0] == "s"
    full.execute("DROP TABLE filler")
    assert jobs.run(job, one)[0] == "s"


def test_log_tables_on_a_full_disk(agent, full):
    """What is due waits, what runs goes on; it is said once, and nothing is lost."""
    jobs = Jobs(full)
    one = agent("-l", "1", database=full)
    held = HeldSql(full)
    job = jobs.job("held", held.step, *(sql("SELECT 1") for _ in range(3)))
    waiting = [jobs.job(f"waiting {number}", sql("SELECT 1")) for number in range(3)]
    for table in ("pga_joblog", "pga_jobsteplog", "pga_agentlog"):
        full.execute(f"ALTER TABLE pgagent.{table} SET TABLESPACE small")
    jobs.run_now(job)
    jobs.wait_for_running(job, one)
    fill(full)
    for table, columns, values in (("pga_joblog", "jlgjobid, jlgstatus, jlgreason", f"{job}, 'f', repeat('x', 1000)"),
                                   ("pga_agentlog", "aglagent, agllevel, aglmessage", "'x', 'x', repeat('x', 1000)")):
        with pytest.raises(psycopg2.errors.DiskFull):
            while True:
                full.execute(f"INSERT INTO pgagent.{table} ({columns}) VALUES ({values})")
    for one_of_them in waiting:
        jobs.run_now(one_of_them)
    held.release()
    one.wait_for_log("could not claim")
    full.execute("DROP TABLE filler")
    for one_of_them in (job, *waiting):
        wait_until(lambda: [run for run in jobs.runs(one_of_them) if run[0] == "s"], "it has run", one)
    jobs.wait_until_settled(one)
    assert one.log().count("could not claim") == 1 and "No space left" in one.log(), one.log()


# Names that nobody answers for

def threads_of(agent):
    return len(os.listdir(f"/proc/{agent.pid}/task"))


def test_names_that_nobody_answers_for(jobs, agent, directory, cluster):
    """Other jobs are not delayed, there are few threads, and who waits can be cancelled, is ended by its time limit, or by the
    time limit of connecting."""
    outside = Outside(directory)
    one = agent("--connect-timeout", "1h", environment=outside.environment)
    usual = threads_of(one)

    def job_at(name, **columns):
        return jobs.job(f"at {name}", sql("SELECT 1", connstr=f"host={name}.mute dbname=postgres"), **columns)
    hanging = [job_at(f"host{number % 40}") for number in range(60)]
    impatient = job_at("host0", jobtimeout="10 ms")
    for job in (*hanging, impatient):
        jobs.run_now(job)
    assert jobs.wait_for_runs(impatient, agent=one)[0][0:3:2] == ("d", "the job took longer than its time limit of 0.01 s")
    other = jobs.job("other", sql("SELECT 1"))
    for _ in range(3):
        assert jobs.run(other, one)[0] == "s"
    wait_until(lambda: threads_of(one) == usual + LOOKUP_THREADS, "as many are looked up as may be", one)
    jobs.database.execute("SELECT pgagent.cancel_job(%s::text)", hanging[0])
    assert jobs.wait_for_runs(hanging[0], agent=one)[0][0] == "d"
    assert threads_of(one) == usual + LOOKUP_THREADS

    def all_have_ended():
        if all(run[0] != "r" for job in hanging[1:] for run in jobs.runs(job)):
            return True
        outside.answer_names()
        return False
    wait_until(all_have_ended, "each has its answer", one)
    assert {run[0] for job in hanging[1:] for run in jobs.runs(job)} == {"f"}
    assert "could not look up the host: Temporary failure in name resolution" in jobs.wait_for_steps(hanging[1], one)[0][2]
    wait_until(lambda: threads_of(one) <= usual, "no thread is left", one)


def test_stopping_while_a_name_is_looked_up(jobs, agent, directory):
    outside = Outside(directory)
    one = agent("--grace", "0s", environment=outside.environment)
    usual = threads_of(one)
    job = jobs.job("hanging", sql("SELECT 1", connstr="host=nobody.mute dbname=postgres"))
    jobs.run_now(job)
    wait_until(lambda: threads_of(one) > usual, "it is looked up", one)
    assert one.terminate() == 0
    assert jobs.runs(job)[0][0:3:2] == ("d", "the agent was stopped before the job's next step")


# What the system does not give

def limit(agent, what, number):
    """Sets a limit of the running agent ("nofile"), as its own user may; returns what it was."""
    with open(f"/proc/{agent.pid}/limits", encoding="ascii") as file:
        name = {"nofile": "Max open files", "nproc": "Max processes"}[what]
        usual = next(line.split()[3 if what == "nofile" else 2] for line in file if line.startswith(name))
    subprocess.check_call(["prlimit", "--pid", str(agent.pid), f"--{what}={number}:"], **popen_user())
    return usual


def first_free_descriptor(agent):
    used = {int(name) for name in os.listdir(f"/proc/{agent.pid}/fd")}
    return next(number for number in range(1000) if number not in used)


def test_few_file_descriptors(jobs, agent, installed, directory):
    """Fewer jobs run at once than might; the others wait."""
    held = [HeldBatch(directory) for _ in range(2)]
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (69, before[1]))
    try:
        one = agent("-l", "1")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert "69 file descriptors are enough for 1 jobs at once, not for 100 (--max-runs)" in one.log()
    made = [jobs.job(f"held {number}", one_of_them.step) for number, one_of_them in enumerate(held)]
    for job in made:
        jobs.run_now(job)
    wait_until(held[0].has_started, "the first runs", one)
    assert [len(jobs.runs(job)) for job in made] == [1, 0]
    for job, one_of_them in zip(made, held):
        one_of_them.release()
        assert jobs.wait_for_runs(job, agent=one)[0][0] == "s"


def test_no_file_descriptor_left(jobs, agent, installed, cluster):
    """For a while: what runs ends, what begins fails and says why; the agent lives on."""
    one = agent("-l", "1")
    held = HeldSql(installed)
    running = jobs.job("running", held.step)
    jobs.run_now(running)
    jobs.wait_for_running(running, one)
    script = jobs.job("script", batch("echo fine"))
    elsewhere = jobs.job("elsewhere", sql("SELECT 1", connstr=cluster.conninfo("postgres")))
    usual = limit(one, "nofile", first_free_descriptor(one))
    status, _, steps = jobs.run(script, one)
    assert status == "f" and "Too many open files; raise this agent's limit (ulimit -n, LimitNOFILE=)" in steps[0][2]
    status, _, steps = jobs.run(elsewhere, one)
    assert status == "f" and "Too many open files" in steps[0][2]
    held.release()
    assert jobs.wait_for_runs(running, agent=one)[0][0] == "s"
    limit(one, "nofile", usual)
    for job in (script, elsewhere):
        assert jobs.run(job, one)[0] == "s"


@pytest.mark.skipif(os.environ.get("PGALMANAC_VALGRIND"), reason="valgrind itself needs them")
def test_no_process_left(jobs, agent, installed):
    """Neither for scripts nor for threads: look-ups and cancels."""
    one = agent("-l", "1")
    held = HeldSql(installed)
    running = jobs.job("running", held.step)
    jobs.run_now(running)
    jobs.wait_for_running(running, one)
    script = jobs.job("script", batch("echo fine"))
    elsewhere = jobs.job("elsewhere", sql("SELECT 1", connstr="host=localhost port=1 dbname=postgres"))
    usual = limit(one, "nproc", 1)
    status, _, steps = jobs.run(script, one)
    assert status == "f" and "Resource temporarily unavailable; there are too many processes" in steps[0][2]
    status, _, steps = jobs.run(elsewhere, one)
    assert status == "f" and "could not look up the host: " in steps[0][2]
    jobs.database.execute("SELECT pgagent.cancel_job(%s::text)", running)
    assert jobs.wait_for_runs(running, agent=one)[0][0] == "d"  # after 5 s: nobody can ask the server, the connection is closed
    assert jobs.run(jobs.job("other", sql("SELECT 1")), one)[0] == "s"
    limit(one, "nproc", usual)
    assert jobs.run(script, one)[0] == "s"
    assert "could not look up" not in jobs.run(elsewhere, one)[2][-1][2]

# SPDX-License-Identifier: PostgreSQL
"""The commands that look at jobs and steer them: their words, JSON, exit codes, and what they do."""
import json
import re
import signal
import subprocess
from contextlib import closing

import pytest

from harness.database import Database
from harness.holding import HeldBatch, HeldSql
from harness.jobs import Jobs, batch, sql
from harness.program import start
from harness.terminal import run_on_terminal
from harness.users import clean_environment, popen_user
from harness.waiting import wait_until

INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d"
TEXT_INSTANT = r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?[+-]\d\d:\d\d"
ESCAPE = "\033["
COMMANDS = [["jobs"], ["show", "x"], ["run", "x"], ["cancel", "x"], ["skip", "x"], ["pause"], ["resume"], ["log"], ["status"],
            ["why", "x"]]


@pytest.fixture
def command(pgalmanac, installed):
    """Runs a command on `installed`."""
    return lambda word, *words, **more: pgalmanac(word, "-d", installed.conninfo, *words, **more)


@pytest.fixture
def told(command):
    """The lines of a command that goes well and complains of nothing."""
    def run(*words):
        done = command(*words)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()
    return run


@pytest.fixture
def read(command):
    """What a command says with --json."""
    def run(word, *words, code=0):
        done = command(word, "--json", *words)
        assert (done.returncode, done.stderr) == (code, "")
        return json.loads(done.stdout)
    return run


@pytest.fixture
def daily(jobs, installed):
    """A job that runs at 02:30, in Tokyo."""
    job = jobs.job("daily", sql("SELECT 1"), jobtimezone="Asia/Tokyo")
    jobs.schedule(job, minutes=[30], hours=[2])
    return job


def cells(line):
    return re.split(r" {2,}", line.strip())


# ---- What they share ----

@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_help(pgalmanac, words):
    done = pgalmanac(words[0], "--help")
    assert done.returncode == 0
    for option in ("-d, --dbname=CONNINFO", "--config=FILE", "--json"):
        assert option in done.stdout


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_wrong_words(pgalmanac, words):
    for wrong in (["--nonsense"], ["x", "password=gandalf"]):
        done = pgalmanac(words[0], *wrong)
        assert done.returncode == 1 and done.stdout == "" and "gandalf" not in done.stderr
        assert done.stderr.startswith(f"pgalmanac {words[0]}: ")
    if words[1:] and words[0] != "cancel":
        done = pgalmanac(words[0])
        assert done.returncode == 1 and "there is no JOB" in done.stderr


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_no_tables(pgalmanac, database, installed, words):
    def fails(place, message):
        done = pgalmanac(words[0], "-d", place, *words[1:])
        assert done.returncode == 3 and done.stdout == "" and message in done.stderr

    fails("host=/nonexistent", "/nonexistent")
    fails(database.conninfo, "has no job tables: run pgalmanac setup to install them")
    for version, message in (("1", "older than version"), ("999", "install a newer pgalmanac"), ("x", 'unknown version "x"')):
        installed.execute("UPDATE pgagent.pga_setting SET setvalue = %s WHERE setname = 'schema_version'", version)
        fails(installed.conninfo, message)


@pytest.mark.parametrize("word", ["show", "run", "cancel", "skip", "log", "why"])
def test_which_job(command, jobs, word):
    twins = [jobs.job("twin"), jobs.job("twin")]
    for name, message in (("nobody", 'job "nobody" does not exist'), ("4711", "job 4711 does not exist"),
                          ("99999999999999999999", "does not exist"), ("", 'job "" does not exist'),
                          ("twin", f"the jobs {twins[0]}, {twins[1]} have it; name one by its id")):
        done = command(word, name)
        assert done.returncode == 2 and done.stdout == "" and message in done.stderr and "CONTEXT" not in done.stderr


def test_configuration_file(pgalmanac, installed, daily, tmp_path_factory, directory):
    path = f"{directory}/{tmp_path_factory.mktemp('conf').name}.conf"
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"conninfo = '{installed.conninfo}'\n".replace("''", "'"))
    done = pgalmanac("jobs", "--config", path)
    assert done.returncode == 0 and "daily" in done.stdout


def test_rights(pgalmanac, cluster, installed, daily):
    installed.execute("DROP ROLE IF EXISTS visitor; CREATE ROLE visitor LOGIN")
    place = cluster.conninfo(installed.name, user="visitor")
    try:
        assert pgalmanac("jobs", "-d", place).returncode == 3
        installed.execute("GRANT USAGE ON SCHEMA pgagent TO visitor; GRANT SELECT ON ALL TABLES IN SCHEMA pgagent TO visitor")
        assert pgalmanac("jobs", "-d", place).returncode == 0
        assert pgalmanac("status", "-d", place).returncode == 0
        done = pgalmanac("run", "-d", place, "daily")
        assert done.returncode == 3 and "permission denied" in done.stderr
    finally:
        installed.execute("DROP OWNED BY visitor; DROP ROLE visitor")


# ---- jobs ----

def test_no_jobs(told, read):
    assert told("jobs") == ["no jobs"]
    assert read("jobs") == []


def test_jobs(told, read, jobs, installed, daily):
    jobs.job("asleep", enabled=False)
    title, asleep, line = told("jobs")
    assert cells(title) == ["ID", "NAME", "STATE", "NEXT RUN", "LAST RUN", "WHY NOT"]
    assert cells(asleep)[1:] == ["asleep", "disabled", "the job is disabled"]
    assert cells(line)[:3] == [str(daily), "daily", "planned"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d 02:30\+09:00", cells(line)[3]) and cells(line)[4].startswith("in ")
    job = read("jobs", "DAI")[0]
    assert job["job"] == "daily" and job["jobid"] == daily and job["zone"] == "Asia/Tokyo" and job["enabled"] is True
    assert re.fullmatch(INSTANT, job["next_run"]) and 0 < job["next_in"] <= 86400
    assert job["last_run"] is None and read("jobs", "weekly") == []


def test_jobs_that_ran(told, read, jobs, agent, installed):
    agent()
    bad, good = jobs.job("bad", sql("SELECT 1/0")), jobs.job("good", sql("SELECT 1"))
    held = HeldSql(installed)
    long = jobs.job("long", held.step)
    for job in (bad, good):
        jobs.run(job)
    jobs.run_now(long)
    jobs.wait_for_running(long)
    assert [job["job"] for job in read("jobs", "--failed")] == ["bad"]
    running = read("jobs", "--running")
    assert [(job["job"], job["state"]) for job in running] == [("long", "running")]
    assert re.fullmatch(INSTANT, running[0]["running_since"])
    lines = told("jobs")
    assert cells(lines[1])[1:4] == ["bad", "idle", "failed"] and cells(lines[1])[4].endswith(" ago")
    assert cells(lines[2])[1:4] == ["good", "idle", "succeeded"]
    held.release()
    jobs.wait_for_runs(long)


def test_late_and_paused(told, jobs, installed, daily):
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobplanned = now() - interval '5 min',"
                               " jobnextrun = now() - interval '5 min'")
    line = told("jobs")[1]
    assert cells(line)[2] == "late" and re.search(r"5 min( \d+ s)? late", line)
    told("pause")
    assert cells(told("jobs")[1])[2] == "paused"


# ---- run ----

def test_run_without_agent(command, installed, jobs):
    job = jobs.job("nightly", sql("SELECT 1"))
    done = command("run", "nightly")
    assert done.returncode == 0
    assert re.fullmatch(rf'job {job} "nightly": asked for a run now \(request \d+\)\n', done.stdout)
    assert done.stderr == "pgalmanac run: no agent is alive; the job runs when one is started\n"
    answer = json.loads(command("run", str(job), "--json").stdout)
    assert answer["jobid"] == job and answer["has_agent"] is False and re.fullmatch(INSTANT, answer["due"])
    assert installed.query("SELECT reqkind, reqjobid, reqby FROM pgagent.pga_request") == [("run", job, "postgres")] * 2


@pytest.mark.parametrize("at, due", [
    ("2030-07-01T09:00", "2030-07-01 00:00+00"),
    ("2030-07-01 09:00:30", "2030-07-01 00:00:30+00"),
    ("2030-07-01T09:00Z", "2030-07-01 09:00+00"),
    ("2030-07-01T09:00-03:30", "2030-07-01 12:30+00"),
])
def test_run_at(command, installed, daily, at, due):
    done = command("run", "daily", "--at", at)
    assert done.returncode == 0 and "asked for a run at 2030-07-01" in done.stdout and "+09:00" in done.stdout
    assert installed.value("SELECT reqdue = %s FROM pgagent.pga_request", due)


def test_run_at_nonsense(command, installed, daily):
    for at in ("tomorrow", "2030-02-30T09:00", ""):
        done = command("run", "daily", "--at", at)
        assert done.returncode == 1 and done.stderr.startswith("pgalmanac run: option --at: ")
    assert installed.value("SELECT count(*) FROM pgagent.pga_request") == 0


def test_run_and_wait(command, read, jobs, agent):
    agent()
    job = jobs.job("good", sql("SELECT 1"))
    done = command("run", "--wait", "good")
    assert (done.returncode, done.stderr) == (0, "")
    run = jobs.runs(job)[0][3]
    assert re.fullmatch(rf"run {run} succeeded after \d+ ms|run {run} succeeded after \d.\d s", done.stdout.splitlines()[-1])
    answer = read("run", "--wait", "good")
    assert answer["run"]["result"] == "succeeded" and answer["run"]["run"] == jobs.runs(job)[-1][3]
    assert [(step["step"], step["result"], step["code"]) for step in answer["steps"]] == [("step 1", "succeeded", 1)]


def test_run_that_fails(command, read, jobs, agent):
    agent()
    jobs.job("bad", sql("SELECT 1"), sql("SELECT 1/0"))
    done = command("run", "--wait", "bad")
    assert done.returncode == 4 and done.stderr == ""
    assert "step \"step 1\"" not in done.stdout and "    ERROR:  division by zero\n" in done.stdout
    assert re.search(r'^run \d+ failed after .*: step "step 2" failed$', done.stdout, re.MULTILINE)
    assert read("run", "--wait", "bad", code=4)["steps"][1]["sqlstate"] == "22012"
    assert command("run", "--wait", str(jobs.job("empty"))).returncode == 4


def test_follow(program, installed, directory, jobs, agent):
    agent()
    held = HeldBatch(directory)
    job = jobs.job("long", sql("DO $$BEGIN RAISE NOTICE 'one'; END$$", on_error="i"), held.step)
    process = start(program, "run", "-d", installed.conninfo, "--follow", "long")
    assert process.stdout.readline().startswith(f'job {job} "long": asked')
    assert re.fullmatch(r'run \d+ begins, on agent "agent1"\n', process.stdout.readline())
    assert process.stdout.readline() == '  step "step 1" begins\n'
    assert process.stdout.readline().startswith('  step "step 1" succeeded after ')
    assert process.stdout.readline() == "    NOTICE:  one\n"
    while (line := process.stdout.readline()).startswith("    "):
        pass
    assert line == '  step "step 2" begins\n'
    held.release()  # it was shown while it ran
    out, err = process.communicate(timeout=120)
    assert re.match(r'  step "step 2" succeeded after .*\n    done\nrun \d+ succeeded after ', out)
    assert (process.returncode, err) == (0, "")


def test_interrupted(program, installed, jobs, agent, command):
    agent()
    held = HeldSql(installed)
    job = jobs.job("long", held.step)
    process = start(program, "run", "-d", installed.conninfo, "--follow", "long")
    while "step 1" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    run = jobs.runs(job)[0][3]
    assert process.returncode == 130
    assert err == f"pgalmanac run: run {run} goes on; pgalmanac cancel --run {run} stops it\n"
    assert jobs.runs(job)[0][0] == "r"
    held.release()
    assert jobs.wait_for_runs(job)[0][0] == "s"


def test_interrupted_before_it_begins(program, installed, jobs, command):
    job = jobs.job("never")
    process = start(program, "run", "-d", installed.conninfo, "--wait", "never")
    lines = [process.stderr.readline() for _ in range(2)]
    assert "no agent is alive" in lines[0] and "still waiting: " in lines[1]  # why it does not begin
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130 and err == f"pgalmanac run: the request stays; pgalmanac cancel {job} takes it back\n"
    assert installed.value("SELECT count(*) FROM pgagent.pga_request") == 1


def test_taken_back(program, installed, jobs, told):
    job = jobs.job("never")
    process = start(program, "run", "-d", installed.conninfo, "--wait", "never")
    process.stdout.readline()
    told("cancel", str(job))
    _, err = process.communicate(timeout=120)
    assert process.returncode == 4 and "it was taken back" in err


def test_wait_for_the_right_run(program, installed, jobs, agent, command):
    """Another wish, and another run, come first."""
    agent()
    job = jobs.job("often", sql("SELECT 1"))
    for seconds in (3, 20, 100):  # on a busy machine the later wish may be due too early
        later = installed.value("SELECT to_char(timezone('UTC', now() + %s * interval '1 s'), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')", seconds)
        process = start(program, "run", "-d", installed.conninfo, "--wait", "--json", "often", "--at", later)
        wait_until(lambda: installed.value("SELECT count(*) FROM pgagent.pga_request") == 1 or process.poll() is not None, "it is asked for")
        assert command("run", "--wait", "often").returncode == 0
        comes_first = installed.value("SELECT count(*) FROM pgagent.pga_request") == 1
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        if comes_first:
            break
    assert comes_first and json.loads(out)["run"]["run"] == jobs.runs(job)[-1][3]


# ---- cancel, skip, pause ----

def test_cancel(told, read, jobs, agent, installed, command):
    agent()
    held = HeldSql(installed)
    job = jobs.job("long", held.step)
    jobs.run_now(job)
    jobs.wait_for_running(job)
    run = jobs.runs(job)[0][3]
    told("run", "long", "--at", "2030-01-01T00:00")
    assert told("cancel", "long") == [f'job {job} "long": cancelled what runs or was asked for (2)']
    assert jobs.wait_for_runs(job)[0][0] == "d"
    assert "nothing to cancel" in told("cancel", "long")[0]
    assert read("cancel", "long") == {"jobid": job, "job": "long", "cancelled": 0}
    held.release()
    done = command("cancel", "--run", str(run))
    assert done.returncode == 2 and "it is over" in done.stderr and "CONTEXT" not in done.stderr


def test_cancel_run(told, read, jobs, agent, installed, command):
    agent()
    held = HeldSql(installed)
    job = jobs.job("long", held.step)
    jobs.run_now(job)
    jobs.wait_for_running(job)
    run = jobs.runs(job)[0][3]
    assert told("cancel", "--run", str(run)) == [f"run {run}: asked its agent to stop it"]
    assert jobs.wait_for_runs(job)[0][0] == "d"
    held.release()
    for words in ([], ["long", "--run", str(run)], ["--run", "x"], ["--run", "-1"]):
        assert command("cancel", *words).returncode == 1
    assert command("cancel", "--run", "4711").returncode == 2


def test_skip(told, read, installed, daily, command, jobs):
    first, second = [installed.value("SELECT pgagent.pga_iso(jobplanned + %s * interval '1 day', 'Asia/Tokyo')"
                                     " FROM pgagent.pga_job", days) for days in (0, 1)]
    line = told("skip", "daily")[0]
    assert line == f'job {daily} "daily": left out {first[:16]}+09:00; next run: {second[:16]}+09:00'.replace("T", " ")
    assert read("skip", "daily") == {"jobid": daily, "job": "daily", "skipped": second}
    jobs.job("idle")
    done = command("skip", "idle")
    assert done.returncode == 2 and "has no next slot that could be left out" in done.stderr


def test_pause_and_resume(told, read, command, installed):
    assert told("resume") == ["there was no pause"] and read("resume") == {"was_paused": False}
    assert told("pause") == ["paused until somebody says pgalmanac resume; what runs goes on"]
    assert read("status")["pause"][0]["paused_until"] == "infinity"
    assert told("resume") == ["the agents go on"]
    installed.execute("UPDATE pgagent.pga_setting SET setvalue = 'Asia/Tokyo' WHERE setname = 'timezone'")
    assert told("pause", "--until", "2030-01-01T09:00") == ["paused until 2030-01-01 09:00+09:00; what runs goes on"]
    assert read("pause", "--until", "2030-01-01T09:00Z") == {"paused_until": "2030-01-01T18:00:00+09:00"}
    done = command("pause", "--until", "2001-01-01T00:00")
    assert done.returncode == 2 and "a time to come" in done.stderr
    assert command("pause", "--until", "soon").returncode == 1


# ---- log ----

def test_log(told, read, jobs, agent, daily, command):
    agent()
    assert told("log") == ["nothing yet"] and read("log") == []
    noise = "DO $$BEGIN FOR i IN 1..100 LOOP RAISE NOTICE 'all is well'; END LOOP; END$$; "
    bad, good = jobs.job("bad", sql(noise + "SELECT 1/0")), jobs.job("good", sql("SELECT 1"))
    for job in (bad, good):
        jobs.run(job)
    told("skip", "daily")
    title, *lines = told("log")
    assert cells(title) == ["RUN", "AT", "JOB", "BECAUSE", "RESULT", "TOOK", "WHY"]
    assert [cells(line)[2:5] for line in lines[:2]] == [["bad", "manual", "failed"], ["good", "manual", "succeeded"]]
    assert lines[0].endswith("ERROR:  division by zero")
    assert re.fullmatch(TEXT_INSTANT, cells(lines[2])[0])
    assert cells(lines[2])[1:4] == ["daily", "skipped", "skipped"]
    assert cells(lines[2])[4].startswith("slot of 20") and cells(lines[2])[4].endswith(": left out at the request of postgres")
    assert [entry["job"] for entry in read("log", "-n", "2")] == ["good", "daily"]
    entry = read("log", "bad")[0]
    assert entry["failed_step"] == "step 1" and entry["why"] == "ERROR:  division by zero" and entry["agent"] == "agent1"
    assert read("log", "-n", "0") == []
    for count in ("-1", "x", "1000001"):
        assert command("log", "-n", count).returncode == 1


def test_log_follow(program, installed, jobs, agent, told):
    agent()
    job, held = jobs.job("good", sql("SELECT 1")), HeldSql(installed)
    long = jobs.job("long", held.step)
    jobs.run_now(long)
    jobs.wait_for_running(long)
    jobs.run(job)
    process = start(program, "log", "-d", installed.conninfo, "--follow", "--json")
    first = [json.loads(process.stdout.readline()) for _ in range(2)]
    assert [(entry["job"], entry["result"]) for entry in first] == [("long", "running"), ("good", "succeeded")]
    jobs.run(job)
    entry = json.loads(process.stdout.readline())
    assert (entry["job"], entry["run"]) == ("good", jobs.runs(job)[1][3])
    held.release()
    assert json.loads(process.stdout.readline())["run"] == jobs.runs(long)[0][3]
    installed.execute("INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpreason) VALUES (%s, now(), now(), 'busy')", job)
    assert json.loads(process.stdout.readline())["result"] == "skipped"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out, err) == (0, "", "")


def test_watching_while_the_server_is_restarted(program, make_cluster, agent, directory):
    """Who looks on is told, and goes on."""
    home = Database.create_installed(make_cluster().start())
    jobs, held = Jobs(home), HeldBatch(directory)
    one = agent(database=home)
    job = jobs.job("long", held.step)
    log = start(program, "log", "-d", home.conninfo, "--follow", "--json")
    run = start(program, "run", "-d", home.conninfo, "--follow", "long")
    jobs.wait_for_running(job, one)
    jobs.run_now(jobs.job("seen", sql("SELECT 1")))
    while json.loads(log.stdout.readline())["job"] != "seen":
        pass
    while "step 1" not in run.stdout.readline():  # now both look on
        pass
    home.close()
    home.cluster.stop("immediate")
    for process in (log, run):
        said = []
        while "trying for 5 minutes to connect again" not in "".join(said):
            said.append(process.stderr.readline())
            assert said[-1], f"it ended with {process.wait(timeout=60)}, having said {said}"
    home.cluster.start()
    for process in (log, run):
        assert process.stderr.readline().endswith("connected again\n")
    held.release()
    out, err = run.communicate(timeout=120)
    assert re.search(r"^run \d+ succeeded after ", out, re.MULTILINE) and (run.returncode, err) == (0, "")
    assert json.loads(log.stdout.readline())["job"] == "long"
    log.terminate()
    assert log.communicate(timeout=120) == ("", "")


def test_log_follow_one_job(program, installed, jobs, agent):
    agent()
    mine, other = jobs.job("mine", sql("SELECT 1")), jobs.job("other", sql("SELECT 1"))
    process = start(program, "log", "-d", installed.conninfo, "--follow", "-n", "5", "mine")
    assert cells(process.stdout.readline())[0] == "RUN"
    for job in (other, mine):
        jobs.run(job)
    assert cells(process.stdout.readline())[2:5] == ["mine", "manual", "succeeded"]
    process.terminate()
    assert process.communicate(timeout=120) == ("", "")


# ---- status, show, why ----

def test_status_of_nothing(told, read):
    assert told("status") == ["Agents", "none", "", "Running", "nothing", "", "Next", "nothing", "",
                              "History", "Runs in the log:          0", "Kept for:                 90 days",
                              "Newest of a job kept:     20", "Removed in the last day:  0", "", "Problems",
                              "ABOUT  NAME  STATE    PARTICULARS", "agent  none  problem  no agent is alive: nothing is run"]
    status = read("status")
    history = status.pop("history")
    assert (history["keeps"], history["newest_kept"], history["runs"], history["oldest_run"]) == ("90 days", 20, 0, None)
    assert {name: len(rows) for name, rows in status.items()} == {
        "agents": 0, "pause": 0, "running": 0, "late": 0, "next": 0, "skipped": 0, "problems": 1}


def test_status(told, read, jobs, agent, installed, daily):
    agent()
    held = HeldSql(installed)
    jobs.run_now(jobs.job("long", held.step))
    jobs.wait_for_running(installed.value("SELECT jobid FROM pgagent.pga_job WHERE jobname = 'long'"))
    jobs.job("elsewhere", sql("SELECT 1"), host="nowhere")
    told("run", "elsewhere")
    told("skip", "daily")
    status = read("status")
    assert [(one["agent"], one["state"], one["runs"]) for one in status["agents"]] == [("agent1", "alive", 1)]
    assert [(one["job"], one["step"], one["agent"]) for one in status["running"]] == [("long", "step 1", "agent1")]
    assert [one["job"] for one in status["late"]] == ["elsewhere"] and status["late"][0]["late_by"] >= 0
    assert [one["job"] for one in status["next"]] == ["daily"] and status["next"][0]["zone"] == "Asia/Tokyo"
    assert status["skipped"] == [{"reason": "skipped", "slots": 1, "jobs": 1}]
    assert ("host", "nowhere") in [(one["kind"], one["name"]) for one in status["problems"]]
    lines = told("status")
    assert [line for line in lines if line and lines[lines.index(line) - 1] == ""] == [
        "Running", "Due", "Next", "Skipped in the last day", "History", "Problems"]
    held.release()


def test_agents_of_one_name_have_their_own_runs(read, jobs, agent, installed):
    agent(name="one")
    agent(name="one")
    wait_until(lambda: len(read("status")["agents"]) == 2, "both are there")
    held = HeldSql(installed)
    job = jobs.job("long", held.step)
    jobs.run_now(job)
    jobs.wait_for_running(job)
    assert sorted((one["agent"], one["runs"]) for one in read("status")["agents"]) == [("one", 0), ("one", 1)]
    held.release()


def test_show(told, read, jobs, agent, installed, daily):
    agent()
    installed.execute("UPDATE pgagent.pga_job SET jobdesc = E'first\nsecond'")
    installed.execute("INSERT INTO pgagent.pga_exception (jexscid, jexdate, jextime) SELECT jscid, d, t FROM pgagent.pga_schedule,"
                      " (VALUES ('2030-12-24'::date, NULL::time), (NULL, '02:30')) v (d, t)")
    jobs.rule(daily, "weekly", rulweekdays=[1, 3], rulevery=2, rulstart="2090-01-02 00:00+00")
    jobs.step(daily, "a script", "b", "#!/bin/sh\necho hi\n")
    jobs.step(daily, "remote", "s", "SELECT 2", connstr="host=db1 password=gandalf", enabled=False)
    jobs.run(daily)
    text = "\n".join(told("show", "daily"))
    for part in ("Name:              daily", "Comment:           first\\nsecond", "Time zone:         Asia/Tokyo", "minutes 30; hours 2",
                 "2030-12-24  all day", "every day   02:30", "weekly every=2 weekdays=1,3", "a script", "disabled", "manual"):
        assert part in text, part
    assert "gandalf" not in text
    page = read("show", str(daily))
    assert page["job"]["comment"] == "first\nsecond" and page["job"]["why"]
    assert [step["step"] for step in page["steps"]] == ["a script", "remote", "step 1"]
    assert page["schedules"][0]["runs_at"] == "minutes 30; hours 2" and len(page["exceptions"]) == 2
    assert page["rules"][0]["says"] == "weekly every=2 weekdays=1,3" and page["requests"] == []
    assert [run["because"] for run in page["runs"]] == ["manual"] and "gandalf" not in json.dumps(page)


def test_why(told, read, jobs):
    job = jobs.job("asleep", enabled=False)
    assert "is disabled" in told("why", "asleep")[0]
    assert read("why", str(job))["why"] == told("why", "asleep")[0]


# ---- What it looks like ----

LONG = "a job whose name goes on and on so that no usual terminal could ever show all of it in one line with the rest"


def test_terminal(program, installed, jobs, daily):
    jobs.job(LONG)
    jobs.job("日本" * 30)
    words = ["jobs", "-d", installed.conninfo]
    out, code = run_on_terminal(program, *words, columns=100)
    assert code == 0 and ESCAPE in out and "…" in out
    plain = re.sub(r"\033\[\d*m", "", out).splitlines()
    assert max(len(line) + sum(letter in "日本" for letter in line) for line in plain) == 100
    assert LONG in run_on_terminal(program, *words, columns=300)[0]
    assert "…" in run_on_terminal(program, *words, columns=300, environment={"COLUMNS": "100"})[0]


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colours(program, installed, jobs, environment):
    jobs.job(LONG)
    out, _ = run_on_terminal(program, "jobs", "-d", installed.conninfo, environment=environment)
    assert ESCAPE not in out and "…" in out


def test_pipe(command, jobs):
    jobs.job(LONG)
    done = command("jobs", environment={"COLUMNS": "40", "TERM": "xterm"})
    assert ESCAPE not in done.stdout and LONG in done.stdout


NAMES = ['"quoted" \'and\' \\ %s', "two\nlines", "tab\there", "\033[31mred\033[0m", "日本", "e\u0301", "x" * 200, " ", "-d",
         "a\u202eb", "123 go"]


@pytest.mark.parametrize("name", NAMES)
def test_awkward_names(command, read, installed, jobs, name):
    job = jobs.job(name, sql("SELECT 1"))
    assert [(one["jobid"], one["job"]) for one in read("jobs")] == [(job, name)]
    assert read("run", "--", name)["jobid"] == job
    assert read("show", "--", name)["job"]["job"] == name
    for words in (["jobs"], ["status"], ["log"], ["show", str(job)], ["run", str(job)], ["why", str(job)]):
        out = command(*words).stdout
        assert all(letter.isprintable() or letter in "\n\u0301" for letter in out), words
    assert len(command("jobs").stdout.splitlines()) == 2


@pytest.mark.parametrize("encoding, name", [("LATIN1", "M\u00fcll"), ("SQL_ASCII", "M\u00fcll"), ("EUC_JP", "日本")])
def test_encodings(cluster, pgalmanac, encoding, name):
    database = Database.create_installed(cluster, f"in_{encoding}".lower(), encoding=encoding)
    try:
        with closing(database.connect()) as connection, connection.cursor() as cursor:
            connection.set_client_encoding("UTF8")
            cursor.execute("INSERT INTO pgagent.pga_job (jobjclid, jobname) VALUES (1, %s)", (name,))
        # The client's own wish does not count.
        done = pgalmanac("jobs", "-d", database.conninfo, environment={"PGCLIENTENCODING": "LATIN1"})
        assert name in done.stdout and (done.returncode, done.stderr) == (0, "")
        assert json.loads(pgalmanac("jobs", "--json", "-d", database.conninfo).stdout)[0]["job"] == name
        assert pgalmanac("run", "-d", database.conninfo, name).returncode == 0
        done = pgalmanac("run", "-d", database.conninfo, "\u0416\u20ac\U0001f600")  # not in LATIN1
        assert done.returncode == 2
    finally:
        database.drop()


def test_bytes_that_are_no_text(cluster, pgalmanac):
    database = Database.create_installed(cluster, "bytes", encoding="SQL_ASCII")
    try:
        database.execute("INSERT INTO pgagent.pga_job (jobjclid, jobname) VALUES (1, E'caf\\xe9')")
        assert "caf\\xe9" in pgalmanac("jobs", "-d", database.conninfo).stdout
        assert json.loads(pgalmanac("jobs", "--json", "-d", database.conninfo).stdout)[0]["job"] == "caf\ufffd"
    finally:
        database.drop()


def test_settings_of_the_role_change_nothing(cluster, installed, told, read, daily):
    before = read("jobs")[0]["next_run"]
    installed.execute(f"ALTER DATABASE {installed.name} SET datestyle = 'German'")
    installed.execute(f"ALTER DATABASE {installed.name} SET timezone = 'Asia/Kolkata'")
    installed.execute(f"ALTER DATABASE {installed.name} SET intervalstyle = 'iso_8601'")
    installed.execute(f"ALTER DATABASE {installed.name} SET search_path = nowhere")
    assert read("jobs")[0]["next_run"] == before
    assert read("status")["next"][0]["next_run"] == before


def test_answer_that_cannot_be_written(installed, program):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([program, "status", "-d", installed.conninfo], stdin=subprocess.DEVNULL, stdout=full,
                              stderr=subprocess.PIPE, timeout=120, env=clean_environment(), **popen_user(), check=False)
    assert done.returncode == 3 and b"could not write the answer: No space left" in done.stderr

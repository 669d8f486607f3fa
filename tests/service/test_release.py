# SPDX-License-Identifier: PostgreSQL
"""setup --release: the tables go back to pgAgent, which works on them as if nothing had been."""
import json
from contextlib import closing

import pytest

import test_pgadmin
from adopting import dump, install_pgagent, restore
from harness import pgadmin as sent
from harness.holding import HeldBatch
from harness.jobs import Jobs, batch, flags, sql
from harness.pgadmin import PgAdmin
from harness.pgagent import PgAgent, needs_pgagent
from harness.waiting import wait_until
from test_schema import QUERIES, real  # noqa: F401 (a fixture)

pytestmark = pytest.mark.mainly_sql

# What stays ours because pgAgent's own is wrong: how it plans, and that two schedules cannot share a holiday.
CORRECTED = {
    "functions": dict.fromkeys((
        "pgagent.pga_zone_works(text)", "pgagent.pga_utc_offset(bigint,text)",
        "pgagent.pga_schedule_after(timestamp with time zone,text,timestamp with time zone,timestamp with time zone,"
        "boolean[],boolean[],boolean[],boolean[],boolean[],date[],time without time zone[])")),
    "indexes": {
        "pga_exception_datetime":
            "CREATE UNIQUE INDEX pga_exception_datetime ON pgagent.pga_exception USING btree (jexscid, jexdate, jextime)"},
}
OPTIONS = "SELECT relname, reloptions FROM pg_class WHERE relnamespace = 'pgagent'::regnamespace AND reloptions IS NOT NULL"
# All that a release might touch.
EVERYTHING = """
    SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod) FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'pgagent'::regnamespace
    UNION ALL SELECT 'function', oid::regprocedure::text, md5(prosrc) FROM pg_proc WHERE pronamespace = 'pgagent'::regnamespace
    UNION ALL SELECT 'trigger', tgname::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'job', jobid::text, j::text FROM pgagent.pga_job j
    UNION ALL SELECT 'run', jlgid::text, l::text FROM pgagent.pga_joblog l
    UNION ALL SELECT 'step', jslid::text, l::text FROM pgagent.pga_jobsteplog l
    ORDER BY 1, 2, 3"""
NEXT = "SELECT jobnextrun FROM pgagent.pga_job WHERE jobid = %s"


@pytest.fixture
def release(pgalmanac, installed):
    """Gives the tables of `installed` back; `code` is the exit code that the test expects."""
    def run(*options, code=0):
        done = pgalmanac("setup", "--release", "-d", installed.conninfo, *options)
        assert done.returncode == code, done.stdout + done.stderr
        return done
    return run


def findings(release, *options):
    """What it says, without what it says of all: {(kind, job): [message]}"""
    found = {}
    for row in json.loads(release("--json", *options).stdout)["findings"]:
        found.setdefault((row["kind"], row["jobid"]), []).append(row["message"])
    return found


def runs(database, job):
    """Status and output of the steps of its runs, in stock columns."""
    return database.query("SELECT jlgstatus, jslstatus, jslresult, jsloutput FROM pgagent.pga_joblog"
                          " LEFT JOIN pgagent.pga_jobsteplog ON jsljlgid = jlgid WHERE jlgjobid = %s ORDER BY jlgid, jslid", job)


def wait_for_pgagent(database, job, count, old):
    wait_until(lambda: database.value("SELECT count(*) FROM pgagent.pga_joblog WHERE jlgjobid = %s AND jlgstatus <> 'r'",
                                      job) >= count, f"pgAgent has run job {job}", old)
    wait_until(lambda: database.value("SELECT jobagentid IS NULL FROM pgagent.pga_job WHERE jobid = %s", job), "and let go", old)
    return runs(database, job)


# The shape

@pytest.mark.parametrize("kind", QUERIES)
def test_the_tables_are_as_pgagent_makes_them(installed, release, real, kind):  # noqa: F811
    release()
    theirs = dict(real.query(QUERIES[kind]))
    found = dict(installed.query(QUERIES[kind]))
    corrected = CORRECTED.get(kind, {})
    assert corrected.keys() <= found.keys()
    assert found == {**theirs, **{name: definition or found[name] for name, definition in corrected.items()}}


@pytest.mark.core
def test_nothing_else_is_left(installed, release):
    release()
    assert installed.query(OPTIONS) == []
    assert installed.query("SELECT relname FROM pg_class WHERE relnamespace = 'pgagent'::regnamespace AND relkind IN ('v', 'm')") == []
    assert installed.query("SELECT typname FROM pg_type t WHERE typnamespace = 'pgagent'::regnamespace AND typrelid = 0"
                           " AND typelem = 0") == []
    assert installed.value("SELECT pgagent.pgagent_schema_version()") == 4
    assert installed.query("SELECT proconfig FROM pg_proc WHERE proname = 'pga_next_schedule'") == [
        (["search_path=pg_catalog, pg_temp", "TimeZone=UTC"],)]


def test_again_is_refused(installed, release):
    release()
    assert "nothing to give back" in release(code=3).stderr


def test_grants_and_comments_stay(jobs, installed, release):
    installed.execute("CREATE ROLE reader; GRANT USAGE ON SCHEMA pgagent TO reader; GRANT SELECT ON pgagent.pga_job TO reader;"
                      " GRANT EXECUTE ON FUNCTION pgagent.pga_job_trigger() TO reader;"
                      " COMMENT ON TABLE pgagent.pga_job IS 'mine'")
    try:
        grants = "SELECT relname, relacl::text FROM pg_class WHERE relname = 'pga_job'" \
                 " UNION ALL SELECT proname, proacl::text FROM pg_proc WHERE proname = 'pga_job_trigger'"
        before = installed.query(grants)
        release()
        assert installed.query(grants) == before
        assert installed.value("SELECT obj_description('pgagent.pga_job'::regclass)") == "mine"
    finally:
        installed.execute("DROP OWNED BY reader; DROP ROLE reader")


def test_sequences_are_not_behind(installed, release):
    installed.execute("INSERT INTO pgagent.pga_job (jobid, jobjclid, jobname) VALUES (41, 1, 'restored')")
    release()
    assert installed.value("INSERT INTO pgagent.pga_job (jobjclid, jobname) VALUES (1, 'next') RETURNING jobid") == 42
    assert installed.value("INSERT INTO pgagent.pga_jobclass (jclname) VALUES ('next') RETURNING jclid") == 6


# Jobs

def test_what_pgagent_cannot_run(jobs, installed, release):
    """It is disabled and told, whatever else the job has."""
    plain = jobs.job("plain", sql("SELECT 1"))
    with_rule = jobs.job("with rule", sql("SELECT 1"))
    jobs.schedule(with_rule, minutes=[7])
    jobs.rule(with_rule, "cron", rultext="30 2 * * mon-fri")
    with_exception = jobs.job("with exception", sql("SELECT 1"))
    jobs.rule(with_exception, "weekly", rulexception=True)
    with_kind = jobs.job("with kind", sql("#!pgalmanac http\nGET http://localhost/"), sql("SELECT 1"))
    with_other_rule = jobs.job("rule is off", sql("SELECT 1"))
    jobs.rule(with_other_rule, "daily", rulenabled=False)
    with_other_step = jobs.job("step is off", sql("#!pgalmanac http\nGET http://localhost/", enabled=False))
    off = jobs.job("off", enabled=False)
    jobs.rule(off, "daily")
    found = findings(release)
    assert [job for kind, job in found if kind == "disabled"] == [with_rule, with_exception, with_kind]
    assert found["disabled", with_rule] == ["it has rules, which pgAgent does not know: cron '30 2 * * mon-fri'"]
    assert found["disabled", with_exception] == ["it has rules, which pgAgent does not know: weekly (exception)"]
    assert found["disabled", with_kind] == ['step "step 1" is of a kind that pgAgent does not know: #!pgalmanac http']
    rule, = found["lost", with_rule]
    assert json.loads(rule.removeprefix("rule ")).items() > {"rulkind": "cron", "rultext": "30 2 * * mon-fri"}.items()
    assert {job for kind, job in found if kind == "lost" and job} == {with_rule, with_exception, with_other_rule, off}
    assert installed.query("SELECT jobid FROM pgagent.pga_job WHERE jobenabled ORDER BY 1") == [
        (plain,), (with_other_rule,), (with_other_step,)]
    assert installed.query("SELECT FROM pgagent.pga_job WHERE NOT jobenabled AND jobnextrun IS NOT NULL") == []


def test_what_changes_and_what_is_lost(jobs, installed, release):
    zone = jobs.job("zone", jobtimezone="Asia/Tokyo")
    schedule = jobs.schedule(zone, hours=[9], minutes=[0])
    other = jobs.job("zone of the schedule")
    installed.execute("UPDATE pgagent.pga_schedule SET jsctimezone = 'Europe/Berlin' WHERE jscid = %s",
                      jobs.schedule(other, hours=[9], minutes=[0]))
    limited = jobs.job("limited", sql("SELECT 1", timeout="5 s"), jobtimeout="10 s", jobmissed="all", jobbusy="queue")
    host = jobs.job("host", host="agent7")
    blank = jobs.job("blank", sql("SELECT 1", dbname="my db"))
    installed.execute("INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpreason) VALUES (%s, now(), now(), 'busy')", zone)
    installed.execute("SELECT pgagent.pause('2090-01-01 00:00+00')")
    found = findings(release)
    assert schedule and found == {
        ("changed", None): ["the pause until 2090-01-01 00:00:00+00 ends now"],
        ("changed", zone): ['schedule "schedule" was read in Asia/Tokyo, and is in UTC from now on'],
        ("changed", other): ['schedule "schedule" was read in Europe/Berlin, and is in UTC from now on'],
        ("changed", host): ['it is for "agent7": pgAgent takes that for the name of a host, never of an agent'],
        ("changed", blank): ['step "step 1" runs in database "my db": pgAgent cannot connect to names with blanks, quotes or'
                             ' backslashes'],
        ("lost", limited): ["its time limit of 00:00:10", 'the time limit of 00:00:05 of step "step 1"', "its jobbusy: queue",
                            "its jobmissed: all"],
        ("lost", None): ["1 rows of pga_skipped: which slots did not run, and why"],
    }
    assert installed.value("SELECT extract(hour FROM jobnextrun) FROM pgagent.pga_job WHERE jobid = %s", zone) == 9


@pytest.mark.core
def test_next_runs(jobs, installed, release):
    """What is due or was asked for stays, what is to come is planned in the setting's zone whatever session asks."""
    installed.execute("UPDATE pgagent.pga_setting SET setvalue = 'Asia/Kolkata' WHERE setname = 'timezone'")
    daily, due, wished, never, off = (jobs.job(name) for name in ("daily", "due", "wished", "never", "off"))
    for job in (daily, due, wished, off):
        jobs.schedule(job, hours=[2], minutes=[30])
    jobs.schedule(never, months=[1], monthdays=[29])
    jobs.schedule(jobs.job("the 31st"), monthdays=[31], hours=[0], minutes=[0])
    jobs.make_due(due)
    installed.execute("UPDATE pgagent.pga_job SET jobnextrun = '2090-01-01 00:00+00' WHERE jobid = %s", wished)
    installed.execute("UPDATE pgagent.pga_job SET jobnextrun = now() + interval '1 h' WHERE jobid = %s", wished)
    installed.execute("UPDATE pgagent.pga_job SET jobenabled = false WHERE jobid = %s", off)
    wish, late = installed.value(NEXT, wished), installed.value(NEXT, due)
    found = findings(release)
    assert set(found) == {("due", due), ("lost", wished)}
    assert "run, at 2090-01-01" in found["lost", wished][0]
    assert installed.value(NEXT, due) == late and installed.value(NEXT, wished) == wish
    assert installed.value(NEXT, never) is None and installed.value(NEXT, off) is None
    planned = "SELECT jobnextrun > now() AND (jobnextrun AT TIME ZONE 'Asia/Kolkata')::time = '02:30' FROM pgagent.pga_job WHERE jobid = %s"
    assert installed.value(planned, daily)
    with closing(installed.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SET timezone = 'America/New_York'")
        cursor.execute("UPDATE pgagent.pga_job SET jobnextrun = NULL WHERE jobid IN (%s, %s)", (daily, due))
        cursor.execute("UPDATE pgagent.pga_job SET jobenabled = true WHERE jobid = %s", (off,))
    assert all(installed.value(planned, job) for job in (daily, due, off))


def test_a_zone_that_sql_cannot_compute_with(installed, release):
    installed.execute("UPDATE pgagent.pga_setting SET setvalue = 'MET' WHERE setname = 'timezone'")
    assert "fixed offset" in release(code=2).stderr
    assert "do not go together" in release("--timezone", "UTC", code=1).stderr


# Agents

def test_refused_while_an_agent_lives(jobs, agent, installed, release):
    one = agent(name="alive")
    assert 'agents are at work on these tables: "alive" on' in release(code=3).stderr
    release("--dry-run")  # looking is allowed
    assert jobs.run(jobs.job("goes on", sql("SELECT 1")), one)[0] == "s"
    assert one.terminate() == 0
    release()


@pytest.mark.core
def test_an_agent_that_was_forced_out(jobs, agent, installed, release, directory):
    """Its runs are closed and their SQL is ended; it does nothing more, and says why."""
    script = HeldBatch(directory)
    one = agent("--grace", "0", "--batch", "on", name="alive")
    made = [jobs.job("sql", sql("SELECT pg_sleep(300)")), jobs.job("batch", script.step)]
    for job in made:
        jobs.run_now(job)
        jobs.wait_for_running(job, one)
    found = findings(release, "--force")
    for job in made:
        assert "is closed as stopped before its end (d)" in found["stopped", job][0]
        (status, step, _, output), = runs(installed, job)
        assert (status, step) == ("d", "d") and "given back to pgAgent" in output
    assert installed.value("SELECT count(*) FROM pgagent.pga_jobagent") == 0
    assert installed.value("SELECT bool_and(jobagentid IS NULL AND jlgduration IS NOT NULL) FROM pgagent.pga_job, pgagent.pga_joblog")
    wait_until(lambda: not installed.value("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(300)'"),
               "its SQL is ended", one)
    one.wait_for_log("has pgAgent's own tables")
    script.release()
    one.terminate()
    assert [runs(installed, job)[0][:2] for job in made] == [("d", "d")] * 2


def test_what_a_dead_agent_left(jobs, agent, installed, release):
    """Its lease has ended, nobody has buried it."""
    one = agent(name="victim")
    job = jobs.job("left", sql("SELECT pg_sleep(300)"))
    jobs.schedule(job, minutes=[7], hours=[3])
    jobs.run_now(job)
    jobs.wait_for_running(job, one)
    one.kill()
    installed.execute("UPDATE pgagent.pga_jobagent SET jaglease = now() - interval '1 s'")
    assert ("stopped", job) in findings(release)
    assert [run[:2] for run in runs(installed, job)] == [("d", "d")]
    assert installed.value("SELECT jobagentid IS NULL AND jobnextrun > now() FROM pgagent.pga_job")


# All or nothing

def test_dry_run_changes_nothing_and_prints_what_would_run(jobs, installed, release):
    job = jobs.job("with\nDROP", sql("SELECT 1"))
    jobs.rule(job, "daily")
    before = installed.query(EVERYTHING)
    assert findings(release, "--dry-run")["disabled", job]
    script = release("--dry-run").stdout
    assert f'-- disabled  job {job} "with\\nDROP": it has rules' in script
    assert installed.query(EVERYTHING) == before
    with closing(installed.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(script)
    assert installed.query("SELECT jobenabled FROM pgagent.pga_job") == [(False,)]
    assert "nothing to give back" in release(code=3).stderr


@pytest.mark.core
def test_what_others_have_built_on_ours_is_not_dropped(jobs, installed, release):
    """A failure in the middle leaves everything as it was."""
    jobs.rule(jobs.job("with rule"), "daily")
    installed.execute("CREATE VIEW mine AS SELECT jlgid, jlgreason FROM pgagent.pga_joblog;"
                      " CREATE TABLE pgagent.pga_mine (x int)")
    before = installed.query(EVERYTHING)
    said = release(code=3).stderr
    assert "nothing was changed" in said and "view public.mine depends on" in said
    assert installed.query(EVERYTHING) == before
    installed.execute("DROP VIEW mine")
    release()
    assert installed.value("SELECT count(*) FROM pgagent.pga_mine") == 0


@pytest.mark.core
def test_names_that_people_share_with_us_are_theirs(installed, release):
    """A function with other arguments, a column or table called as one of our functions."""
    installed.execute("CREATE FUNCTION pgagent.run_job(job int4) RETURNS int4 LANGUAGE sql AS 'SELECT 41 + job';"
                      " CREATE TABLE pgagent.pause (x int); INSERT INTO pgagent.pause VALUES (43);"
                      " ALTER TABLE pgagent.pga_job ADD COLUMN why text DEFAULT 'because'")
    release()
    assert installed.value("SELECT pgagent.run_job(1)") == 42
    assert installed.value("SELECT x FROM pgagent.pause") == 43
    assert installed.value("SELECT count(why) FROM pgagent.pga_job") == 0


def test_somebody_holds_the_tables(jobs, installed, release):
    job = jobs.job("held")
    other = installed.connect(autocommit=False)
    other.cursor().execute("SELECT FROM pgagent.pga_job WHERE jobid = %s FOR UPDATE", (job,))
    said = release(code=3).stderr
    assert "for 10 s, and nothing was changed" in said and f"process {other.info.backend_pid} (role postgres" in said
    release("--dry-run")
    other.close()
    release()


def test_tables_of_another_version(installed, release):
    installed.execute("UPDATE pgagent.pga_setting SET setvalue = '1' WHERE setname = 'schema_version'")
    assert "run pgalmanac setup" in release(code=3).stderr


def test_only_the_owner_can(installed, pgalmanac):
    installed.execute("CREATE ROLE guest LOGIN; GRANT USAGE ON SCHEMA pgagent TO guest;"
                      " GRANT ALL ON ALL TABLES IN SCHEMA pgagent TO guest")
    try:
        before = installed.query(EVERYTHING)
        done = pgalmanac("setup", "--release", "-d", installed.cluster.conninfo(installed.name, "guest"))
        assert done.returncode == 3 and "must be owner" in done.stderr
        assert installed.query(EVERYTHING) == before
    finally:
        installed.execute("DROP OWNED BY guest; DROP ROLE guest")


# pgAgent and pgAdmin at work on them

@pytest.fixture
def old_agent(installed):
    """A role of a pgAgent that owns nothing."""
    installed.execute(test_pgadmin.GRANT.format("old_agent"))
    yield "old_agent"
    installed.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'old_agent'")
    installed.execute("DROP OWNED BY old_agent; DROP ROLE old_agent")


@pytest.mark.core
@needs_pgagent
def test_pgagent_goes_on(jobs, agent, installed, release, old_agent):
    """Jobs that ours has run, by hand, by schedule and missed; SQL and batch; its log is continued. Its role's grants are older."""
    made = jobs.job("sql", sql("SELECT 1"))
    script = jobs.job("batch", batch("echo hello"))
    planned = jobs.job("planned", sql("SELECT 1"))
    jobs.schedule(planned, minutes=[7], hours=[3])
    refused = jobs.job("rule", sql("SELECT 1"))
    jobs.rule(refused, "daily", rulstart="2090-01-01")
    one = agent("--batch", "on")
    for job in (made, script):
        assert jobs.run(job, one)[0] == "s"
    assert one.terminate() == 0
    jobs.make_due(planned)
    release()
    with PgAgent(installed, old_agent) as old:
        assert wait_for_pgagent(installed, planned, 1, old) == [("s", "s", 1, "")]
        assert installed.value("SELECT jobnextrun > now() FROM pgagent.pga_job WHERE jobid = %s", planned)
        for job in (made, script, refused):
            installed.execute(sent.run_now(job))
        assert [run[:3] for run in wait_for_pgagent(installed, made, 2, old)] == [("s", "s", 1)] * 2
        assert [run[0] for run in wait_for_pgagent(installed, script, 2, old)] == ["s", "s"]
        assert "hello" in runs(installed, script)[1][3]
        installed.execute("INSERT INTO pgagent.pga_schedule (jscjobid, jscname, jscstart, jscminutes) VALUES (%s, 'x', now(), %s)",
                          made, flags(60, [5]))
        assert installed.value(NEXT, made) is not None
        assert runs(installed, refused) == []
    assert installed.value("SELECT count(*) FROM pgagent.pga_joblog WHERE jlgstatus NOT IN ('s')") == 0


@needs_pgagent
def test_pgagent_sweeps_after_a_crash(installed, release):
    """Its start-up statements, which free jobs by planning them."""
    release()
    job = installed.value("INSERT INTO pgagent.pga_job (jobjclid, jobname) VALUES (1, 'the 31st of some months') RETURNING jobid")
    installed.execute("INSERT INTO pgagent.pga_schedule (jscjobid, jscname, jscmonthdays) VALUES (%s, 'x', %s)", job, flags(32, [30]))
    installed.execute("INSERT INTO pgagent.pga_jobagent (jagpid, jagstation) VALUES (4000000, 'gone');"
                      " UPDATE pgagent.pga_job SET jobagentid = 4000000, jobnextrun = now() - interval '1 d';"
                      " INSERT INTO pgagent.pga_joblog (jlgjobid) SELECT jobid FROM pgagent.pga_job")
    with PgAgent(installed):
        assert installed.query("SELECT jlgstatus FROM pgagent.pga_joblog") == [("d",)]
        assert installed.query("SELECT jobagentid, jobnextrun > now() FROM pgagent.pga_job") == [(None, True)]


@pytest.fixture
def pgadmin(installed, release):
    """pgAdmin's session on tables that were given back, of somebody whose grants are older than that."""
    installed.execute(test_pgadmin.GRANT.format("clicker"))
    release()
    connection = installed.connect("clicker")
    yield PgAdmin(connection)
    connection.close()
    installed.execute("DROP OWNED BY clicker; DROP ROLE clicker")


@pytest.mark.parametrize("what", [
    "the_tree_is_shown", "nodes", "types", "create", "create_without_anything", "create_that_fails_leaves_nothing", "any_text",
    "add_a_schedule", "add_a_step", "what_pgadmins_own_tests_insert", "the_same_holiday_twice", "the_sql_tab_clones_the_job",
    "an_edit_is_atomic", "steps_change_their_place", "edit_a_schedule", "delete_steps_and_schedules", "disable_and_enable"])
def test_pgadmin_on_them(pgadmin, what):
    getattr(test_pgadmin, "test_" + what)(pgadmin)


def test_pgadmin_runs_and_deletes(pgadmin):
    job = pgadmin.create_job(**test_pgadmin.WHOLE)
    pgadmin.run_now(job)
    assert pgadmin.job(job)["jobnextrun"] <= test_pgadmin.at(pgadmin, "now")
    for change, planned in (("UPDATE pgagent.pga_exception SET jexdate = '2090-01-03' WHERE jextime IS NULL", "2090-01-01 09:00+00"),
                            ("UPDATE pgagent.pga_exception SET jexdate = '2090-01-01'", "2090-01-02 09:00+00"),
                            ("DELETE FROM pgagent.pga_exception", "2090-01-01 09:00+00")):
        pgadmin.send(change)
        assert pgadmin.job(job)["jobnextrun"] == test_pgadmin.at(pgadmin, planned)
    pgadmin.delete_job(job)
    assert pgadmin.send("SELECT jscid FROM pgagent.pga_schedule UNION ALL SELECT jobid FROM pgagent.pga_job") == []


# There and back again

@pytest.mark.core
@needs_pgagent
def test_from_a_dump(jobs, agent, installed, database, pgalmanac):
    """Dumped from under an agent, restored without any extension, run, given back, run by a pgAgent."""
    one = agent()
    job = jobs.job("moved", sql("SELECT 1", dbname=database.name))
    jobs.schedule(job, minutes=[7], hours=[3])
    jobs.rule(job, "daily", rulstart="2090-01-01", rulenabled=False)
    jobs.run_now(job)
    jobs.wait_for_runs(job, agent=one)
    jobs.wait_until_settled(one)
    dumped = dump(installed)
    assert one.terminate() == 0
    restore(dumped, database)
    assert pgalmanac("setup", "-d", database.conninfo).returncode == 0
    assert pgalmanac("setup", "--release", "--force", "-d", database.conninfo).returncode == 0
    with PgAgent(database) as old:
        database.execute(sent.run_now(job))
        assert [run[:2] for run in wait_for_pgagent(database, job, 2, old)] == [("s", "s")] * 2
    assert database.value("INSERT INTO pgagent.pga_job (jobjclid, jobname) VALUES (1, 'next') RETURNING jobid") == job + 1


def test_the_zone_is_kept_for_when_we_come_back(installed, release, pgalmanac):
    installed.execute("UPDATE pgagent.pga_setting SET setvalue = 'Asia/Kolkata' WHERE setname = 'timezone'")
    release()
    done = pgalmanac("setup", "-d", installed.conninfo)
    assert "time zone Asia/Kolkata (that in which pga_next_schedule plans)" in done.stdout, done.stdout + done.stderr
    assert installed.value("SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone'") == "Asia/Kolkata"


@pytest.mark.core
@needs_pgagent
def test_there_and_back_twice(agent, pgalmanac, database):
    """A real pgAgent's tables are taken over, given back and taken over again: each runs the jobs in its turn."""
    install_pgagent(database)
    jobs = Jobs(database)
    job = database.value("INSERT INTO pgagent.pga_job (jobjclid, jobname) VALUES (1, 'both') RETURNING jobid")
    database.execute("INSERT INTO pgagent.pga_jobstep (jstjobid, jstname, jstkind, jstcode, jstdbname)"
                     " VALUES (%s, 'one', 's', 'SELECT 1', %s)", job, database.name)
    database.execute("INSERT INTO pgagent.pga_schedule (jscjobid, jscname, jschours, jscminutes) VALUES (%s, 'x', %s, %s)",
                     job, flags(24, [3]), flags(60, [30]))
    plan = database.value(NEXT, job)
    catalogs = []
    for count in (1, 3):
        with PgAgent(database) as old:
            database.execute(sent.run_now(job))
            wait_for_pgagent(database, job, count, old)
        assert database.value(NEXT, job) == plan
        for words in ([], ["--release"], []):
            done = pgalmanac("setup", *words, "-d", database.conninfo)
            assert done.returncode == 0, done.stdout + done.stderr
            assert database.value(NEXT, job) == plan
        catalogs.append(database.query(EVERYTHING.split("UNION ALL SELECT 'job'")[0] + " ORDER BY 1, 2, 3"))
        one = agent(database=database, name=f"agent{count}")
        assert jobs.run(job, one)[0] == "s"
        jobs.wait_until_settled(one)
        assert one.terminate() == 0
        assert pgalmanac("setup", "--release", "-d", database.conninfo).returncode == 0
        assert database.value(NEXT, job) == plan
    assert catalogs[0] == catalogs[1]
    assert [run[:2] for run in runs(database, job)] == [("s", "s")] * 4
    with PgAgent(database) as old:
        database.execute(sent.run_now(job))
        wait_for_pgagent(database, job, 5, old)

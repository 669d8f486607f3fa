# SPDX-License-Identifier: PostgreSQL
"""pgalmanac setup on the tables of a pgAgent: Debian's real extension, its older shapes, and plain tables."""
import itertools
import json
import os
import subprocess
from contextlib import closing, contextmanager

import psycopg2
import pytest

from harness import Database
from harness.database import schema_files
from harness.jobs import ALWAYS, Jobs
from harness.pgadmin import SCHEDULE, STEP, PgAdmin
from harness.users import clean_environment, popen_user
from harness.waiting import wait_until
from test_schema import QUERIES

pytestmark = [pytest.mark.core,
              pytest.mark.skipif(not os.path.exists("/usr/bin/pgagent"), reason="pgagent is not installed")]

numbers = itertools.count(1)
COMMENTS = """
    SELECT i.type, i.identity, d.description FROM pg_description d
    CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i
    WHERE i.schema = 'pgagent' OR i.identity LIKE '%pgagent.%' OR (i.type = 'schema' AND i.identity = 'pgagent')"""
STORAGE = "SELECT relname::text, reloptions FROM pg_class WHERE relnamespace = 'pgagent'::regnamespace"
SOURCES = "SELECT oid::regprocedure::text, md5(prosrc), prosecdef, proconfig FROM pg_proc WHERE pronamespace = 'pgagent'::regnamespace"
TABLES = ("pga_jobagent", "pga_jobclass", "pga_job", "pga_jobstep", "pga_schedule", "pga_exception", "pga_joblog", "pga_jobsteplog")


# ---- Databases ----

@pytest.fixture
def make_stock(cluster):
    """Makes databases with the real extension."""
    made = []

    def make(name="stock"):
        made.append(Database.create(cluster, f"{name}{next(numbers)}"))
        made[-1].execute("CREATE EXTENSION pgagent")
        return made[-1]

    yield make
    for database in made:
        database.drop()


@pytest.fixture
def stock(make_stock):
    return make_stock()


@pytest.fixture
def jobs(stock):
    return Jobs(stock)


@pytest.fixture
def make_empty(cluster):
    made = []

    def make():
        made.append(Database.create(cluster, f"empty_{next(numbers)}"))
        return made[-1]

    yield make
    for database in made:
        database.drop()


@pytest.fixture
def adopt(pgalmanac, stock):
    """Runs setup; gives what it printed (of --json: parsed), of a refusal the error."""
    def run(*options, database=stock, code=0, user=None):
        done = pgalmanac("setup", "-d", database.cluster.conninfo(database.name, user), *options)
        assert done.returncode == code, done.stdout + done.stderr
        if code != 0:
            return done.stderr
        return json.loads(done.stdout) if "--json" in options else done.stdout
    return run


@contextmanager
def stock_agent(database, user=None):
    """Debian's pgagent, until it is killed."""
    before = database.value("SELECT count(*) FROM pgagent.pga_jobagent")
    process = subprocess.Popen(["/usr/bin/pgagent", "-f", "-t", "1", "-l", "2", database.cluster.conninfo(database.name, user)],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env=clean_environment(), **popen_user())
    try:
        wait_until(lambda: database.value("SELECT count(*) FROM pgagent.pga_jobagent") > before, "pgAgent is registered")
        yield process
    finally:
        process.kill()
        process.wait(timeout=60)
        wait_until(lambda: not database.value(
            "SELECT count(*) FROM pg_stat_activity a JOIN pgagent.pga_jobagent j ON j.jagpid = a.pid AND j.jaguuid IS NULL"
            if database.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'pgagent.pga_jobagent'::regclass"
                              " AND attname = 'jaguuid'")
            else "SELECT count(*) FROM pg_stat_activity a JOIN pgagent.pga_jobagent j ON j.jagpid = a.pid"),
                   "pgAgent's connection is gone")


def dump(database):
    """As pg_dump writes it, without the random word that newer versions put in."""
    text = subprocess.run([os.path.join(database.cluster.bindir, "pg_dump"), "-d", database.conninfo], check=True,
                          stdout=subprocess.PIPE, text=True, env=clean_environment(), **popen_user()).stdout
    return "\n".join(line for line in text.split("\n") if not line.startswith(("\\restrict", "\\unrestrict")))


def restore(text, database):
    subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database.conninfo], check=True, input=text, text=True,
                   stdout=subprocess.DEVNULL, env=clean_environment(), **popen_user())


def catalogs(database):
    """All that defines the schema, without what people and programs have put in."""
    found = {kind: sorted(database.query(query)) for kind, query in QUERIES.items()}
    found["comments"] = sorted(database.query(COMMENTS))
    found["storage"] = sorted(database.query(STORAGE), key=str)
    found["sources"] = sorted(database.query(SOURCES), key=str)
    return found


def step(database, job, code, kind="s"):
    """Of stock columns only."""
    return database.value(
        "INSERT INTO pgagent.pga_jobstep (jstjobid, jstname, jstkind, jstcode, jstdbname) VALUES (%s, 'step', %s, %s, %s)"
        " RETURNING jstid", job, kind, code, database.name if kind == "s" else "")


def set_by_force(database, job, **columns):
    """As if it had happened: pgAgent's trigger does not see it."""
    for column, value in columns.items():
        database.execute("ALTER TABLE pgagent.pga_job DISABLE TRIGGER USER")
        database.execute(f"UPDATE pgagent.pga_job SET {column} = {value} WHERE jobid = %s", job)
        database.execute("ALTER TABLE pgagent.pga_job ENABLE TRIGGER USER")


def report_of(said, job):
    return next(row for row in said["adopted"]["jobs"] if row["jobid"] == job)


# ---- The same tables, wherever they come from ----

def older(database):
    """3.4 differs from 4.2 in what its functions say only."""
    database.execute("CREATE OR REPLACE FUNCTION pgagent.pgagent_schema_version() RETURNS int2 LANGUAGE plpgsql AS"
                     " 'BEGIN RETURN 3; END'")
    database.execute("UPDATE pg_extension SET extversion = '3.4' WHERE extname = 'pgagent'")


def plain(database):
    for kind, name in database.query(
            "SELECT i.type, i.identity FROM pg_depend d, pg_identify_object(d.classid, d.objid, 0) i WHERE d.deptype = 'e'"
            " AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pgagent')"):
        database.execute(f"ALTER EXTENSION pgagent DROP {kind} {name}")
    database.execute("DROP EXTENSION pgagent")


@pytest.fixture(scope="module")
def fresh_catalogs(cluster, program):
    made = Database.create(cluster, "fresh_of_adopt")
    done = subprocess.run([program, "setup", "-d", made.conninfo], env=clean_environment(), **popen_user(), check=True,
                          stdout=subprocess.DEVNULL)
    assert done.returncode == 0
    yield catalogs(made)
    made.drop()


@pytest.mark.parametrize("shape, extension", [(None, "4.2"), (older, "3.4"), (plain, None)])
def test_catalogs_are_those_of_a_fresh_installation(adopt, stock, fresh_catalogs, shape, extension):
    if shape:
        shape(stock)
    said = adopt("--json")
    assert said["adopted"]["extension"] == extension
    assert said["installed"] == [os.path.basename(path) for _, path in schema_files()]
    found = catalogs(stock)
    for kind, expected in fresh_catalogs.items():
        assert found[kind] == expected, kind
    assert stock.value("SELECT count(*) FROM pg_extension WHERE extname = 'pgagent'") == 0
    assert stock.value("SELECT count(*) FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'"
                       " AND refobjid NOT IN (SELECT oid FROM pg_extension)") == 0
    assert stock.query("SELECT setname, setvalue FROM pgagent.pga_setting ORDER BY 1") == [
        ("retention", "off"), ("schema_version", str(len(schema_files()))), ("timezone", "UTC")]
    assert "nothing to install" in adopt()


def test_given_back_and_taken_again(adopt, stock, fresh_catalogs):
    adopt()
    adopt("--release")
    adopt()
    found = catalogs(stock)
    columns = [(name, definition.split(" ", 1)[1]) for name, definition in found["columns"]]
    assert columns == [(name, definition.split(" ", 1)[1]) for name, definition in fresh_catalogs["columns"]]
    for kind in fresh_catalogs.keys() - {"columns"}:
        assert found[kind] == fresh_catalogs[kind], kind


# ---- History, dump and restore ----

def test_history_of_the_real_pgagent_goes_on_with_our_agent(adopt, stock, jobs, agent, make_empty):
    job = jobs.job("both")
    step(stock, job, "CREATE TABLE IF NOT EXISTS seen (); SELECT 1")
    jobs.schedule(job, minutes=[7], hours=[3])
    long = jobs.job("long")
    step(stock, long, "SELECT pg_sleep(300)")
    with stock_agent(stock):
        jobs.run_now(job)
        wait_until(lambda: stock.value("SELECT count(*) FROM pgagent.pga_joblog WHERE jlgstatus = 's'"), "it has run")
        jobs.run_now(long)
        wait_until(lambda: stock.value("SELECT count(*) FROM pgagent.pga_jobsteplog WHERE jslstatus = 'r'"), "it runs")
    before = stock.query("SELECT jlgid, jlgjobid, jlgstart FROM pgagent.pga_joblog ORDER BY 1")
    said = adopt("--json")
    assert report_of(said, long)["state"] == "frozen"
    assert "a pgAgent that is gone left it running" in report_of(said, long)["reasons"][0]
    assert stock.query("SELECT jlgid, jlgjobid, jlgstart FROM pgagent.pga_joblog ORDER BY 1") == before
    assert stock.query("SELECT jlgstatus, jlgduration IS NULL FROM pgagent.pga_joblog ORDER BY jlgid") == [
        ("s", False), ("d", True)]
    assert stock.query("SELECT jslstatus FROM pgagent.pga_jobsteplog ORDER BY jslid") == [("s",), ("d",)]
    assert stock.query("SELECT count(*) FROM pgagent.pga_jobagent") == [(0,)]
    assert stock.query("SELECT jobagentid, jobnextrun FROM pgagent.pga_job WHERE jobid = %s", long) == [(None, None)]

    one = agent(database=stock)
    jobs.run_now(job)
    wait_until(lambda: stock.value("SELECT count(*) FROM pgagent.pga_joblog WHERE jlgjobid = %s AND jlgstatus = 's'"
                                   " AND jlgtrigger = 'manual'", job), "our agent has run it", one)
    one.terminate()

    # Into a database without the extension, and again by our agent.
    other = make_empty()
    restore(dump(stock), other)
    assert "nothing to install" in adopt(database=other)
    assert other.query("SELECT jlgid, jlgstatus FROM pgagent.pga_joblog ORDER BY 1") == stock.query(
        "SELECT jlgid, jlgstatus FROM pgagent.pga_joblog ORDER BY 1")
    other.execute("UPDATE pgagent.pga_jobstep SET jstdbname = %s", other.name)
    two = agent(database=other)
    Jobs(other).run_now(job)
    wait_until(lambda: other.value("SELECT count(*) FROM pgagent.pga_joblog WHERE jlgjobid = %s AND jlgstatus = 's'", job) == 3,
               "it runs there", two)


def test_sequences_after_dump_and_restore_of_the_extension(adopt, stock, jobs, make_empty):
    for _ in range(3):
        job = jobs.job("one")
        schedule = jobs.schedule(job, minutes=[1], hours=[1])
        stepid = step(stock, job, "SELECT 1")
        stock.execute("INSERT INTO pgagent.pga_exception (jexscid, jexdate) VALUES (%s, '2030-01-01')", schedule)
        log = stock.value("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus) VALUES (%s, 's') RETURNING jlgid", job)
        stock.execute("INSERT INTO pgagent.pga_jobsteplog (jsljlgid, jsljstid, jslstatus) VALUES (%s, %s, 's')", log, stepid)
    stock.execute("INSERT INTO pgagent.pga_jobclass (jclname) VALUES ('Ours')")
    other = make_empty()
    restore(dump(stock), other)
    before = dump(other)
    assert "pga_joblog_jlgid_seq RESTART WITH 4" in adopt("--dry-run", database=other)
    assert dump(other) == before  # sequences, too
    said = adopt(database=other)
    assert said.count("RESTART WITH") == 7
    copied = Jobs(other)
    assert copied.job("new") == 4
    assert copied.schedule(4) == 4
    assert step(other, 4, "SELECT 1") == 4
    assert other.value("INSERT INTO pgagent.pga_jobclass (jclname) VALUES ('Seven') RETURNING jclid") == 7
    assert other.value("SELECT nextval('pgagent.pga_exception_jexid_seq')") == 4
    assert other.value("SELECT nextval('pgagent.pga_joblog_jlgid_seq')") == 4
    assert other.value("SELECT nextval('pgagent.pga_jobsteplog_jslid_seq')") == 4


def test_sequences_that_are_ahead_stay(adopt, stock, jobs):
    stock.execute("SELECT setval('pgagent.pga_job_jobid_seq', 100)")
    assert "RESTART" not in adopt()
    assert jobs.job("new") == 101


# ---- What stays ----

def test_peoples_comments_columns_views_and_triggers_stay(adopt, stock, jobs):
    stock.execute("""
        COMMENT ON SCHEMA pgagent IS 'our scheduler, ask Ann';
        COMMENT ON TABLE pgagent.pga_job IS 'don''t touch \\ ever';
        COMMENT ON COLUMN pgagent.pga_job.jobdesc IS 'ticket number';
        COMMENT ON TRIGGER pga_job_trigger ON pgagent.pga_job IS 'plans';
        COMMENT ON FUNCTION pgagent.pga_is_leap_year(int2) IS 'leap?';
        COMMENT ON INDEX pgagent.pga_exception_datetime IS 'holidays';
        ALTER TABLE pgagent.pga_job ADD COLUMN team text DEFAULT 'dba';
        CREATE VIEW pgagent.failed AS SELECT * FROM pgagent.pga_joblog WHERE jlgstatus = 'f';
        CREATE VIEW pgagent.upcoming AS SELECT jscid, pgagent.pga_next_schedule(jscid, jscstart, jscend, jscminutes, jschours,
            jscweekdays, jscmonthdays, jscmonths) FROM pgagent.pga_schedule;
        CREATE FUNCTION pgagent.mine() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.team := upper(NEW.team); RETURN NEW; END';
        CREATE TRIGGER mine BEFORE INSERT ON pgagent.pga_job FOR EACH ROW EXECUTE PROCEDURE pgagent.mine();
        COMMENT ON TRIGGER mine ON pgagent.pga_job IS 'shouts'""")
    job = jobs.job("one")
    jobs.schedule(job, minutes=[5])
    adopt()
    comments = {(kind, name): text for kind, name, text in stock.query(COMMENTS)}
    assert comments[("schema", "pgagent")] == "our scheduler, ask Ann"
    assert comments[("table", "pgagent.pga_job")] == "don't touch \\ ever"
    assert comments[("table column", "pgagent.pga_job.jobdesc")] == "ticket number"
    assert comments[("trigger", "pga_job_trigger on pgagent.pga_job")] == "plans"
    assert comments[("function", "pgagent.pga_is_leap_year(smallint)")] == "leap?"
    assert comments[("index", "pgagent.pga_exception_datetime")] == "holidays"
    assert comments[("trigger", "mine on pgagent.pga_job")] == "shouts"
    assert comments[("table", "pgagent.pga_schedule")].startswith("Schedules of jobs")
    assert stock.query("SELECT jobid, team FROM pgagent.pga_job") == [(job, "DBA")]
    assert stock.value("SELECT pga_next_schedule = jobnextrun FROM pgagent.upcoming, pgagent.pga_job")
    assert stock.query("SELECT * FROM pgagent.failed") == []
    assert jobs.job("two") == 2


def test_grants_stay_and_are_enough(adopt, stock, jobs, agent):
    """A pgAdmin user and a pgAgent's own role that hold rights on pgAgent's tables only."""
    stock.execute("CREATE ROLE clicker LOGIN; CREATE ROLE runner LOGIN")
    try:
        for role in ("clicker", "runner"):
            stock.execute(f"GRANT USAGE ON SCHEMA pgagent TO {role};"
                          f" GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pgagent TO {role};"
                          f" GRANT USAGE ON ALL SEQUENCES IN SCHEMA pgagent TO {role}")
        stock.execute("REVOKE EXECUTE ON FUNCTION pgagent.pga_is_leap_year(int2) FROM PUBLIC")
        acls = ("SELECT oid::regclass::text, relacl::text FROM pg_class WHERE relnamespace = 'pgagent'::regnamespace AND"
                " relname = ANY (%s) OR relkind = 'S' AND relnamespace = 'pgagent'::regnamespace AND relname NOT LIKE ALL"
                " (ARRAY['pga_request%%', 'pga_skipped%%', 'pga_agentlog%%', 'pga_epoch%%', 'pga_rule%%']) ORDER BY 1")
        functions = ("SELECT proname::text, proacl::text FROM pg_proc WHERE pronamespace = 'pgagent'::regnamespace AND proname ="
                     " 'pga_is_leap_year'")
        before = stock.query(acls, list(TABLES)), stock.query(functions)
        adopt()
        assert (stock.query(acls, list(TABLES)), stock.query(functions)) == before

        with closing(stock.connect(user="clicker")) as connection:
            admin = PgAdmin(connection)
            job = admin.create_job(jobname="clicked", jsteps=[{**STEP, "jstdbname": stock.name}], jschedules=[SCHEDULE])
            admin.run_now(job)
        with stock_agent(stock, "runner"):
            wait_until(lambda: stock.value("SELECT count(*) FROM pgagent.pga_joblog WHERE jlgstatus = 's'"), "runner runs it")
            wait_until(lambda: stock.value("SELECT count(*) FROM pgagent.pga_job WHERE jobagentid IS NULL AND jobnextrun > now()"),
                       "it is planned again")
    finally:
        stock.execute("DROP OWNED BY clicker, runner; DROP ROLE clicker, runner")


# ---- Refusals ----

def test_not_the_owner(adopt, stock, cluster):
    """The error has the commands that make it possible; whoever owns all then needs no other right."""
    stock.execute("CREATE ROLE stranger LOGIN; CREATE ROLE keeper LOGIN")
    try:
        before = dump(stock)
        said = adopt(user="stranger", code=3)
        assert 'extension pgagent belongs to postgres' in said and 'user=postgres' in said
        assert dump(stock) == before
        with closing(stock.connect()) as connection, connection.cursor() as cursor:
            for line in said.splitlines():
                if line.strip().startswith(("ALTER", "DROP")):
                    cursor.execute(line)
        assert adopt("--json", user="stranger")["adopted"]["extension"] is None
        owners = stock.query("SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'pgagent'::regnamespace")
        assert owners == [("stranger",)]
    finally:
        stock.execute("REASSIGN OWNED BY stranger TO postgres; DROP OWNED BY stranger; DROP ROLE stranger, keeper")


def test_owner_who_is_no_superuser(adopt, make_empty):
    """CREATE EXTENSION pgagent needs no superuser, only the right to create a schema; a member of the owner will do."""
    database = make_empty()
    database.execute("CREATE ROLE builder LOGIN; CREATE ROLE colleague LOGIN IN ROLE builder;"
                     f" GRANT CREATE ON DATABASE {database.name} TO builder")
    try:
        with closing(database.connect(user="builder")) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION pgagent")
        assert adopt("--json", "--dry-run", database=database, user="builder")["adopted"]["extension"] == "4.2"
        adopt(database=database, user="colleague")
    finally:
        database.execute("DROP OWNED BY builder, colleague; DROP ROLE colleague, builder")


def test_pgagent_that_is_connected(adopt, stock, jobs):
    job = jobs.job("long")
    stepid = step(stock, job, "SELECT pg_sleep(300)")
    assert stepid
    with stock_agent(stock):
        said = adopt(code=3)
        assert "a pgAgent is connected: process" in said and "--force" in said
        assert "a pgAgent is connected" in adopt("--dry-run", code=3)
        jobs.run_now(job)
        wait_until(lambda: stock.value("SELECT count(*) FROM pgagent.pga_jobsteplog WHERE jslstatus = 'r'"), "it runs")
        done = adopt("--force", "--json")
        assert report_of(done, job)["state"] == "running"
        assert stock.query("SELECT jlgstatus, jobagentid IS NOT NULL FROM pgagent.pga_joblog JOIN pgagent.pga_job"
                           " ON jobid = jlgjobid") == [("r", True)]
        stock.execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(300)%'")
        wait_until(lambda: stock.query("SELECT jlgstatus, jobagentid FROM pgagent.pga_joblog JOIN pgagent.pga_job"
                                       " ON jobid = jlgjobid") == [("f", None)], "pgAgent ends it on our tables")


def test_row_of_a_pgagent_whose_number_is_another_ones_now(adopt, stock):
    """A server process that is younger than the row is not the agent."""
    with closing(stock.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO pgagent.pga_jobagent VALUES (pg_backend_pid(), '2020-01-01', 'old')")
        adopt("--dry-run")
        cursor.execute("UPDATE pgagent.pga_jobagent SET jaglogintime = now()")
        assert 'on "old"' in adopt(code=3)
        cursor.execute("DELETE FROM pgagent.pga_jobagent")
        cursor.execute("SET application_name = 'pgAgent - worker'")
        assert 'program "pgAgent - worker"' in adopt(code=3)


def test_tables_that_somebody_holds(adopt, stock):
    with closing(stock.connect(autocommit=False)) as connection, connection.cursor() as cursor:
        cursor.execute("SET application_name = 'editor'; SELECT * FROM pgagent.pga_job; SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
        before = catalogs_of_stock(stock)
        said = adopt(code=3)
        assert f"process {pid} (role postgres, program \"editor\"" in said and "nothing was changed" in said
        assert catalogs_of_stock(stock) == before


def catalogs_of_stock(database):
    return catalogs(database), database.query("SELECT extversion FROM pg_extension WHERE extname = 'pgagent'")


@pytest.mark.parametrize("damage, said", [
    ("DROP TABLE pgagent.pga_exception CASCADE", "table pga_exception"),
    ("ALTER TABLE pgagent.pga_jobstep DROP COLUMN jstconnstr", "column pga_jobstep.jstconnstr (text)"),
    ("ALTER TABLE pgagent.pga_job ALTER jobdesc TYPE varchar(50)", "column pga_job.jobdesc (text)"),
    ("DROP FUNCTION pgagent.pgagent_schema_version()", "function pgagent_schema_version()"),
    ("CREATE OR REPLACE FUNCTION pgagent.pgagent_schema_version() RETURNS int2 LANGUAGE sql AS 'SELECT 5::int2'",
     "of pgAgent's version 5"),
])
def test_tables_of_another_version(adopt, stock, damage, said):
    plain(stock)
    stock.execute(damage)
    before = catalogs(stock)
    assert said in adopt(code=3)
    assert catalogs(stock) == before


@pytest.mark.parametrize("object_, name", [
    ("CREATE TABLE pgagent.pga_request (id int)", "pga_request"),
    ("CREATE VIEW pgagent.pga_skipped AS SELECT 1", "pga_skipped"),
    ("CREATE FUNCTION pgagent.pga_notify() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'", "pga_notify"),
    ("ALTER TABLE pgagent.pga_job ADD COLUMN jobtimeout int", "jobtimeout"),
])
def test_object_in_the_way_leaves_all_as_it_was(adopt, stock, jobs, object_, name):
    """A failure in the middle, in whichever file."""
    jobs.schedule(jobs.job("one"), minutes=[5])
    stock.execute("SELECT setval('pgagent.pga_joblog_jlgid_seq', 5)")
    stock.execute(object_)
    before = catalogs_of_stock(stock), dump(stock)
    said = adopt(code=3)
    assert name in said and "rename it" in said and "nothing was changed" in said
    assert (catalogs_of_stock(stock), dump(stock)) == before


def test_dry_run_changes_nothing_and_tells_the_same(adopt, stock, jobs):
    jobs.schedule(jobs.job("one"), minutes=[5], hours=[1])
    jobs.schedule(jobs.job("two"))
    before = catalogs_of_stock(stock), dump(stock)
    dry = adopt("--dry-run", "--json")
    assert (catalogs_of_stock(stock), dump(stock)) == before
    assert "a dry run, nothing was changed" in adopt("--dry-run")
    done = adopt("--json")
    for said in (dry, done):
        for row in said["adopted"]["jobs"]:
            del row["last_slot"]
    assert dry.pop("dry_run") and not done.pop("dry_run")
    assert {row["jobname"]: row["state"] for row in done["adopted"]["jobs"]} == {"one": "planned", "two": "planned"}
    assert dry["installed"] == done["installed"]


# ---- What becomes of jobs ----

def test_job_whose_plan_is_right(adopt, stock, jobs):
    job = jobs.job("fine")
    jobs.schedule(job, minutes=[5], hours=[4])
    old = stock.value("SELECT jobnextrun FROM pgagent.pga_job")
    row = report_of(adopt("--json"), job)
    assert row["reasons"] == [] and row["old_next_run"] == row["new_next_run"] and row["skipped_from"] is None
    assert stock.query("SELECT jobnextrun, jobplanned, jobreplan FROM pgagent.pga_job") == [(old, old, False)]
    assert stock.value("SELECT count(*) FROM pgagent.pga_skipped") == 0


def test_report_for_people(adopt, stock, jobs):
    jobs.schedule(jobs.job("fine"), minutes=[5], hours=[4])
    odd = jobs.job("odd\nname")
    jobs.schedule(odd)
    set_by_force(stock, odd, jobnextrun="now() - interval '3 days'")
    said = adopt()
    assert f'  job {odd} "odd\\nname": overdue since before today' in said
    assert "schedule \"schedule\": pgAgent runs a schedule that selects nothing every second minute" in said
    assert "time zone UTC (the server's)" in said and "retention = off" in said
    assert f'database "{stock.name}" must be the maintenance database' in said and "reconnect" in said
    assert "setup --release" in said


FUTURE = "date_trunc('day', now()) + interval '40 days 1 hour'"


@pytest.mark.parametrize("schedule, reason", [
    ({"monthdays": [30], "minutes": [0], "hours": [1]}, "pgAgent fails in a month without day 31"),
    ({"monthdays": [14, 31], "minutes": [0], "hours": [1]}, "pgAgent never runs on the last day"),
    ({}, "pgAgent runs a schedule that selects nothing every second minute"),
    ({"weekdays": list(range(6))}, "pgAgent runs a schedule of weekdays only from 00:01 on"),
    ({"minutes": [0, 30], "hours": [1, 2]}, "pgAgent may leave out the first of several minutes"),
])
def test_known_defects_are_reasons(adopt, stock, jobs, schedule, reason):
    job = jobs.job("odd")
    stock.execute("ALTER TABLE pgagent.pga_schedule DISABLE TRIGGER USER")
    jobs.schedule(job, **schedule)
    stock.execute("ALTER TABLE pgagent.pga_schedule ENABLE TRIGGER USER")
    set_by_force(stock, job, jobnextrun=FUTURE)
    row = report_of(adopt("--json"), job)
    assert [text for text in row["reasons"] if text.startswith(f'schedule "schedule": {reason}')], row
    assert row["new_next_run"] != row["old_next_run"]


def test_exceptions_that_leave_nothing(adopt, stock, jobs):
    job = jobs.job("never")
    schedule = jobs.schedule(job, minutes=[0], hours=[1])
    stock.execute("ALTER TABLE pgagent.pga_exception DISABLE TRIGGER USER")
    stock.execute("INSERT INTO pgagent.pga_exception (jexscid, jextime) VALUES (%s, '01:00')", schedule)
    row = report_of(adopt("--json"), job)
    assert row["new_next_run"] is None
    assert row["reasons"] == ['schedule "schedule": pgAgent searches for ever when exceptions leave out every time of day']


def test_days_on_which_clocks_change(adopt, stock, jobs):
    """Old plans as pgAgent makes them: the day after the gap, and the second pass."""
    gap, twice = stock.query("""
        SELECT min(h) FILTER (WHERE later > 0), min(h) FILTER (WHERE later < 0)
        FROM (SELECT h, timezone('Europe/Berlin', h) - timezone('Europe/Berlin', h - interval '1 hour') - interval '1 hour' AS d,
                     extract(epoch FROM timezone('Europe/Berlin', h) - timezone('Europe/Berlin', h - interval '1 hour')
                                        - interval '1 hour') AS later
              FROM generate_series(date_trunc('hour', now()), now() + interval '1 year', interval '1 hour') h) x""")[0]
    spring, autumn = jobs.job("spring"), jobs.job("autumn")
    jobs.schedule(spring, minutes=[30], hours=[2], start=gap)
    jobs.schedule(autumn, minutes=[30], hours=[2], start=twice.replace(hour=0))
    set_by_force(stock, spring, jobnextrun=f"timestamptz '{gap}' + interval '23 hours 30 minutes'")
    set_by_force(stock, autumn, jobnextrun=f"timestamptz '{twice}' + interval '30 minutes'")
    said = adopt("--json", "--timezone", "Europe/Berlin")
    assert report_of(said, spring)["reasons"][0].endswith("pgAgent leaves it out; here it runs at 03:30")
    assert "comes twice on" in report_of(said, autumn)["reasons"][0]


def test_zone_of_a_session_is_named(adopt, stock, jobs, cluster):
    """An editor's role had another zone than the one that setup settles on."""
    job = jobs.job("edited")
    stock.execute("CREATE ROLE editor; ALTER ROLE editor SET timezone = 'Asia/Tokyo'")
    try:
        with closing(stock.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SET timezone = 'Asia/Tokyo'")
            cursor.execute("INSERT INTO pgagent.pga_schedule (jscjobid, jscname, jscstart, jscminutes, jschours)"
                           " SELECT %s, 's', %s, array_agg(n = 15), (array_agg(n = 4))[1:24] FROM generate_series(0, 59) n",
                           (job, ALWAYS))
        row = report_of(adopt("--json"), job)
        assert row["reasons"] == ["pgAgent read its schedule in the time zone of a session, Asia/Tokyo; from now on it is UTC"]
    finally:
        stock.execute("DROP ROLE editor")


@pytest.mark.parametrize("where, said", [("ALTER DATABASE {} SET timezone = 'Asia/Tokyo'", "Asia/Tokyo (this database's)"),
                                         ("ALTER ROLE zoned SET timezone = 'Asia/Tokyo'", "Asia/Tokyo (this role's)")])
def test_zone_is_the_sessions_and_whose_is_said(adopt, stock, where, said):
    stock.execute("CREATE ROLE zoned LOGIN SUPERUSER")
    try:
        stock.execute(where.format(stock.name))
        assert f"time zone {said}" in adopt(user="zoned")
        assert stock.value("SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone'") == "Asia/Tokyo"
    finally:
        stock.execute("REASSIGN OWNED BY zoned TO postgres; DROP ROLE zoned")


def test_zone_that_the_server_reads_as_an_abbreviation(adopt, stock, jobs, agent):
    job = jobs.job("met")
    jobs.schedule(job, minutes=[5], hours=[4])
    row = report_of(adopt("--json", "--timezone", "MET"), job)
    assert row["reasons"] == ["the first agent plans it: PostgreSQL reads MET as an abbreviation"]
    one = agent(database=stock)
    wait_until(lambda: stock.value("SELECT jobnextrun > now() FROM pgagent.pga_job"), "it is planned", one)


def test_overdue_since_before_today_is_planned_and_never_fired(adopt, stock, jobs, agent):
    old = jobs.job("old")
    step(stock, old, "SELECT 1")
    jobs.schedule(old, minutes=[5], hours=[4])
    set_by_force(stock, old, jobnextrun="date_trunc('day', now()) - interval '10 hours'")
    wished = jobs.job("asked for yesterday")
    set_by_force(stock, wished, jobnextrun="date_trunc('day', now()) - interval '1 second'")
    said = adopt("--json")
    assert [report_of(said, job)["state"] for job in (old, wished)] == ["overdue", "overdue"]
    assert stock.value("SELECT jobnextrun > now() AND jobplanned = jobnextrun FROM pgagent.pga_job WHERE jobid = %s", old)
    assert stock.value("SELECT jobnextrun FROM pgagent.pga_job WHERE jobid = %s", wished) is None
    assert stock.query("SELECT skpjobid, skpreason, skpfrom = date_trunc('day', now()) - interval '10 hours', skpto <= now()"
                       " FROM pgagent.pga_skipped ORDER BY 1") == [(old, "before adoption", True, True),
                                                                   (wished, "before adoption", False, True)]
    other = jobs.job("other")
    step(stock, other, "SELECT 1")
    one = agent(database=stock)
    jobs.run_now(other)
    jobs.wait_for_runs(other, agent=one)
    assert stock.query("SELECT jlgjobid FROM pgagent.pga_joblog") == [(other,)]


def test_due_today_and_asked_for_run_once(adopt, stock, jobs, agent):
    """What came due while agents were switched; and pgAdmin's Run now of a moment ago."""
    due, asked, later = jobs.job("due"), jobs.job("asked"), jobs.job("later")
    for job in (due, asked, later):
        step(stock, job, "SELECT 1")
    for job in (due, asked):
        jobs.schedule(job, minutes=range(60))
    set_by_force(stock, due, jobnextrun="date_trunc('minute', now())")
    set_by_force(stock, asked, jobnextrun="date_trunc('minute', now()) + interval '1 millisecond'")
    set_by_force(stock, later, jobnextrun="now() + interval '1 day'")
    said = adopt("--json")
    assert [report_of(said, job)["state"] for job in (due, asked, later)] == ["due", "wish", "wish"]
    assert stock.query("SELECT reqjobid, reqkind FROM pgagent.pga_request ORDER BY 1") == [(asked, "run"), (later, "run")]
    one = agent(database=stock)
    jobs.wait_for_runs(due, agent=one)
    jobs.wait_for_runs(asked, agent=one)
    assert jobs.runs(due)[0][0] == "s" and jobs.runs(asked)[0][0] == "s"
    assert stock.value("SELECT jobnextrun > now() FROM pgagent.pga_job WHERE jobid = %s", later)
    assert stock.value("SELECT count(*) FROM pgagent.pga_skipped WHERE skpreason = 'before adoption'") == 0


def test_frozen_job_with_a_schedule_loses_what_it_missed(adopt, stock, jobs, agent):
    job = jobs.job("frozen")
    step(stock, job, "SELECT 1")
    jobs.schedule(job, minutes=[0], hours=range(0, 24, 2))
    off = jobs.job("frozen and disabled", enabled=False)
    stock.execute("INSERT INTO pgagent.pga_jobagent VALUES (2, now() - interval '5 days', 'gone')")
    for one in (job, off):
        set_by_force(stock, one, jobagentid="2", joblastrun="now() - interval '2 days'",
                     jobnextrun="date_trunc('minute', now() - interval '2 days')")
        stock.execute("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstart) VALUES (%s, now() - interval '2 days')", one)
    said = adopt("--json")
    assert report_of(said, job)["state"] == "frozen"
    assert report_of(said, off)["reasons"] == ["it is disabled, but pgAgent kept a next run"]
    assert stock.query("SELECT skpjobid, skpreason, skpfrom > now() - interval '2 days' FROM pgagent.pga_skipped") == [
        (job, "before adoption", True)]
    assert stock.query("SELECT jobagentid, jobnextrun > now() FROM pgagent.pga_job ORDER BY jobid") == [(None, True), (None, None)]
    assert stock.query("SELECT jlgstatus FROM pgagent.pga_joblog") == [("d",), ("d",)]
    agent(database=stock)
    assert len(stock.query("SELECT FROM pgagent.pga_joblog")) == 2


def test_two_at_once(program, stock, jobs):
    from harness.program import start
    jobs.job("one")
    both = [start(program, "setup", "-d", stock.conninfo, "--json") for _ in range(2)]
    answers = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    assert sorted("adopted" in json.loads(out) for out, _ in answers) == [False, True]


def test_empty_of_jobs(adopt):
    assert "There are no jobs." in adopt()

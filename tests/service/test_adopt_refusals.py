# SPDX-License-Identifier: PostgreSQL
"""Where setup does not take over a pgAgent, and that nothing is changed then."""
import json
from contextlib import closing

import psycopg2
import pytest

from adopting import adopt, make_empty, stock, stock_jobs  # noqa: F401 (fixtures)
from adopting import add_step, catalogs, detach, everything, needs_extension, report_of, stock_agent
from harness.pgagent import needs_pgagent
from harness.program import start
from harness.waiting import wait_until

pytestmark = pytest.mark.core


def test_not_the_owner(adopt, stock):
    """The error has the commands that make it possible; whoever owns all then needs no other right."""
    needs_extension(stock)
    stock.execute("CREATE ROLE stranger LOGIN")
    try:
        before = everything(stock)
        said = adopt(user="stranger", code=3)
        assert 'extension pgagent belongs to postgres' in said and 'user=postgres' in said
        assert everything(stock) == before
        with closing(stock.connect()) as connection, connection.cursor() as cursor:
            for line in said.splitlines():
                if line.strip().startswith(("ALTER", "DROP")):
                    cursor.execute(line)
        assert adopt("--json", user="stranger")["adopted"]["extension"] is None
        owners = stock.query("SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'pgagent'::regnamespace")
        assert owners == [("stranger",)]
    finally:
        stock.execute("REASSIGN OWNED BY stranger TO postgres; DROP OWNED BY stranger; DROP ROLE stranger")


OWNERS = """
    SELECT DISTINCT o::regrole::text
    FROM (SELECT relowner FROM pg_class WHERE relnamespace = 'pgagent'::regnamespace
          UNION SELECT proowner FROM pg_proc WHERE pronamespace = 'pgagent'::regnamespace
          UNION SELECT nspowner FROM pg_namespace WHERE nspname = 'pgagent') x (o)"""


@pytest.mark.parametrize("who", ["builder", "colleague", "postgres"])
def test_owner_who_is_no_superuser(adopt, make_empty, who):
    """CREATE EXTENSION pgagent needs no superuser. A member of the owner and a superuser will do, and all stays the owner's."""
    database = make_empty()
    database.execute("CREATE ROLE builder LOGIN; CREATE ROLE colleague LOGIN IN ROLE builder;"
                     f" GRANT CREATE ON DATABASE {database.name} TO builder")
    try:
        with closing(database.connect(user="builder")) as connection, connection.cursor() as cursor:
            try:
                cursor.execute("CREATE EXTENSION pgagent")
            except psycopg2.Error:
                pytest.skip("this server has no pgagent extension")
        database.execute("CREATE VIEW pgagent.others AS SELECT 1; COMMENT ON VIEW pgagent.others IS 'of a superuser'")
        assert adopt("--json", database=database, user=who)["adopted"]["extension"] == "4.2"
        database.execute("DROP VIEW pgagent.others")
        assert database.query(OWNERS) == [("builder",)]
    finally:
        database.execute("DROP OWNED BY builder, colleague; DROP ROLE colleague, builder")


@needs_pgagent
def test_pgagent_that_is_connected(adopt, stock, stock_jobs):
    job = stock_jobs.job("long")
    add_step(stock, job, "SELECT pg_sleep(300)")
    with stock_agent(stock):
        said = adopt(code=3)
        assert "a pgAgent is connected: process" in said and "--force" in said
        assert "is connected, so that setup refuses" in adopt("--dry-run")
        stock_jobs.run_now(job)
        wait_until(lambda: stock.value("SELECT count(*) FROM pgagent.pga_jobsteplog WHERE jslstatus = 'r'"), "it runs")
        wait_until(lambda: stock.value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(300)%%'"
                                       " AND state = 'active'"), "its SQL runs")
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
        before = everything(stock)
        said = adopt(code=3)
        assert f"process {pid} (role postgres, program \"editor\"" in said and "nothing was changed" in said
        assert everything(stock) == before


def test_tables_of_another_version(adopt, stock):
    """The damage adds up."""
    detach(stock)
    for damage, said in [
            ("CREATE OR REPLACE FUNCTION pgagent.pgagent_schema_version() RETURNS int2 LANGUAGE sql AS 'SELECT 5::int2'",
             "of pgAgent's version 5"),
            ("ALTER SEQUENCE pgagent.pga_joblog_jlgid_seq RENAME TO log_ids", "sequence pga_joblog_jlgid_seq"),
            ("ALTER TABLE pgagent.pga_jobstep DROP COLUMN jstconnstr", "column pga_jobstep.jstconnstr (text)"),
            ("ALTER TABLE pgagent.pga_job ALTER jobdesc TYPE varchar(50)", "column pga_job.jobdesc (text)"),
            ("DROP FUNCTION pgagent.pgagent_schema_version()", "function pgagent_schema_version()"),
            ("DROP TABLE pgagent.pga_exception CASCADE", "table pga_exception")]:
        stock.execute(damage)
        before = catalogs(stock)
        assert said in adopt(code=3)
        assert catalogs(stock) == before


def test_object_in_the_way_leaves_all_as_it_was(adopt, stock, stock_jobs):
    """A failure in the middle, in whichever file."""
    stock_jobs.schedule(stock_jobs.job("one"), minutes=[5])
    stock.execute("SELECT setval('pgagent.pga_joblog_jlgid_seq', 5)")
    for name, made, unmade in [
            ("pga_setting", "CREATE TABLE pgagent.pga_setting (name text)", "DROP TABLE pgagent.pga_setting"),
            ("pga_request", "CREATE TABLE pgagent.pga_request (id int)", "DROP TABLE pgagent.pga_request"),
            ("pga_running", "CREATE VIEW pgagent.pga_running AS SELECT 1", "DROP VIEW pgagent.pga_running"),
            ("pga_notify", "CREATE FUNCTION pgagent.pga_notify() RETURNS int LANGUAGE sql AS 'SELECT 1'",
             "DROP FUNCTION pgagent.pga_notify()"),
            ("jobtimeout", "ALTER TABLE pgagent.pga_job ADD COLUMN jobtimeout int",
             "ALTER TABLE pgagent.pga_job DROP COLUMN jobtimeout")]:
        stock.execute(made)
        before = everything(stock)
        said = adopt(code=3)
        assert name in said and "rename it" in said and "nothing was changed" in said
        assert everything(stock) == before
        stock.execute(unmade)
    adopt()


def test_dry_run_changes_nothing_and_tells_the_same(adopt, stock, stock_jobs):
    stock_jobs.schedule(stock_jobs.job("one"), minutes=[5], hours=[1])
    stock_jobs.schedule(stock_jobs.job("two"))
    before = everything(stock)
    dry = adopt("--dry-run", "--json")
    assert everything(stock) == before
    assert "a dry run, nothing was changed" in adopt("--dry-run")
    done = adopt("--json")
    for said in (dry, done):
        for row in said["adopted"]["jobs"]:
            del row["last_slot"]
    assert dry.pop("dry_run") and not done.pop("dry_run")
    assert {row["jobname"]: row["state"] for row in done["adopted"]["jobs"]} == {"one": "planned", "two": "planned"}
    assert dry["installed"] == done["installed"]


def test_two_at_once(program, stock, stock_jobs):
    stock_jobs.job("one")
    both = [start(program, "setup", "-d", stock.conninfo, "--json") for _ in range(2)]
    answers = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    assert sorted("adopted" in json.loads(out) for out, _ in answers) == [False, True]

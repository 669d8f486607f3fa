# SPDX-License-Identifier: PostgreSQL
"""setup takes over a pgAgent: what comes out is a fresh installation with all that was there."""
import os
from contextlib import closing

import pytest

from adopting import adopt, make_empty, stock, stock_jobs  # noqa: F401 (fixtures)
from adopting import (COMMENTS, TABLES, add_step, catalogs, detach, dump, needs_extension, report_of, restore,
                      stock_agent)
from harness import Database
from harness.database import schema_files
from harness.jobs import Jobs
from harness.pgadmin import SCHEDULE, STEP, PgAdmin
from harness.pgagent import needs_pgagent
from harness.program import run
from harness.waiting import wait_until

pytestmark = [pytest.mark.core, pytest.mark.mainly_sql]


# ---- The same tables, wherever they come from ----

def older(database):
    """3.4 differs from 4.2 in what its functions say only."""
    database.execute("CREATE OR REPLACE FUNCTION pgagent.pgagent_schema_version() RETURNS int2 LANGUAGE plpgsql AS"
                     " 'BEGIN RETURN 3; END'")
    database.execute("UPDATE pg_extension SET extversion = '3.4' WHERE extname = 'pgagent'")


@pytest.fixture(scope="module")
def fresh_catalogs(cluster, program):
    made = Database.create(cluster, "fresh_of_adopt")
    assert run(program, "setup", "-d", made.conninfo).returncode == 0
    yield catalogs(made)
    made.drop()


@pytest.mark.parametrize("shape, extension", [(None, "4.2"), (older, "3.4"), (detach, None)])
def test_catalogs_are_those_of_a_fresh_installation(adopt, stock, fresh_catalogs, shape, extension):
    if extension:
        needs_extension(stock)
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
    assert stock.query("SELECT setname, setvalue FROM pgagent.pga_setting WHERE setname <> 'identity' ORDER BY 1") == [
        ("retention", "off"), ("retention_runs", "20"), ("schema_version", str(len(schema_files()))), ("timezone", "UTC")]
    assert stock.value("SELECT setvalue LIKE '%%/' || current_database() FROM pgagent.pga_setting WHERE setname = 'identity'")
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

def test_trigger_that_needs_a_search_path(adopt, stock, stock_jobs, agent, pgalmanac):
    """A pgAgent's sessions had one, ours have none: it is said before anything fails, and how to mend it."""
    stock.execute("""
        CREATE TABLE alarm (said text);
        CREATE FUNCTION sound() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO alarm VALUES (NEW::text); RETURN NEW; END';
        CREATE TRIGGER sound BEFORE UPDATE ON pgagent.pga_joblog FOR EACH ROW EXECUTE PROCEDURE sound();
        CREATE TRIGGER sound BEFORE UPDATE ON pgagent.pga_job FOR EACH ROW EXECUTE PROCEDURE sound()""")
    job = stock_jobs.job("one")
    add_step(stock, job, "SELECT 1")
    mend = 'ALTER FUNCTION public.sound() SET search_path = "$user", public'
    said = adopt(code=3)
    assert "nothing was changed" in said and "Trigger sound on pgagent.pga_job needs a search path" in said and mend in said
    stock.execute("ALTER TABLE pgagent.pga_job DISABLE TRIGGER sound")
    assert f"trigger: sound on pgagent.pga_joblog finds what it names by a search path, which agents have not: {mend}" in adopt()
    assert "sound on pgagent.pga_joblog" in pgalmanac("doctor", "-d", stock.conninfo).stdout
    stock.execute(f"{mend}; ALTER TABLE pgagent.pga_job ENABLE TRIGGER sound")
    assert "search path" not in pgalmanac("doctor", "-d", stock.conninfo).stdout
    one = agent(database=stock)
    stock_jobs.run_now(job)
    stock_jobs.wait_for_runs(job, agent=one)
    assert stock.value("SELECT count(*) > 1 FROM alarm")


@needs_pgagent
def test_history_of_the_real_pgagent_goes_on_with_our_agent(adopt, stock, stock_jobs, agent, make_empty):
    job = stock_jobs.job("both")
    add_step(stock, job, "SELECT 1")
    stock_jobs.schedule(job, minutes=[7], hours=[3])
    long = stock_jobs.job("long")
    add_step(stock, long, "SELECT pg_sleep(300)")
    with stock_agent(stock):
        stock_jobs.run_now(job)
        wait_until(lambda: stock.value("SELECT count(*) FROM pgagent.pga_joblog WHERE jlgstatus = 's'"), "it has run")
        stock_jobs.run_now(long)
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
    stock_jobs.run_now(job)
    wait_until(lambda: stock.value("SELECT count(*) FROM pgagent.pga_joblog WHERE jlgjobid = %s AND jlgstatus = 's'"
                                   " AND jlgtrigger = 'manual'", job), "our agent has run it", one)
    one.terminate()

    # Into a database without the extension, and again by our agent.
    other = make_empty()
    restore(dump(stock), other)
    assert "were moved" in adopt(database=other, code=3)
    assert "nothing to install" in adopt("--accept", database=other)
    assert other.query("SELECT jlgid, jlgstatus FROM pgagent.pga_joblog ORDER BY 1") == stock.query(
        "SELECT jlgid, jlgstatus FROM pgagent.pga_joblog ORDER BY 1")
    other.execute("UPDATE pgagent.pga_jobstep SET jstdbname = %s", other.name)
    two = agent(database=other)
    Jobs(other).run_now(job)
    wait_until(lambda: other.value("SELECT count(*) FROM pgagent.pga_joblog WHERE jlgjobid = %s AND jlgstatus = 's'", job) == 3,
               "it runs there", two)


def test_sequences_after_dump_and_restore_of_the_extension(adopt, stock, stock_jobs, make_empty):
    needs_extension(stock)
    for _ in range(3):
        job = stock_jobs.job("one")
        schedule = stock_jobs.schedule(job, minutes=[1], hours=[1])
        stepid = add_step(stock, job, "SELECT 1")
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
    assert add_step(other, 4, "SELECT 1") == 4
    assert other.value("INSERT INTO pgagent.pga_jobclass (jclname) VALUES ('Seven') RETURNING jclid") == 7
    assert other.value("SELECT nextval('pgagent.pga_exception_jexid_seq')") == 4
    assert other.value("SELECT nextval('pgagent.pga_joblog_jlgid_seq')") == 4
    assert other.value("SELECT nextval('pgagent.pga_jobsteplog_jslid_seq')") == 4


def test_sequences_that_are_ahead_stay(adopt, stock, stock_jobs):
    stock.execute("SELECT setval('pgagent.pga_job_jobid_seq', 100)")
    assert "RESTART" not in adopt()
    assert stock_jobs.job("new") == 101


# ---- What stays ----

def test_sequence_that_no_column_owns(adopt, stock, stock_jobs):
    stock.execute("ALTER SEQUENCE pgagent.pga_joblog_jlgid_seq OWNED BY NONE")
    job = stock_jobs.job("one")
    stock.execute("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus) VALUES (%s, 's')", job)
    adopt()
    assert stock.value("INSERT INTO pgagent.pga_joblog (jlgjobid) VALUES (%s) RETURNING jlgid", job) == 2


def test_peoples_comments_columns_views_and_triggers_stay(adopt, stock, stock_jobs):
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
    job = stock_jobs.job("one")
    stock_jobs.schedule(job, minutes=[5])
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
    assert stock_jobs.job("two") == 2


@needs_pgagent
def test_grants_stay_and_are_enough(adopt, stock, agent, cluster):
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
                " (ARRAY['pga_request%%', 'pga_skipped%%', 'pga_agentlog%%', 'pga_epoch%%', 'pga_rule%%',"
                " 'pga_pruned%%']) ORDER BY 1")
        functions = ("SELECT proname::text, proacl::text FROM pg_proc WHERE pronamespace = 'pgagent'::regnamespace AND proname ="
                     " 'pga_is_leap_year'")
        before = stock.query(acls, list(TABLES)), stock.query(functions)
        said = adopt()
        assert "as role runner it also needs: GRANT SELECT, INSERT" in said
        assert (stock.query(acls, list(TABLES)), stock.query(functions)) == before

        with closing(stock.connect(user="clicker")) as connection:
            admin = PgAdmin(connection)
            job = admin.create_job(jobname="clicked", jsteps=[{**STEP, "jstdbname": stock.name}], jschedules=[SCHEDULE])
            admin.run_now(job)
        with stock_agent(stock, "runner"):
            wait_until(lambda: stock.value("SELECT count(*) FROM pgagent.pga_joblog WHERE jlgstatus = 's'"), "runner runs it")
            wait_until(lambda: stock.value("SELECT count(*) FROM pgagent.pga_job WHERE jobagentid IS NULL AND jobnextrun > now()"),
                       "it is planned again")

        for line in said.splitlines():
            if "it also needs: " in line:
                stock.execute(line.split("it also needs: ")[1])
        one = agent(conninfo=cluster.conninfo(stock.name, "runner"), database=stock)
        Jobs(stock).run_now(job)
        Jobs(stock).wait_for_runs(job, 2, one)
        assert one.terminate() == 0
    finally:
        stock.execute("DROP OWNED BY clicker, runner; DROP ROLE clicker, runner")

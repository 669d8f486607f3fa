# SPDX-License-Identifier: PostgreSQL
"""A job's life in pgAdmin, by the statements that pgAdmin 4 (9.x) sends, as its role without further rights."""
from datetime import timedelta

import psycopg2
import pytest

from harness.jobs import Jobs

pytestmark = pytest.mark.core

IS_SHOWN = """
    SELECT has_table_privilege('pgagent.pga_job', 'INSERT, SELECT, UPDATE') has_priviledge
    WHERE EXISTS(SELECT has_schema_privilege('pgagent', 'USAGE')
      WHERE EXISTS(SELECT cl.oid FROM pg_catalog.pg_class cl
        LEFT JOIN pg_catalog.pg_namespace ns ON ns.oid=relnamespace
        WHERE relname='pga_job' AND nspname='pgagent'))"""
HAS_CONNSTR = """
    SELECT EXISTS(SELECT 1 FROM information_schema.columns
      WHERE table_schema='pgagent' AND table_name='pga_jobstep' AND column_name='jstconnstr') has_connstr"""
FIND_JOB = "SELECT jobid FROM pgagent.pga_job WHERE xmin::text = (txid_current() % (2^32)::bigint)::text;"
FIND_SCHEDULE = "SELECT jscid FROM pgagent.pga_schedule WHERE xmin::text = (txid_current() % (2^32)::bigint)::text;"
NODES = "SELECT jobid, jobname, jobenabled, jobdesc FROM pgagent.pga_job {} ORDER BY jobname"
PROPERTIES = """
    SELECT j.jobid AS jobid, j.jobname AS jobname, j.jobenabled AS jobenabled, j.jobdesc AS jobdesc,
           j.jobhostagent AS jobhostagent, j.jobcreated AS jobcreated, j.jobchanged AS jobchanged, ag.jagstation AS jagagent,
           sub.jlgstatus AS jlgstatus, j.jobagentid AS jobagentid, j.jobnextrun AS jobnextrun, j.joblastrun AS joblastrun,
           j.jobjclid AS jobjclid, jc.jclname AS jobclass
    FROM pgagent.pga_job j LEFT OUTER JOIN pgagent.pga_jobagent ag ON ag.jagpid=jobagentid
    LEFT OUTER JOIN (SELECT DISTINCT ON (jlgjobid) jlgstatus, jlgjobid FROM pgagent.pga_joblog ORDER BY jlgjobid, jlgid DESC) sub
      ON sub.jlgjobid = j.jobid
    LEFT JOIN pgagent.pga_jobclass jc ON (j.jobjclid = jc.jclid)
    WHERE j.jobid = %s::integer ORDER BY j.jobname"""
STEPS = """
    SELECT jstid, jstjobid, jstname, jstdesc, jstenabled, jstkind = 's'::bpchar AS jstkind, jstcode,
           CASE WHEN jstdbname != '' OR jstkind='b'::bpchar THEN true ELSE false END AS jstconntype,
           jstconnstr, jstdbname, jstonerror, jscnextrun
    FROM pgagent.pga_jobstep WHERE jstjobid = %s::integer ORDER BY jstname"""
SCHEDULES = """
    SELECT jscid, jscjobid, jscname, jscdesc, jscenabled, jscstart, jscend, jscminutes, jschours, jscweekdays, jscmonthdays,
           jscmonths, jexid, jexdate, jextime
    FROM pgagent.pga_schedule s LEFT JOIN (
      SELECT jexscid, array_agg(jexid) AS jexid, array_agg(to_char(jexdate, 'YYYY-MM-DD')) AS jexdate, array_agg(jextime) AS jextime
      FROM (SELECT * FROM pgagent.pga_exception ORDER BY jexid) ex GROUP BY jexscid) e ON s.jscid = e.jexscid
    WHERE jscjobid = %s::integer ORDER BY jscname"""
JOB_STATISTICS = """
    SELECT jlgid AS "Run", jlgstatus AS "Status", jlgstart AS "Start time", jlgduration AS "Duration",
           (jlgstart + jlgduration) AS "End time"
    FROM pgagent.pga_joblog WHERE jlgjobid = %s::integer ORDER BY jlgid DESC LIMIT 250"""
STEP_STATISTICS = """
    SELECT jslid AS "Run", jslstatus AS "Status", jslresult AS "Result", jslstart AS "Start time",
           (jslstart + jslduration) AS "End time", jslduration AS "Duration", jsloutput AS "Output"
    FROM pgagent.pga_jobsteplog WHERE jsljstid = %s::integer ORDER BY jslid DESC LIMIT 250"""
RUN_NOW = "UPDATE pgagent.pga_job SET jobnextrun=now()::timestamptz WHERE jobid=%s::integer"


def flags(size, *selected):
    """pgAdmin's literal of a list: '{f,t,...}'::bool[] without its cast."""
    return "{" + ",".join("t" if n in selected else "f" for n in range(size)) + "}"


NINE = f"'{flags(60, 0)}'::boolean[], '{flags(24, 9)}'::boolean[]"
EVERY_DAY = f"'{flags(7)}'::boolean[], '{flags(32)}'::boolean[], '{flags(12)}'::boolean[]"

INSERT_SQL_STEP = """
    INSERT INTO pgagent.pga_jobstep (jstjobid, jstname, jstenabled, jstkind, jstconnstr, jstdbname, jstonerror, jstcode, jstdesc)
    VALUES (jid, 'one'::text, true, 's'::character(1), ''::text, 'postgres'::name, 'f'::character(1), 'SELECT 1'::text, ''::text);"""
INSERT_REMOTE_STEP = """
    INSERT INTO pgagent.pga_jobstep (jstjobid, jstname, jstenabled, jstkind, jstconnstr, jstdbname, jstonerror, jstcode, jstdesc)
    VALUES (jid, 'remote'::text, true, 's'::character(1), 'host=elsewhere'::text, ''::name, 'i'::character(1), 'SELECT 1'::text, ''::text);"""
INSERT_BATCH_STEP = """
    INSERT INTO pgagent.pga_jobstep (jstjobid, jstname, jstenabled, jstkind, jstconnstr, jstdbname, jstonerror, jstcode, jstdesc)
    VALUES (jid, 'script'::text, true, 'b'::character(1), ''::text, ''::name, 's'::character(1), 'echo'::text, ''::text);"""
INSERT_EXCEPTIONS = """
    INSERT INTO pgagent.pga_exception (jexscid, jexdate, jextime)
    VALUES (scid, to_date('2090-01-01', 'YYYY-MM-DD')::date, NULL::time without time zone);
    INSERT INTO pgagent.pga_exception (jexscid, jexdate, jextime)
    VALUES (scid, to_date('2090-01-02', 'YYYY-MM-DD')::date, '09:00:00'::time without time zone);"""


def insert_schedule(job, name, start):
    return f"""
    INSERT INTO pgagent.pga_schedule (jscjobid, jscname, jscdesc, jscenabled, jscstart, jscend,
      jscminutes, jschours, jscweekdays, jscmonthdays, jscmonths)
    VALUES ({job}, '{name}'::text, ''::text, true, '{start} 00:00:00 +00:00'::timestamp with time zone, NULL, {NINE}, {EVERY_DAY})
    RETURNING jscid INTO scid;"""


def create_job(name):
    """create.sql; also the text of the SQL tab."""
    return f"""
    DO $$
    DECLARE
        jid integer;
        scid integer;
    BEGIN
    INSERT INTO pgagent.pga_job (jobjclid, jobname, jobdesc, jobhostagent, jobenabled)
    VALUES (1::integer, '{name}'::text, ''::text, ''::text, true) RETURNING jobid INTO jid;
    {INSERT_SQL_STEP}
    {INSERT_BATCH_STEP}
    {INSERT_REMOTE_STEP}
    {insert_schedule('jid', 'later', '2091-01-01')}
    {insert_schedule('jid', 'nine', '2090-01-01')}
    {INSERT_EXCEPTIONS}
    END
    $$;"""


def create_schedule(job, start):
    return f"""
    DO $$
    DECLARE
        scid integer;
    BEGIN
    {insert_schedule(f'{job}::integer', 'added', start)}
    END
    $$;"""


@pytest.fixture
def pgadmin(installed):
    """An autocommit session of somebody who may use all our tables and owns none."""
    installed.execute("CREATE ROLE clicker LOGIN; GRANT USAGE ON SCHEMA pgagent TO clicker;"
                      " GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pgagent TO clicker;"
                      " GRANT USAGE ON ALL SEQUENCES IN SCHEMA pgagent TO clicker")
    connection = installed.connect("clicker")
    yield connection.cursor()
    connection.close()
    installed.execute("DROP OWNED BY clicker; DROP ROLE clicker")


def scalar(cursor):
    rows = cursor.fetchall()
    assert len(rows) == 1, rows
    return rows[0][0]


def create(pgadmin, name="job"):
    """Between BEGIN and END, so that the look-up sees the same transaction id."""
    pgadmin.execute("BEGIN")
    pgadmin.execute(create_job(name) + FIND_JOB)
    job = scalar(pgadmin)
    pgadmin.execute("END")
    return job


def properties(pgadmin, job):
    pgadmin.execute(PROPERTIES, [job])
    names = [column.name for column in pgadmin.description]
    return dict(zip(names, pgadmin.fetchone()))


def at(pgadmin, text):
    pgadmin.execute("SELECT %s::timestamptz", [text])
    return scalar(pgadmin)


def test_the_tree_is_shown(pgadmin):
    pgadmin.execute(IS_SHOWN)
    assert scalar(pgadmin) is True
    pgadmin.execute(HAS_CONNSTR)
    assert scalar(pgadmin) is True
    pgadmin.execute("SELECT jclid AS value, jclname AS label FROM pgagent.pga_jobclass")
    assert (1, "Routine Maintenance") in pgadmin.fetchall()


def test_create(pgadmin):
    create(pgadmin, "a first one")
    job = create(pgadmin)
    pgadmin.execute(NODES.format("WHERE jobid = %s::integer"), [job])
    assert pgadmin.fetchall() == [(job, "job", True, "")]
    found = properties(pgadmin, job)
    assert found["jobnextrun"] == at(pgadmin, "2090-01-03 09:00+00")
    assert (found["jobclass"], found["jlgstatus"], found["jagagent"]) == ("Routine Maintenance", None, None)
    pgadmin.execute(STEPS, [job])
    assert [(row[2], row[5], row[7], row[8], row[9], row[10]) for row in pgadmin.fetchall()] == [
        ("one", True, True, "", "postgres", "f"), ("remote", True, False, "host=elsewhere", "", "i"), ("script", False, True, "", "", "s")]
    pgadmin.execute(SCHEDULES, [job])
    later, nine = pgadmin.fetchall()
    assert (later[2], later[12], nine[2], nine[13]) == ("later", None, "nine", ["2090-01-01", "2090-01-02"])
    assert [len(field) for field in nine[7:12]] == [60, 24, 7, 32, 12]


def test_create_without_anything(pgadmin):
    """The dialog's defaults: an empty name, no steps, no schedules."""
    pgadmin.execute("BEGIN")
    pgadmin.execute("""
        DO $$
        DECLARE
            jid integer;
        BEGIN
        INSERT INTO pgagent.pga_job (jobjclid, jobname, jobdesc, jobhostagent, jobenabled)
        VALUES (1::integer, ''::text, ''::text, ''::text, true) RETURNING jobid INTO jid;
        END
        $$;""" + FIND_JOB)
    job = scalar(pgadmin)
    pgadmin.execute("END")
    assert properties(pgadmin, job)["jobnextrun"] is None


def test_create_that_fails_leaves_nothing(pgadmin):
    pgadmin.execute("BEGIN")
    with pytest.raises(psycopg2.Error):
        pgadmin.execute(create_job("job").replace("'b'::character(1)", "'x'::character(1)") + FIND_JOB)
    pgadmin.execute("END")
    pgadmin.execute(NODES.format(""))
    assert pgadmin.fetchall() == []


def test_add_a_schedule(pgadmin):
    others, job = create(pgadmin, "other"), create(pgadmin)
    pgadmin.execute("BEGIN")
    pgadmin.execute(create_schedule(job, "2089-01-01") + FIND_SCHEDULE)
    schedule = scalar(pgadmin)
    pgadmin.execute("END")
    pgadmin.execute("SELECT jscjobid, jscname FROM pgagent.pga_schedule WHERE jscid = %s", [schedule])
    assert pgadmin.fetchall() == [(job, "added")]
    assert properties(pgadmin, job)["jobnextrun"] == at(pgadmin, "2089-01-01 09:00+00")
    assert properties(pgadmin, others)["jobnextrun"] == at(pgadmin, "2090-01-03 09:00+00")


def test_add_a_step(pgadmin):
    job = create(pgadmin)
    pgadmin.execute(INSERT_SQL_STEP.format("two").replace("jid,", f"{job}::integer,", 1).rstrip().rstrip(";") + " RETURNING jstid")
    assert isinstance(scalar(pgadmin), int)


def test_edit_everything_in_one_statement_string(pgadmin):
    job = create(pgadmin)
    pgadmin.execute("SELECT jscid, jexid FROM pgagent.pga_exception JOIN pgagent.pga_schedule ON jscid = jexscid ORDER BY jexid")
    (nine, first), (_, second) = pgadmin.fetchall()
    pgadmin.execute("SELECT jstid FROM pgagent.pga_jobstep ORDER BY jstname")
    (one,), (remote,), (script,) = pgadmin.fetchall()
    created = properties(pgadmin, job)
    pgadmin.execute(f"""
        UPDATE pgagent.pga_job SET jobname = 'edited'::text, jobdesc = 'comment'::text, jobjclid = 2::integer WHERE jobid = {job};
        DELETE FROM pgagent.pga_jobstep WHERE jstid IN ({remote}) AND jstjobid = {job};
        UPDATE pgagent.pga_jobstep SET jstkind='b'::character(1), jstdbname=''::name, jstconnstr=''::text
          WHERE jstid={one}::integer AND jstjobid={job}::integer;
        UPDATE pgagent.pga_jobstep SET jstkind='s'::character(1), jstdbname='postgres'::name
          WHERE jstid={script}::integer AND jstjobid={job}::integer;
        DELETE FROM pgagent.pga_schedule WHERE jscid IN (SELECT jscid FROM pgagent.pga_schedule WHERE jscname = 'later') AND jscjobid = {job};
        UPDATE pgagent.pga_schedule SET jscend = '2099-01-01 00:00:00 +00:00'::timestamp with time zone,
          jschours = '{flags(24, 10)}'::boolean[] WHERE jscid = {nine}::integer AND jscjobid = {job}::integer;
        INSERT INTO pgagent.pga_exception (jexscid, jexdate, jextime)
          VALUES ({nine}::integer, NULL::date, '11:00:00'::time without time zone);
        DELETE FROM pgagent.pga_exception WHERE jexid = {first}::integer AND jexscid = {nine}::integer;
        UPDATE pgagent.pga_exception SET jexdate = to_date('2090-01-01', 'YYYY-MM-DD')::date, jextime = '10:00:00'::time without time zone
          WHERE jexid = {second}::integer AND jexscid = {nine}::integer;
        {create_schedule(job, '2092-01-01')}""")
    edited = properties(pgadmin, job)
    assert edited["jobnextrun"] == at(pgadmin, "2090-01-02 10:00+00")
    assert (edited["jobname"], edited["jobclass"]) == ("edited", "Data Import")
    assert edited["jobcreated"] == created["jobcreated"] and edited["jobchanged"] > created["jobchanged"]


def test_disable_and_enable(pgadmin):
    job = create(pgadmin)
    pgadmin.execute("UPDATE pgagent.pga_job SET jobenabled = false WHERE jobid = %s", [job])
    assert properties(pgadmin, job)["jobnextrun"] is None
    pgadmin.execute("UPDATE pgagent.pga_job SET jobenabled = true WHERE jobid = %s", [job])
    assert properties(pgadmin, job)["jobnextrun"] == at(pgadmin, "2090-01-03 09:00+00")


@pytest.mark.parametrize("enabled", [True, False])
def test_run_now(pgadmin, enabled):
    job = create(pgadmin)
    pgadmin.execute("UPDATE pgagent.pga_job SET jobenabled = %s WHERE jobid = %s", [enabled, job])
    pgadmin.execute(RUN_NOW, [job])
    assert pgadmin.rowcount == 1
    pgadmin.execute("SELECT reqjobid, reqkind, reqby, reqdue <= now() FROM pgagent.pga_request")
    assert pgadmin.fetchall() == [(job, "run", "clicker", True)]
    pgadmin.execute("SELECT jobnextrun IS NOT DISTINCT FROM CASE WHEN jobenabled THEN reqdue END"
                    " FROM pgagent.pga_job JOIN pgagent.pga_request ON reqjobid = jobid")
    assert scalar(pgadmin) is True


def test_statistics(installed, pgadmin):
    """What an agent, ours or pgAgent's, has written."""
    job = create(pgadmin)
    pgadmin.execute("SELECT jstid FROM pgagent.pga_jobstep WHERE jstname = 'one'")
    step = scalar(pgadmin)
    for status in "sf":
        installed.execute("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgduration) VALUES (%s, %s, '1 minute')", job, status)
    installed.execute("INSERT INTO pgagent.pga_jobsteplog (jsljlgid, jsljstid, jslstatus, jslresult, jslduration, jsloutput)"
                      " SELECT max(jlgid), %s, 'f', -1, '1 second', 'ERROR:  no' FROM pgagent.pga_joblog", step)
    pgadmin.execute(JOB_STATISTICS, [job])
    assert [(status, end - start) for _, status, start, _, end in pgadmin.fetchall()] == [
        ("f", timedelta(minutes=1)), ("s", timedelta(minutes=1))]
    pgadmin.execute(STEP_STATISTICS, [step])
    assert [(row[1], row[2], row[6]) for row in pgadmin.fetchall()] == [("f", -1, "ERROR:  no")]
    assert properties(pgadmin, job)["jlgstatus"] == "f"


def statistics(pgadmin, step):
    pgadmin.execute("SELECT jstid FROM pgagent.pga_jobstep WHERE jstname = %s", [step])
    pgadmin.execute(STEP_STATISTICS, [scalar(pgadmin)])
    return [(row[1], row[2]) for row in pgadmin.fetchall()]


def test_a_whole_life_with_an_agent(installed, pgadmin, agent):
    """Created, run, looked at, edited, run again, deleted while it runs."""
    one = agent("--connect-timeout", "2")
    job = create(pgadmin)
    jobs = Jobs(installed)
    pgadmin.execute(RUN_NOW, [job])
    jobs.wait_for_runs(job, agent=one)
    assert properties(pgadmin, job)["jlgstatus"] == "s" and properties(pgadmin, job)["jagagent"] is None
    assert properties(pgadmin, job)["jobnextrun"] == at(pgadmin, "2090-01-03 09:00+00")
    assert statistics(pgadmin, "one") == [("s", 1)]
    assert statistics(pgadmin, "script") == [("s", 0)]
    assert statistics(pgadmin, "remote") == [("i", -1)]

    pgadmin.execute("UPDATE pgagent.pga_jobstep SET jstcode = 'SELECT 1/0' WHERE jstname = 'one'")
    pgadmin.execute(RUN_NOW, [job])
    jobs.wait_for_runs(job, 2, one)
    assert properties(pgadmin, job)["jlgstatus"] == "f"
    assert statistics(pgadmin, "one") == [("f", -1), ("s", 1)]
    pgadmin.execute(JOB_STATISTICS, [job])
    assert [(row[1], row[4] >= row[2]) for row in pgadmin.fetchall()] == [("f", True), ("s", True)]

    pgadmin.execute("UPDATE pgagent.pga_jobstep SET jstcode = 'SELECT pg_sleep(300)' WHERE jstname = 'one'")
    pgadmin.execute(RUN_NOW, [job])
    jobs.wait_for_running(job, one)
    assert properties(pgadmin, job)["jagagent"] is not None
    pgadmin.execute("DELETE FROM pgagent.pga_job WHERE jobid=%s::integer", [job])
    pgadmin.execute(NODES.format(""))
    assert pgadmin.fetchall() == []
    installed.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%%pg_sleep(300)'"
                             " AND pid <> pg_backend_pid()")


def test_delete(pgadmin):
    job = create(pgadmin)
    pgadmin.execute(RUN_NOW, [job])
    pgadmin.execute("DELETE FROM pgagent.pga_job WHERE jobid=%s::integer", [job])
    assert pgadmin.rowcount == 1
    for table in ("pga_job", "pga_jobstep", "pga_schedule", "pga_exception", "pga_request", "pga_skipped"):
        pgadmin.execute(f"SELECT count(*) FROM pgagent.{table}")
        assert scalar(pgadmin) == 0


def test_the_sql_tab_clones_the_job(pgadmin):
    """The text of the SQL tab is that of creating it, run by the query tool: autocommitted, without look-up."""
    job = create(pgadmin)
    pgadmin.execute(create_job("job"))
    pgadmin.execute(NODES.format(""))
    copies = [row[0] for row in pgadmin.fetchall()]
    assert len(copies) == 2 and job in copies
    nexts = {properties(pgadmin, copy)["jobnextrun"] for copy in copies}
    assert nexts == {at(pgadmin, "2090-01-03 09:00+00")}

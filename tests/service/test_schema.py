# SPDX-License-Identifier: PostgreSQL
"""Our tables beside those of Debian's real pgAgent: every difference is listed here."""
import pathlib
import re

import psycopg2
import pytest

from harness import Database
from harness.database import install

pytestmark = pytest.mark.core

# Each query gives (name, definition). Names are what must be found again, definitions what must be the same.
TABLES = """
    SELECT relname::text, relkind::text FROM pg_class
    WHERE relnamespace = 'pgagent'::regnamespace AND relkind NOT IN ('i', 'S')"""
SEQUENCES = """
    SELECT c.relname::text, concat_ws(' ', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmax, s.seqcycle,
                                      d.refobjid::regclass, a.attname)
    FROM pg_class c JOIN pg_sequence s ON s.seqrelid = c.oid
    LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'a'
    LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE c.relnamespace = 'pgagent'::regnamespace"""
COLUMNS = """
    SELECT c.relname || '.' || a.attname,
           concat_ws(' ', a.attnum, format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END,
                     pg_get_expr(d.adbin, d.adrelid))
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'pgagent'::regnamespace AND c.relkind = 'r'
    ORDER BY c.relname, a.attnum"""
CONSTRAINTS = """
    SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'pgagent'::regnamespace AND contype <> 'n'"""
INDEXES = "SELECT indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'pgagent'"
TRIGGERS = """
    SELECT tgname::text, pg_get_triggerdef(oid) FROM pg_trigger
    WHERE NOT tgisinternal AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'pgagent'::regnamespace)"""
FUNCTIONS = """
    SELECT p.oid::regprocedure::text,
           concat_ws(' ', pg_get_function_arguments(p.oid), '->', pg_get_function_result(p.oid), l.lanname, p.provolatile)
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    WHERE p.pronamespace = 'pgagent'::regnamespace"""
ROWS = "SELECT jclid::text, jclname FROM pgagent.pga_jobclass"

QUERIES = {"tables": TABLES, "sequences": SEQUENCES, "columns": COLUMNS, "constraints": CONSTRAINTS, "indexes": INDEXES,
           "triggers": TRIGGERS, "functions": FUNCTIONS, "job classes": ROWS}

NOT_FOR_THE_AGENT = "WHEN ((current_setting('pgalmanac.agent'::text, true) IS DISTINCT FROM 'on'::text)) EXECUTE"

# What is there in both and differs: kind -> name -> ours.
CHANGED = {
    "indexes": {
        # The same holiday may be an exception of many schedules.
        "pga_exception_datetime":
            "CREATE UNIQUE INDEX pga_exception_datetime ON pgagent.pga_exception USING btree (jexscid, jexdate, jextime)",
    },
    "triggers": {
        # They leave the agent's own statements alone; that of jobs looks at definitions, the next run and claims.
        "pga_job_trigger":
            "CREATE TRIGGER pga_job_trigger BEFORE UPDATE OF jobjclid, jobname, jobdesc, jobhostagent, jobenabled, jobtimezone,"
            " jobtimeout, jobnextrun, jobagentid ON pgagent.pga_job FOR EACH ROW " + NOT_FOR_THE_AGENT
            + " FUNCTION pgagent.pga_job_trigger()",
        "pga_schedule_trigger":
            "CREATE TRIGGER pga_schedule_trigger AFTER INSERT OR DELETE OR UPDATE ON pgagent.pga_schedule FOR EACH ROW "
            + NOT_FOR_THE_AGENT + " FUNCTION pgagent.pga_schedule_trigger()",
        "pga_exception_trigger":
            "CREATE TRIGGER pga_exception_trigger AFTER INSERT OR DELETE OR UPDATE ON pgagent.pga_exception FOR EACH ROW "
            + NOT_FOR_THE_AGENT + " FUNCTION pgagent.pga_exception_trigger()",
    },
}

# What only ours has: columns are appended, so that stock programs find theirs where they were.
ADDED_TABLES = {"pga_setting", "pga_request", "pga_skipped", "pga_agentlog", "pga_rule", "pga_pruned"}
ADDED_VIEWS = {"pga_agents", "pga_running", "pga_upcoming", "pga_history", "pga_health"}
ADDED = {
    "tables": ADDED_TABLES | ADDED_VIEWS,
    "sequences": {"pga_request_reqid_seq", "pga_skipped_skpid_seq", "pga_agentlog_aglid_seq", "pga_epoch_seq"},
    "columns": {
        "pga_jobagent.jaguuid", "pga_jobagent.jagname", "pga_jobagent.jagversion", "pga_jobagent.jagepoch",
        "pga_jobagent.jaglease", "pga_jobagent.jagrenewed", "pga_jobagent.jagdead",
        "pga_jobagent.jagbackendstart", "pga_jobagent.jagfull", "pga_jobagent.jaguser",
        "pga_jobagent.jagbatch", "pga_jobagent.jagskew", "pga_jobagent.jagprocess",
        "pga_job.jobtimezone", "pga_job.jobtimeout", "pga_job.jobreplan", "pga_job.jobplanned", "pga_job.joblastslot",
        "pga_job.jobrevision", "pga_job.joblastend",
        "pga_job.jobmissed", "pga_job.jobgrace", "pga_job.jobbusy", "pga_job.jobmaxruns", "pga_job.jobrestart",
        "pga_job.jobkeep",
        "pga_jobstep.jsttimeout", "pga_schedule.jsctimezone", "pga_schedule.jsclastslot",
        "pga_joblog.jlgscheduled", "pga_joblog.jlglabel", "pga_joblog.jlgtrigger", "pga_joblog.jlgslots",
        "pga_joblog.jlgjscid", "pga_joblog.jlgrulid", "pga_joblog.jlgattempt", "pga_joblog.jlgagent", "pga_joblog.jlgepoch",
        "pga_joblog.jlgbatch", "pga_joblog.jlgby", "pga_joblog.jlgreason", "pga_joblog.jlgreqid", "pga_joblog.jlgrepeats",
        "pga_jobsteplog.jslattempt", "pga_jobsteplog.jslsqlstate", "pga_jobsteplog.jslpid", "pga_jobsteplog.jslpidstart",
        "pga_jobsteplog.jslhost", "pga_jobsteplog.jslwaiting"},
    "constraints": {"pgagent.pga_job.pga_job_jobtimeout_check", "pgagent.pga_job.pga_job_jobmissed_check",
                    "pgagent.pga_job.pga_job_jobgrace_check", "pgagent.pga_job.pga_job_jobbusy_check",
                    "pgagent.pga_job.pga_job_jobmaxruns_check", "pgagent.pga_job.pga_job_jobkeep_check",
                    "pgagent.pga_jobstep.pga_jobstep_jsttimeout_check"},
    "indexes": {"pga_job_nextrun", "pga_job_replan", "pga_joblog_running", "pga_jobsteplog_jstid", "pga_joblog_start",
                "pga_joblog_job_start", "pga_joblog_failed"},
    "triggers": {"pga_job_before_insert", "pga_job_after_insert", "pga_job_after_delete", "pga_schedule_before",
                 "pga_request_trigger", "pga_job_freed", "pga_setting_before", "pga_setting_insert", "pga_setting_update",
                 "pga_setting_pause", "pga_setting_retention", "pga_request_cancel",
                 "pga_job_comment_insert", "pga_job_comment_update", "pga_job_comment_inserted", "pga_job_comment_updated"},
    "functions": {"pgagent.pga_fence(uuid,bigint)", "pgagent.pga_zone_works(text)", "pgagent.pga_check_zone(text,text)", "pgagent.pga_utc_offset(bigint,text)",
                  "pgagent.pga_schedule_after(timestamp with time zone,text,timestamp with time zone,timestamp with time zone,"
                  "boolean[],boolean[],boolean[],boolean[],boolean[],date[],time without time zone[])",
                  "pgagent.pga_plan_after(timestamp with time zone,integer,text)",
                  "pgagent.pga_job_before_insert()", "pgagent.pga_job_after_insert()", "pgagent.pga_notify()",
                  "pgagent.pga_schedule_before()", "pgagent.pga_request_trigger()",
                  "pgagent.pga_read_length(text)", "pgagent.pga_read_macro(pgagent.pga_rule)", "pgagent.pga_cron_mistake(text)",
                  "pgagent.pga_ical_mistake(text)", "pgagent.pga_strangers(smallint[],integer,integer)",
                  "pgagent.pga_job_freed()",
                  "pgagent.pga_setting_before()", "pgagent.pga_setting_after()",
                  "pgagent.pga_check_may_steer()", "pgagent.pga_find_job(text)",
                  "pgagent.run_job(text,timestamp with time zone,jsonb)", "pgagent.cancel_job(text)",
                  "pgagent.cancel_run(bigint)", "pgagent.skip_next(text)", "pgagent.pause(timestamp with time zone)",
                  "pgagent.pga_comment_lines(text)", "pgagent.pga_comment_settings(text)",
                  "pgagent.pga_settings_mistake(text)", "pgagent.pga_line_length(text)",
                  "pgagent.pga_line_instant(text,text)", "pgagent.pga_line_number(text,text[],integer,integer)",
                  "pgagent.pga_line_numbers(text,text[],integer,integer,boolean)",
                  "pgagent.pga_line_key(text,text,text,pgagent.pga_rule)",
                  "pgagent.pga_line_typed(text,text,pgagent.pga_rule)",
                  "pgagent.pga_line_words(text,text,pgagent.pga_rule)", "pgagent.pga_line_rule(text,text,text)",
                  "pgagent.pga_line_setting(text,text)", "pgagent.pga_line_mistake(text,text,text)",
                  "pgagent.pga_job_settings(pgagent.pga_job)", "pgagent.pga_move_rules(integer,text)",
                  "pgagent.pga_write_rules(integer,text,text)", "pgagent.pga_job_comment_before()",
                  "pgagent.pga_job_comment_after()",
                  "pgagent.resume()", "pgagent.pga_paused_until()", "pgagent.pga_setting_pause()", "pgagent.pga_request_cancel()",
                  "pgagent.pga_read_retention(text)", "pgagent.pga_setting_retention()", "pgagent.pga_retention()",
                  "pgagent.pga_old_runs(integer,interval,integer,integer)",
                  "pgagent.pga_old_skips(integer,interval,integer,integer)",
                  "pgagent.pga_local(timestamp with time zone,text)", "pgagent.pga_how_long(interval)",
                  "pgagent.pga_iso(timestamp with time zone,text)", "pgagent.pga_iso_in(timestamp with time zone,text)",
                  "pgagent.pga_working_zone(text)", "pgagent.pga_seconds(interval)",
                  "pgagent.pga_list_flags(boolean[],text[])", "pgagent.pga_schedule_line(pgagent.pga_schedule)",
                  "pgagent.pga_check_may_look()", "pgagent.pga_job_zone(pgagent.pga_job)", "pgagent.pga_first_words(text)",
                  "pgagent.pga_who(pgagent.pga_request)", "pgagent.pga_why_no_agent(text,text)",
                  "pgagent.pga_why_paused(text)", "pgagent.pga_why_full(pgagent.pga_job)",
                  "pgagent.pga_why_running(pgagent.pga_job)", "pgagent.pga_why_waiting(pgagent.pga_job)",
                  "pgagent.pga_why_wish(pgagent.pga_job)", "pgagent.pga_no_such_day(boolean[],boolean[])",
                  "pgagent.pga_why_schedule(pgagent.pga_schedule,pgagent.pga_job)",
                  "pgagent.pga_why_sources(pgagent.pga_job)", "pgagent.pga_why_never(pgagent.pga_job)",
                  "pgagent.pga_why_then(pgagent.pga_job)", "pgagent.pga_why_next(pgagent.pga_job)",
                  "pgagent.pga_why_failed(pgagent.pga_job)", "pgagent.pga_why_skipped(pgagent.pga_job)",
                  "pgagent.pga_why(integer)", "pgagent.why(text)"},
}


@pytest.fixture(scope="module")
def real(cluster):
    """A database with the real pgAgent."""
    made = Database.create(cluster, "real_pgagent")
    try:
        made.execute("CREATE EXTENSION pgagent")
    except psycopg2.Error:
        made.drop()
        pytest.skip("this server has no pgagent extension")
    yield made
    made.drop()


@pytest.fixture(scope="module")
def ours(cluster, template):
    made = Database.create(cluster, "ours", template)
    yield made
    made.drop()


def is_of_an_added_table(name):
    return any(name.removeprefix("pgagent.").startswith((table + ".", table + "_")) for table in ADDED_TABLES)


@pytest.mark.parametrize("kind", QUERIES)
def test_same_as_the_real_pgagent_but_for_what_is_listed(ours, real, kind):
    theirs = dict(real.query(QUERIES[kind]))
    expected = {**theirs, **CHANGED.get(kind, {})}
    found = dict(ours.query(QUERIES[kind]))
    assert theirs and set(CHANGED.get(kind, {})) <= set(theirs)
    assert {name: found.get(name) for name in theirs} == expected
    added = set(found) - set(theirs)
    listed = ADDED.get(kind, set())
    assert listed <= added
    unlisted = added - listed
    assert not {name for name in unlisted if not is_of_an_added_table(name)}


def test_appended_columns_come_last_and_may_be_left_out(ours):
    for name, definition in ours.query(COLUMNS):
        if name in ADDED["columns"]:
            assert not definition.endswith("NOT NULL"), f"{name} has no default"


def test_schema_version_and_leap_years(ours):
    assert ours.value("SELECT pgagent.pgagent_schema_version()") == 4
    years = ours.query("SELECT y, pgagent.pga_is_leap_year(y::int2) FROM generate_series(1896, 2404) y")
    assert {year for year, is_leap in years if is_leap} == {
        year for year, _ in years if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)}


def test_every_table_and_column_has_a_comment(ours):
    assert ours.query("""
        SELECT c.relname, a.attname FROM pg_class c
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace = 'pgagent'::regnamespace AND c.relkind IN ('r', 'v')
          AND (obj_description(c.oid) IS NULL OR col_description(c.oid, a.attnum) IS NULL)""") == []


def test_the_manual_has_every_column_of_ours(ours, real):
    """By table, and none that is gone."""
    columns = """
        SELECT c.relname::text, a.attname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'pgagent'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped"""
    manual = pathlib.Path(__file__).parents[2] / "man" / "pgalmanac-tables.7"
    section = manual.read_text(encoding="utf-8").split("\n.Sh COLUMNS\n")[1].split("\n.Sh ")[0]
    described = [(table.split("\n")[0], column) for table in section.split("\n.Ss ")[1:]
                 for column in re.findall(r"^\.It Sy (\w+)", table, re.M)]
    assert sorted(described) == sorted(set(ours.query(columns)) - set(real.query(columns)))


def test_every_function_and_trigger_has_a_comment(ours):
    assert ours.query("""
        SELECT oid::regprocedure FROM pg_proc
        WHERE pronamespace = 'pgagent'::regnamespace AND obj_description(oid, 'pg_proc') IS NULL""") == []
    assert ours.query("""
        SELECT tgname FROM pg_trigger
        WHERE NOT tgisinternal AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'pgagent'::regnamespace)
          AND obj_description(oid, 'pg_trigger') IS NULL""") == []


def test_comments_of_schedules_and_exceptions_are_their_own(ours):
    """pgAgent describes pga_schedule by pga_exception's comment."""
    assert "Schedules of jobs" in ours.value("SELECT obj_description('pgagent.pga_schedule'::regclass)")
    assert "does not run" in ours.value("SELECT obj_description('pgagent.pga_exception'::regclass)")


def test_trigger_functions_have_a_pinned_search_path(ours):
    assert ours.query("""
        SELECT oid::regprocedure FROM pg_proc
        WHERE pronamespace = 'pgagent'::regnamespace AND (prosecdef OR prorettype = 'trigger'::regtype)
          AND proconfig IS DISTINCT FROM '{"search_path=pg_catalog, pg_temp"}'""") == []


def test_functions_mean_the_same_in_every_session(ours):
    """A plain literal with a backslash is read by the setting standard_conforming_strings of whoever calls."""
    for name, source in ours.query("SELECT oid::regprocedure::text, prosrc FROM pg_proc WHERE pronamespace = 'pgagent'::regnamespace"):
        literals = re.findall(r"(E?)'((?:[^']|'')*)'", re.sub(r"/\*.*?\*/", "", source, flags=re.S))
        assert [text for prefix, text in literals if not prefix and "\\" in text] == [], name


def test_no_trigger_function_opens_a_subtransaction(ours):
    """pgAdmin looks for what it has created by xmin."""
    assert ours.query("""
        SELECT oid::regprocedure FROM pg_proc
        WHERE pronamespace = 'pgagent'::regnamespace AND prorettype = 'trigger'::regtype
          AND prosrc ~* 'exception\\s+when'""") == []


@pytest.fixture
def owner(cluster, database):
    """A role that may create a schema here and nothing else."""
    database.execute(f"CREATE ROLE schema_owner LOGIN; GRANT CREATE ON DATABASE {database.name} TO schema_owner")
    yield "schema_owner"
    database.execute("DROP OWNED BY schema_owner; DROP ROLE schema_owner")


def test_an_owner_without_privileges(database, owner):
    install(database.connect(owner))
    database.execute("SET ROLE schema_owner")
    database.execute("INSERT INTO pgagent.pga_job (jobjclid, jobname) VALUES (1, 'job')")
    database.execute("INSERT INTO pgagent.pga_schedule (jscjobid, jscname) VALUES (1, 'every minute')")
    assert database.value("SELECT jobnextrun > now() FROM pgagent.pga_job")
    database.execute("UPDATE pgagent.pga_job SET jobnextrun = now()")
    assert database.query("SELECT reqkind, reqjobid, reqby FROM pgagent.pga_request") == [("run", 1, "postgres")]
    database.execute("RESET ROLE")


def test_into_an_existing_empty_schema(database):
    database.execute("CREATE SCHEMA pgagent")
    install(database.connect())
    assert database.value("SELECT count(*) FROM pgagent.pga_jobclass") == 5

# SPDX-License-Identifier: PostgreSQL
"""The views for people: what is in them, what they cost, who may read them."""
import json
import os
import re
from contextlib import closing
from datetime import datetime, timedelta, timezone

import psycopg2
import pytest

from harness import Database, wait_until
from harness.database import TOP
from harness.holding import HeldSql
from harness.jobs import batch, sql

COLUMNS = {
    "pga_agents": "agent host state lease lease_left lease_length since pid epoch version runs_as batch skew full_servers",
    "pga_running": "jobid job run since duration step step_since waits_for agent host pid agent_state because asked_by slot"
                   " local_slot is_cancelled",
    "pga_upcoming": "jobid job next_run local_time zone because planned is_running why_none",
    "pga_history": "at jobid job result duration failed_step message because asked_by slot local_slot late_by slots agent id",
    "pga_health": "kind name state detail",
}
VIEWS = sorted(COLUMNS)
NINE = dict(minutes=[0], hours=[9], start="2090-01-01 00:00+00")
AT_NINE = datetime(2090, 1, 1, 9, tzinfo=timezone.utc)


def rows(database, view, **where):
    """Its rows as dictionaries, in the view's own order."""
    condition = " AND ".join(f"{name} = %s" for name in where) or "true"
    found = database.query(f"SELECT * FROM pgagent.{view} WHERE {condition}", *where.values())
    return [dict(zip(COLUMNS[view].split(), row)) for row in found]


@pytest.mark.parametrize("view", VIEWS)
def test_columns(installed, view):
    found = installed.query("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum",
                            f"pgagent.{view}")
    assert " ".join(name for name, in found) == COLUMNS[view]


# pga_running

@pytest.mark.core
def test_what_runs(jobs, agent, installed):
    assert rows(installed, "pga_running") == []
    one = agent(name="one")
    held = HeldSql(installed)
    job = jobs.job("held", held.step)
    jobs.run_now(job)
    jobs.wait_for_running(job, one)
    row, = rows(installed, "pga_running")
    (run,), = installed.query("SELECT jlgid FROM pgagent.pga_joblog")
    pid, = installed.query("SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_advisory_lock%%' AND state = 'active'")[0]
    known = {"jobid": job, "job": "held", "run": run, "step": "step 1", "waits_for": None, "agent": "one", "pid": pid,
             "agent_state": "alive", "because": "manual", "asked_by": "postgres", "slot": None, "is_cancelled": False}
    assert {name: row[name] for name in known} == known
    assert timedelta(0) <= row["duration"] < timedelta(minutes=5) and row["since"] <= row["step_since"]
    installed.execute("UPDATE pgagent.pga_jobsteplog SET jslwaiting = 'a free connection'")
    assert rows(installed, "pga_running")[0]["waits_for"] == "a free connection"
    upcoming, = rows(installed, "pga_upcoming")
    assert upcoming["is_running"]
    held.release()
    jobs.wait_for_runs(job, agent=one)
    assert rows(installed, "pga_running") == []


# pga_upcoming

@pytest.mark.core
def test_what_comes(jobs, installed):
    berlin = jobs.job("berlin", jobtimezone="Europe/Berlin")
    jobs.schedule(berlin, **NINE)
    wished = jobs.job("wished", enabled=False)
    installed.query("SELECT pgagent.run_job('wished', '2089-06-01 00:00+00')")
    both = jobs.job("both")
    jobs.schedule(both, **NINE)
    installed.query("SELECT pgagent.run_job('both', '2089-07-01 00:00+00')")
    disabled = jobs.job("a disabled one", enabled=False)
    jobs.schedule(disabled, **NINE)
    jobs.job("b without schedule")
    jobs.schedule(jobs.job("c off"), **NINE, enabled=False)
    jobs.schedule(jobs.job("d ended"), start="2020-01-01", end="2020-01-02")
    jobs.rule(jobs.job("e rule"), "daily")
    bad = jobs.rule(jobs.job("f bad"), "daily")
    installed.execute_as_agent("UPDATE pgagent.pga_rule SET rulproblem = E'it ends\\n  ^' WHERE rulid = %s", bad)
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobreplan = false WHERE jobname IN ('f bad', 'd ended')")
    assert [(row["job"], row["local_time"], row["because"], row["planned"], row["why_none"])
            for row in rows(installed, "pga_upcoming")] == [
        ("wished", "2089-06-01 00:00 UTC", "asked by postgres", None, None),
        ("both", "2089-07-01 00:00 UTC", "asked by postgres", AT_NINE, None),
        ("berlin", "2090-01-01 09:00 Europe/Berlin", "plan", AT_NINE - timedelta(hours=1), None),
        ("a disabled one", None, None, None, "the job is disabled"),
        ("b without schedule", None, None, None, "no schedule and no rule"),
        ("c off", None, None, None, "all schedules and rules are disabled"),
        ("d ended", None, None, None, "the schedules ask for nothing more"),
        ("e rule", None, None, None, "not planned yet"),
        ("f bad", None, None, None, "a rule: it ends"),
    ]


# pga_history

@pytest.mark.core
def test_what_was(jobs, agent, installed):
    one = agent(name="one")
    good = jobs.job("good", sql("SELECT 1"))
    bad = jobs.job("bad", sql("SELECT 1"), batch("echo " + "x" * 600 + "; exit 3"))
    empty = jobs.job("empty")
    for job, status in [(good, "s"), (bad, "f"), (empty, "i")]:
        assert jobs.run(job, one)[0] == status
    installed.execute("INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpslots, skpreason, skpdetail)"
                      " VALUES (%s, '2026-01-01 00:00+00', '2026-01-02 00:00+00', 5, 'busy', 'it was still running')", good)
    found = rows(installed, "pga_history")
    assert [row["at"] for row in found] == sorted((row["at"] for row in found), reverse=True)
    assert [(row["job"], row["result"], row["failed_step"], row["because"], row["asked_by"], row["slots"], row["agent"])
            for row in found] == [
        ("good", "skipped", None, "busy", None, 5, None),
        ("empty", "nothing done", None, "manual", "postgres", 1, "one"),
        ("bad", "failed", "step 2", "manual", "postgres", 1, "one"),
        ("good", "succeeded", None, "manual", "postgres", 1, "one"),
    ]
    assert [row["message"] for row in found] == ["it was still running", "the job has no enabled steps", "x" * 500, None]
    assert found[3]["duration"] > timedelta(0) and found[0]["slot"] == datetime(2026, 1, 1, tzinfo=timezone.utc)


def test_how_late_a_run_was(jobs, installed):
    job = jobs.job("job")
    installed.execute("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgstart, jlgscheduled, jlgtrigger, jlgslots)"
                      " VALUES (%s, 'd', '2026-01-01 02:05+00', '2026-01-01 02:00+00', 'missed', 3),"
                      "        (%s, 'r', '2026-01-01 02:00+00', NULL, NULL, 1)", job, job)
    first, second = rows(installed, "pga_history")
    assert (first["late_by"], first["result"], first["because"], first["slots"]) == (timedelta(minutes=5), "stopped", "missed", 3)
    assert (second["late_by"], second["result"], second["because"]) == (None, "running", "pgAgent")


@pytest.fixture(scope="module")
def long_history(cluster, template):
    made = Database.create(cluster, "long_history", template)
    made.execute("""
        INSERT INTO pgagent.pga_job (jobjclid, jobname) SELECT 1, 'job ' || n FROM generate_series(1, 50) n;
        INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgstart)
        SELECT 1 + n % 50, CASE n % 7 WHEN 0 THEN 'f' ELSE 's' END, now() - (60000 - n) * interval '1 min'
        FROM generate_series(1, 60000) n;
        INSERT INTO pgagent.pga_jobstep (jstid, jstjobid, jstname, jstkind, jstcode)
        SELECT jobid, jobid, 'step', 'b', 'true' FROM pgagent.pga_job;
        INSERT INTO pgagent.pga_jobsteplog (jsljlgid, jsljstid, jslstatus)
        SELECT jlgid, jlgjobid, jlgstatus FROM pgagent.pga_joblog;
        INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpreason, skpat)
        SELECT 1 + n % 50, now(), now(), 'busy', now() - (6000 - n) * interval '10 min' FROM generate_series(1, 6000) n;""")
    made.execute("VACUUM ANALYZE")
    yield made
    made.drop()


def nodes(plan):
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


@pytest.mark.parametrize("what", ["pga_history LIMIT 20", "pga_history WHERE jobid = 7 LIMIT 20",
                                  "pga_history WHERE result = 'failed' LIMIT 20", "pga_history WHERE job = 'job 7' LIMIT 20", "pga_running", "pga_upcoming"])
def test_the_first_rows_of_a_long_history_are_cheap(long_history, what):
    """Along the indexes: whole tables are not read. Of the log of runs, not even a twentieth."""
    plan = long_history.value(f"EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM pgagent.{what}")
    plan = plan if isinstance(plan, list) else json.loads(plan)
    for node in nodes(plan[0]["Plan"]):
        if node.get("Relation Name") in ("pga_joblog", "pga_skipped", "pga_jobsteplog"):
            read = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            assert read == 0 or node["Node Type"] != "Seq Scan" and read < 3000, node


# pga_health

def health(database):
    return {(row["kind"], row["name"]): (row["state"], row["detail"]) for row in rows(database, "pga_health")}


def test_a_healthy_installation(jobs, agent, installed):
    agent(name="one")
    found = wait_until(lambda: health(installed), "it says something")
    assert set(found) == {("agent", "one"), ("ids", "pga_joblog"), ("ids", "pga_jobsteplog")}
    assert {state for state, _ in found.values()} == {"fine"}
    assert found["agent", "one"][1].startswith("alive, on host ") and ", 0 runs" in found["agent", "one"][1]
    assert found["ids", "pga_joblog"][1] == "0.0% of the numbers are used up"


@pytest.mark.core
def test_what_is_wrong(jobs, installed):
    late = jobs.job("late")
    jobs.schedule(late, **NINE)
    asked = jobs.job("asked for", enabled=False)
    jobs.job("elsewhere", host="db9")
    jobs.schedule(jobs.job("ended"), start="2020-01-01", end="2020-01-02")
    jobs.job("without schedule")
    bad = jobs.rule(jobs.job("bad"), "daily", rulname="rare")
    failed = jobs.job("failed")
    installed.query("SELECT pgagent.pause('2090-01-01 12:00+00')")
    with closing(installed.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("""
            SET pgalmanac.agent = 'on';
            UPDATE pgagent.pga_job SET jobnextrun = '2026-01-01 02:00+00', jobplanned = '2026-01-01 02:00+00'
            WHERE jobname = 'late';
            UPDATE pgagent.pga_job SET jobreplan = false WHERE jobname = 'ended';
            UPDATE pgagent.pga_rule SET rulproblem = 'it never fires';
            INSERT INTO pgagent.pga_jobagent (jagpid, jagstation, jagname, jaguuid, jagepoch, jaglease, jagskew, jagbatch, jagfull)
            VALUES (2147483647, 'db1', 'one', md5('1')::uuid, 1, '2026-01-01 12:00+00', '3 s', 'off', '{""}'),
                   (2147483646, 'db2', 'two', md5('2')::uuid, 2, now() + interval '30 s', NULL, NULL, '{}');
            INSERT INTO pgagent.pga_agentlog (aglat, aglagent, agllevel, agljobid, aglmessage)
            SELECT date_trunc('hour', now()), 'one', * FROM
            (VALUES ('error', 1, 'first'), ('warning', NULL, 'second'), ('warning', 1, 'third'), ('info', NULL, 'fourth')) AS m;
            SELECT setval('pgagent.pga_jobsteplog_jslid_seq', 1500000000);""")
        cursor.execute("""
            INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqdue) VALUES ('run', %s, '2026-01-01 03:00+00');
            INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus) VALUES (%s, 'f'), (%s, 'd'), (%s, 'f'), (%s, 's');
            INSERT INTO pgagent.pga_joblog (jlgjobid, jlgagent, jlgepoch) VALUES (%s, 'gone', 77);
            INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpslots, skpreason)
            VALUES (%s, now(), now(), 2, 'busy'), (%s, now(), now(), 3, 'busy')""",
                       (asked, failed, failed, asked, late, failed, late, failed))
    found = health(installed)
    hour = installed.value("SELECT to_char(date_trunc('hour', now() AT TIME ZONE 'UTC'), 'YYYY-MM-DD HH24:MI')")
    tells = f"; SELECT pgagent.why('{late}') tells more"
    expected = {
        ("agent", "none"): ("problem", "no agent is alive: nothing is run"),
        ("pause", "postgres"): ("paused", "nothing is started until 2090-01-01 12:00 UTC"),
        ("host", "db9"): ("problem", 'served by no living agent; 1 jobs are for it alone, such as "elsewhere"'),
        ("job", "late"): ("late", "due since 2026-01-01 02:00 UTC and not taken" + tells),
        ("job", "asked for"): ("late", "due since 2026-01-01 03:00 UTC and not taken" + tells.replace(str(late), str(asked))),
        ("job", "bad"): ("not planned", "no agent has planned it yet"),
        ("job", "ended"): ("never", "the schedules ask for nothing more"),
        ("rule", "bad: rare"): ("problem", "it never fires"),
        ("run", "failed"): ("orphaned", "run 5 is open, but its agent is gone"),
        ("runs", "failed"): ("last day", "2 runs of 2 jobs"),
        ("runs", "stopped"): ("last day", "1 runs of 1 jobs"),
        ("skipped", "busy"): ("last day", "5 slots of 2 jobs"),
        ("log", "one"): ("last day", f"2 errors and warnings, the newest at {hour} UTC: second"),
        ("ids", "pga_joblog"): ("fine", "0.0% of the numbers are used up"),
        ("ids", "pga_jobsteplog"): ("problem", "69.8% of the numbers are used up"),
    }
    agents = {name: found.pop(("agent", name)) for name in ("one", "two")}
    assert found == expected and bad
    assert agents["one"][0] == agents["two"][0] == "problem"
    assert agents["one"][1].startswith("dead, on host db1, ") and agents["one"][1].endswith(
        ", lease until 2026-01-01 12:00 UTC, 0 runs, batch steps off, clock off by 00:00:03, no free connection to 1 servers")
    assert agents["two"][1].startswith("lost, on host db2, ")


# Who reads them

def test_read_as_pgadmin_does(jobs, installed):
    """Its "View data": autocommit, LIMIT, all columns as text."""
    jobs.schedule(jobs.job("job"), **NINE)
    for view in VIEWS:
        installed.query(f"SELECT * FROM pgagent.{view}\nLIMIT 100;")
    assert installed.value("SELECT count(*) FROM information_schema.views WHERE table_schema = 'pgagent'") == len(VIEWS)


@pytest.mark.core
def test_nobody_reads_them_who_was_not_granted_them(installed):
    installed.execute("CREATE ROLE views_reader LOGIN")
    try:
        installed.execute("GRANT USAGE ON SCHEMA pgagent TO views_reader")
        with closing(installed.connect("views_reader")) as connection, connection.cursor() as cursor:
            for view in VIEWS:
                with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                    cursor.execute(f"SELECT * FROM pgagent.{view}")
            installed.execute(f"GRANT SELECT ON {', '.join('pgagent.' + view for view in VIEWS)} TO views_reader")
            for view in VIEWS:
                cursor.execute(f"SELECT * FROM pgagent.{view}")
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute("SELECT jstcode FROM pgagent.pga_jobstep")
    finally:
        installed.execute("DROP OWNED BY views_reader")
        installed.execute("DROP ROLE views_reader")


def test_the_examples_of_the_manual(installed):
    with open(os.path.join(TOP, "man", "pgalmanac-tables.7"), encoding="utf-8") as file:
        statements = re.findall(r"^SELECT .*;$", file.read(), re.MULTILINE)
    assert len(statements) == 3
    for statement in statements:
        installed.query(statement.replace("%", "%%"))

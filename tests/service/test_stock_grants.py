# SPDX-License-Identifier: PostgreSQL
"""People whose grants cover pgAgent's tables only: whatever a trigger writes for them elsewhere is written."""
from contextlib import closing

import psycopg2
import pytest

from harness import pgadmin as sent
from harness.pgadmin import PgAdmin, flags
from test_pgadmin import GRANT, NINE, STOCK_TABLES, WHOLE, next_run

pytestmark = [pytest.mark.core, pytest.mark.mainly_sql]

EPISODES = "SELECT skpreason, count(*) FROM pgagent.pga_skipped GROUP BY 1"


@pytest.fixture
def role(installed):
    """Makes sessions: role(grants) of a login that has only these."""
    connections = []
    installed.execute("CREATE ROLE guest LOGIN; CREATE ROLE team; GRANT team TO guest")

    def connect(grants):
        installed.execute(grants)
        connections.append(installed.connect("guest"))
        return PgAdmin(connections[-1])

    yield connect
    for connection in connections:
        connection.close()
    installed.execute("DROP OWNED BY guest; DROP ROLE guest; DROP OWNED BY team; DROP ROLE team")


def grant_to(name):
    return GRANT.partition(";")[2].format(name)


@pytest.fixture
def guest(role):
    return role(grant_to("guest"))


def make_due(installed, job):
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobplanned = date_trunc('minute', now()), jobnextrun = date_trunc('minute', now())"
                               " WHERE jobid = %s", job)


def test_they_see_nothing_else(guest, installed):
    others = [name for name, in installed.query("SELECT c.oid::regclass::text FROM pg_class c WHERE relnamespace = 'pgagent'::regnamespace"
                                                " AND relkind = 'r' AND relname <> ALL (%s)", list(STOCK_TABLES))]
    assert others
    for name in others:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            guest.send(f"SELECT FROM {name}")


@pytest.mark.parametrize("edit, reason", [
    (lambda guest, job: guest.edit_job(job, jobenabled=False), "disabled"),
    (lambda guest, job: guest.send(sent.update_schedule(job, guest.schedule(job, "nine"), {"jscminutes": flags(60, 5)})), "replanned"),
    (lambda guest, job: guest.send(sent.delete_schedule(job, guest.schedule(job, "nine"))), "replanned"),
    (lambda guest, job: guest.send(sent.insert_exception({"jexdate": "2090-05-05", "jextime": None}, guest.schedule(job, "nine"))), "replanned"),
    (lambda guest, job: guest.send("DELETE FROM pgagent.pga_exception"), "replanned"),
    (lambda guest, job: guest.add_schedule(job, **{**NINE, "jscname": "more"}), "replanned"),
])
def test_edits_of_a_job_that_is_due(guest, installed, edit, reason):
    """Each leaves an episode in a table that they may not write."""
    job = guest.create_job(**WHOLE)
    make_due(installed, job)
    edit(guest, job)
    assert installed.query(EPISODES) == [(reason, 1)]


@pytest.mark.parametrize("enabled", [True, False])
def test_run_now_and_take_it_back(guest, installed, enabled):
    job = guest.create_job(jobenabled=enabled, **WHOLE)
    guest.run_now(job)
    assert installed.query("SELECT reqby, reqjobid FROM pgagent.pga_request") == [("guest", job)]
    guest.delete_job(job)
    assert installed.query("SELECT FROM pgagent.pga_request") == []


def test_a_job_with_rules_of_others(guest, installed):
    """They may edit, run and delete it, although they may not see the rules."""
    job = guest.create_job(**WHOLE)
    installed.execute("INSERT INTO pgagent.pga_rule (ruljobid, rulkind) VALUES (%s, 'daily')", job)
    guest.edit_job(job, jobname="edited", jobenabled=False)
    guest.edit_job(job, jobenabled=True)
    guest.run_now(job)
    assert installed.value("SELECT jobreplan FROM pgagent.pga_job") is True
    guest.delete_job(job)
    assert installed.query("SELECT FROM pgagent.pga_rule") == []


def test_steering_functions(guest, installed):
    job = guest.create_job(jobname="nightly", **WHOLE)
    assert guest.send("SELECT pgagent.run_job('nightly') > 0 AS asked") == [{"asked": True}]
    assert installed.value("SELECT reqby FROM pgagent.pga_request WHERE reqjobid = %s", job) == "guest"
    assert guest.send("SELECT pgagent.cancel_job('nightly') AS n") == [{"n": 1}]
    assert guest.send("SELECT pgagent.skip_next('nightly') IS NOT NULL AS skipped") == [{"skipped": True}]


def test_rights_of_a_group(role, installed):
    """By membership, and by pgAdmin's SET ROLE; the log-in is who asked."""
    guest = role(grant_to("team"))
    job = guest.create_job(**WHOLE)
    guest.send("SET ROLE team")
    guest.run_now(job)
    make_due(installed, job)
    guest.edit_job(job, jobenabled=False)
    guest.edit_job(job, jobenabled=True)
    assert next_run(guest, job) is not None
    assert installed.query("SELECT reqby FROM pgagent.pga_request") == [("guest",)]
    assert installed.query(EPISODES) == [("disabled", 1)]


def test_what_pgadmin_needs_at_least(role, installed):
    """Without DELETE: jobs are made, edited and run, not deleted."""
    guest = role(grant_to("guest").replace(", DELETE", ""))
    job = guest.create_job(**WHOLE)
    guest.edit_job(job, jobname="edited")
    guest.run_now(job)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        guest.delete_job(job)
    assert installed.value("SELECT count(*) FROM pgagent.pga_request") == 1


def test_those_who_may_only_look(role, guest, installed):
    job = guest.create_job(**WHOLE)
    installed.execute("REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pgagent FROM guest")
    assert guest.job(job)["jobid"] == job
    for change in (sent.run_now(job), sent.delete_job(job), sent.create_job({**sent.JOB, "jobname": "x"}),
                   "SELECT pgagent.run_job('1')", "SELECT pgagent.pause()"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            guest.send(change)
    assert installed.query("SELECT FROM pgagent.pga_request") == []


def test_triggers_do_not_lend_their_rights(guest, installed):
    """Nobody's own objects are taken for those of the schema while a trigger writes with its owner's rights."""
    installed.execute("CREATE SCHEMA trap AUTHORIZATION guest")
    with closing(installed.connect("guest")) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE pga_request (x int); CREATE TEMP TABLE pga_skipped (x int)")
        cursor.execute("CREATE FUNCTION trap.now() RETURNS timestamptz LANGUAGE plpgsql AS"
                       " $$ BEGIN RAISE EXCEPTION 'as %', current_user; END $$")
        cursor.execute("SET search_path = trap, pg_temp, pg_catalog")
        cursor.execute(sent.create_job({**sent.JOB, "jobname": "x", **WHOLE}).replace("now()", "pg_catalog.now()"))
        cursor.execute("UPDATE pgagent.pga_job SET jobnextrun = pg_catalog.now()")
        cursor.execute("UPDATE pgagent.pga_job SET jobenabled = false")
    assert installed.value("SELECT count(*) FROM pgagent.pga_request") == 1
    installed.execute("DROP SCHEMA trap CASCADE")


# ---- Functions that run with their owner's rights ----

def test_trigger_functions_are_for_our_tables_alone(installed, role):
    """Whoever may execute one could put it on a table of their own, whose rows and types are theirs."""
    reader = role("GRANT USAGE ON SCHEMA pgagent TO guest; GRANT SELECT ON ALL TABLES IN SCHEMA pgagent TO guest")
    installed.execute("INSERT INTO pgagent.pga_job (jobjclid, jobname) VALUES (1, 'not theirs')")
    reader.send("CREATE TEMP TABLE trap (LIKE pgagent.pga_job)")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        reader.send("CREATE TRIGGER trap AFTER INSERT ON trap FOR EACH ROW EXECUTE PROCEDURE pgagent.pga_job_after_insert()")
    assert installed.query("SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.prosecdef"
                           " AND p.prorettype = 'trigger'::regtype AND p.pronamespace = 'pgagent'::regnamespace"
                           " AND has_function_privilege('guest', p.oid, 'EXECUTE')") == []

# SPDX-License-Identifier: PostgreSQL
"""Steering jobs: by the functions of schema pgagent, and what an agent makes of it."""
from contextlib import closing
from datetime import timedelta

import psycopg2
import pytest

from harness import wait_until

MINUTE = timedelta(minutes=1)


def refused(database, statement, *args):
    """The SQLSTATE and the message of a statement that must fail."""
    with pytest.raises(psycopg2.Error) as caught:
        database.query(statement, *args)
    return caught.value.pgcode, caught.value.diag.message_primary


# ---- Which job ----

@pytest.mark.core
def test_a_job_is_found_by_id_and_by_unique_name(installed, jobs):
    first, second, third = jobs.job("nightly"), jobs.job("twice"), jobs.job("twice")
    assert installed.value("SELECT pgagent.pga_find_job('nightly')") == first
    assert installed.value("SELECT pgagent.pga_find_job(%s)", f"0{second}") == second
    assert refused(installed, "SELECT pgagent.pga_find_job('nightlys')") == ("P0002", 'job "nightlys" does not exist')
    for digits in ("99", "99999999999", "9" * 30):
        assert refused(installed, "SELECT pgagent.pga_find_job(%s)", digits) == ("P0002", f"job {digits} does not exist")
    assert refused(installed, "SELECT pgagent.pga_find_job('twice')") == (
        "21000", f'job name "twice" is not unique: the jobs {second}, {third} have it; name one by its id')
    assert refused(installed, "SELECT pgagent.pga_find_job(NULL)")[0] == "22004"


# ---- Asking for a run ----

@pytest.mark.core
def test_a_run_is_asked_for(installed, jobs):
    job = jobs.job("nightly")
    request = installed.value("SELECT pgagent.run_job('nightly', params => '{\"day\": 1}')")
    later = installed.value("SELECT pgagent.run_job('nightly', now() + interval '1 day')")
    assert installed.query("SELECT reqid, reqkind, reqjobid, reqby, reqparams, reqdue > now() FROM pgagent.pga_request ORDER BY reqid") == [
        (request, "run", job, "postgres", {"day": 1}, False), (later, "run", job, "postgres", None, True)]
    assert installed.value("SELECT jobnextrun = (SELECT min(reqdue) FROM pgagent.pga_request) FROM pgagent.pga_job")
    for when in ("infinity", "-infinity", None):
        assert refused(installed, "SELECT pgagent.run_job('nightly', %s)", when)[0] == "22023"


# ---- Leaving out ----

def slots(database, job, count):
    """The next slots of a job without rules."""
    found = [database.value("SELECT jobplanned FROM pgagent.pga_job WHERE jobid = %s", job)]
    while len(found) < count:
        found.append(database.value("SELECT pgagent.pga_plan_after(%s, %s, NULL)", found[-1], job))
    return found


@pytest.mark.core
def test_the_next_slots_are_left_out_one_by_one(installed, jobs):
    job = jobs.job("nightly")
    jobs.schedule(job, minutes=[7], hours=[3])
    first, second, third = slots(installed, job, 3)
    wish = installed.value("SELECT pgagent.run_job('nightly', now() + interval '1 hour')")
    revision = installed.value("SELECT jobrevision FROM pgagent.pga_job")
    assert installed.value("SELECT pgagent.skip_next('nightly')") == first
    assert installed.query("SELECT jobplanned, jobreplan, joblastslot, jobrevision FROM pgagent.pga_job") == [
        (second, False, first, revision + 1)]
    assert installed.value("SELECT pgagent.skip_next('nightly')") == second
    assert installed.query("SELECT jobplanned, jobnextrun = least(jobplanned, reqdue), reqid FROM pgagent.pga_job"
                          " JOIN pgagent.pga_request ON reqjobid = jobid") == [(third, True, wish)]
    assert installed.query("SELECT skpfrom, skpto, skpslots, skpreason, skpdetail, skpagent FROM pgagent.pga_skipped ORDER BY skpid") == [
        (first, first, 1, "skipped", "left out at the request of postgres", None),
        (second, second, 1, "skipped", "left out at the request of postgres", None)]


@pytest.mark.core
def test_a_due_slot_is_left_out_with_all_that_its_run_would_stand_for(installed, jobs):
    job = jobs.job("minutely")
    jobs.schedule(job)
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobplanned = jobplanned - interval '10 min',"
                              " jobnextrun = jobplanned - interval '10 min', joblastslot = NULL")
    due = installed.value("SELECT jobplanned FROM pgagent.pga_job")
    assert installed.value("SELECT pgagent.skip_next('minutely')") == due
    assert installed.query("SELECT skpfrom, skpto > skpfrom + interval '8 min', skpdetail FROM pgagent.pga_skipped") == [
        (due, True, "left out at the request of postgres; at least one slot")]
    assert installed.value("SELECT jobplanned > joblastslot AND jobnextrun = jobplanned FROM pgagent.pga_job")


@pytest.mark.core
def test_there_must_be_a_slot_to_leave_out(installed, jobs):
    jobs.job("empty")
    disabled = jobs.job("off", enabled=False)
    jobs.schedule(disabled)
    ruled = jobs.job("ruled")
    jobs.rule(ruled, "daily")
    for name, words in {"empty": "none of its schedules and rules asks for one", "off": "it is disabled",
                        "ruled": "it is being planned; try again"}.items():
        code, message = refused(installed, "SELECT pgagent.skip_next(%s)", name)
        assert code == "55000" and words in message
    assert installed.query("SELECT * FROM pgagent.pga_skipped") == []


# ---- Stopping, as far as it needs no agent ----

@pytest.mark.core
def test_waiting_requests_are_taken_back(installed, jobs):
    jobs.job("nightly")
    installed.query("SELECT pgagent.run_job('nightly'), pgagent.run_job('nightly', now() + interval '1 day')")
    assert installed.value("SELECT pgagent.cancel_job('nightly')") == 2
    assert installed.query("SELECT (SELECT count(*) FROM pgagent.pga_request), jobnextrun FROM pgagent.pga_job") == [(0, None)]
    assert installed.value("SELECT pgagent.cancel_job('nightly')") == 0


@pytest.mark.core
def test_only_a_run_of_ours_can_be_cancelled(installed, jobs):
    job = jobs.job("nightly")
    over, stock, ours = [installed.value(
        "INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgepoch) VALUES (%s, %s, %s) RETURNING jlgid", job, status, epoch)
        for status, epoch in (("s", 1), ("r", None), ("r", 1))]
    assert refused(installed, "SELECT pgagent.cancel_run(%s)", ours + 1) == ("P0002", f"run {ours + 1} does not exist")
    assert refused(installed, "SELECT pgagent.cancel_run(NULL)")[0] == "P0002"
    assert refused(installed, "SELECT pgagent.cancel_run(%s)", over) == ("55000", f"cannot cancel run {over} of job {job}: it is over")
    assert "run by a pgAgent" in refused(installed, "SELECT pgagent.cancel_run(%s)", stock)[1]
    assert installed.value("SELECT pgagent.cancel_run(%s)", ours) is True
    assert installed.value("SELECT pgagent.cancel_run(%s)", ours) is False
    assert installed.query("SELECT reqkind, reqjobid, reqjlgid, reqby FROM pgagent.pga_request") == [("cancel", job, ours, "postgres")]
    assert "run by a pgAgent" in refused(installed, "SELECT pgagent.cancel_job('nightly')")[1]
    installed.execute("UPDATE pgagent.pga_joblog SET jlgstatus = 's' WHERE jlgid = %s", stock)
    assert installed.value("SELECT pgagent.cancel_job('nightly')") == 0


# ---- Pausing, as far as it needs no agent ----

@pytest.mark.core
def test_the_pause_is_kept_as_settings(installed):
    settings = "SELECT setname, setvalue FROM pgagent.pga_setting WHERE setname LIKE 'paused%%' ORDER BY setname"
    assert installed.value("SELECT pgagent.resume()") is False
    assert installed.value("SELECT pgagent.pause()::text") == "infinity"
    assert installed.query(settings) == [("paused_by", "postgres"), ("paused_until", "infinity")]
    assert installed.value("SELECT pgagent.pga_paused_until()::text") == "infinity"
    with closing(installed.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SET DateStyle = 'German'; SET TimeZone = 'Asia/Kolkata'; SELECT pgagent.pause('01.02.2099 12:00')")
    assert installed.query(settings)[1] == ("paused_until", "2099-02-01T06:30:00.000000+00")
    assert installed.value("SELECT pgagent.pga_paused_until() = '2099-02-01 06:30+00'")
    for past in ("now", "-infinity", None):
        assert refused(installed, "SELECT pgagent.pause(%s)", past)[0] == "22023"
    assert refused(installed, "UPDATE pgagent.pga_setting SET setvalue = 'soon' WHERE setname = 'paused_until' RETURNING 1")[0] == "22007"
    assert installed.value("SELECT pgagent.resume()") is True
    assert installed.query(settings) == [] and installed.value("SELECT pgagent.pga_paused_until()") is None


# ---- Rights ----

STOCK_TABLES = ("pga_jobagent, pga_jobclass, pga_job, pga_jobstep, pga_schedule, pga_exception, pga_joblog, pga_jobsteplog")
STEERING = ("SELECT pgagent.run_job('nightly')", "SELECT pgagent.cancel_job('nightly')", "SELECT pgagent.cancel_run(1)",
            "SELECT pgagent.skip_next('nightly')", "SELECT pgagent.pause()", "SELECT pgagent.resume()")


@pytest.fixture
def operator(installed):
    """A role with grants on the stock tables only."""
    tables = ", ".join(f"pgagent.{table}" for table in STOCK_TABLES.split(", "))
    installed.execute("CREATE ROLE operator LOGIN; GRANT USAGE ON SCHEMA pgagent TO operator;"
                     f" GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO operator")
    yield "operator"
    installed.execute("DROP OWNED BY operator; DROP ROLE operator")


def test_grants_on_the_stock_tables_are_enough(installed, jobs, operator):
    job = jobs.job("nightly")
    jobs.schedule(job, hours=[3])
    installed.execute("INSERT INTO pgagent.pga_joblog (jlgid, jlgjobid, jlgepoch) VALUES (1, %s, 1)", job)
    with closing(installed.connect(user=operator)) as connection, connection.cursor() as cursor:
        for statement in STEERING:
            cursor.execute(statement)
    assert installed.query("SELECT reqkind, reqby FROM pgagent.pga_request") == [("cancel", operator)]
    assert installed.value("SELECT skpdetail FROM pgagent.pga_skipped") == f"left out at the request of {operator}"


def test_who_may_not_edit_jobs_may_not_steer_them(installed, jobs, operator):
    jobs.job("nightly")
    installed.execute("REVOKE UPDATE ON pgagent.pga_job FROM operator")
    with closing(installed.connect(user=operator)) as connection, connection.cursor() as cursor:
        for statement in STEERING:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege) as caught:
                cursor.execute(statement)
            assert 'role "operator" needs the UPDATE privilege on table pgagent.pga_job' in str(caught.value)
    with closing(installed.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SET ROLE operator")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(STEERING[0])

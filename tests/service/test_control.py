# SPDX-License-Identifier: PostgreSQL
"""Steering jobs: by the functions of schema pgagent, and what an agent makes of it."""
import getpass
import signal
import threading
from contextlib import closing
from datetime import timedelta

import psycopg2
import pytest

from harness import wait_until
from harness.holding import HeldBatch, HeldSql
from harness.jobs import sql
from harness.users import SERVER_USER

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
    assert installed.query("SELECT jobplanned, jobreplan, joblastslot < now(), jobrevision FROM pgagent.pga_job") == [
        (second, False, True, revision + 1)]
    assert installed.value("SELECT pgagent.skip_next('nightly')") == second
    assert installed.query("SELECT jobplanned, jobnextrun = least(jobplanned, reqdue), reqid FROM pgagent.pga_job"
                          " JOIN pgagent.pga_request ON reqjobid = jobid") == [(third, True, wish)]
    assert installed.query("SELECT skpfrom, skpto, skpslots, skpreason, skpdetail, skpagent FROM pgagent.pga_skipped ORDER BY skpid") == [
        (first, first, 1, "skipped", "left out at the request of postgres", None),
        (second, second, 1, "skipped", "left out at the request of postgres", None)]


@pytest.mark.core
def test_what_is_left_out_stays_left_out(installed, jobs):
    """Whatever is edited meanwhile; and it stands for no other slot, one that comes before it in particular."""
    job = jobs.job("nightly")
    jobs.schedule(job, minutes=[7], hours=[3])
    plan = "SELECT jobplanned FROM pgagent.pga_job"
    first, second, third, fourth = slots(installed, job, 4)
    for _ in range(2):
        installed.value("SELECT pgagent.skip_next('nightly')")
    for enabled in (False, True):
        installed.execute("UPDATE pgagent.pga_job SET jobenabled = %s", enabled)
    assert installed.value(plan) == third
    earlier = jobs.schedule(job, minutes=[6], hours=[3])
    assert installed.value(plan) == first - timedelta(minutes=1)
    installed.execute("UPDATE pgagent.pga_schedule SET jscenabled = false WHERE jscid = %s", earlier)
    assert installed.value("SELECT pgagent.skip_next('nightly')") == third
    assert installed.value(plan) == fourth
    assert installed.query("SELECT skpfrom FROM pgagent.pga_skipped ORDER BY skpid") == [(first,), (second,), (third,)]


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


def test_of_slots_that_are_all_to_be_run_one_is_left_out(installed, jobs):
    job = jobs.job("minutely", jobmissed="all")
    jobs.schedule(job)
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobplanned = jobplanned - interval '10 min', joblastslot = NULL")
    first, second = slots(installed, job, 2)
    assert [installed.value("SELECT pgagent.skip_next('minutely')") for _ in range(2)] == [first, second]
    assert installed.query("SELECT skpfrom, skpto FROM pgagent.pga_skipped ORDER BY skpid") == [(first, first), (second, second)]


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


def test_a_slot_that_waits_is_not_taken_back_silently(installed, jobs):
    job = jobs.job("nightly")
    due = installed.value("INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqtrigger) VALUES ('run', %s, 'queue') RETURNING reqdue", job)
    assert installed.value("SELECT pgagent.cancel_job('nightly')") == 1
    assert installed.query("SELECT skpfrom, skpto, skpreason FROM pgagent.pga_skipped") == [(due, due, "skipped")]


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


# ---- What the agent does: stopping ----

def requests(database):
    return database.query("SELECT reqkind, reqjobid, reqjlgid FROM pgagent.pga_request ORDER BY reqid")


def assert_cancelled(jobs, job, agent=None):
    """The only run of the job was stopped on request, its job is free and nothing is left to do."""
    (status, _, reason, _), = jobs.wait_for_runs(job, 1, agent)
    assert (status, reason) == ("d", "cancelled by postgres")
    wait_until(lambda: requests(jobs.database) == [], "the request is gone", agent)
    jobs.wait_until_settled(agent)


@pytest.mark.core
def test_a_running_sql_step_is_cancelled(installed, jobs, agent):
    held = HeldSql(installed)
    job = jobs.job("long", held.step, sql("SELECT 2"))
    agent()
    request = installed.value("SELECT pgagent.run_job('long')")
    jobs.wait_for_running(job)
    assert installed.value("SELECT pgagent.cancel_job('long')") == 1
    assert_cancelled(jobs, job)
    (status, _, output, sqlstate, _), = jobs.wait_for_steps(job)
    assert status == "d" and sqlstate == "57014" and output.endswith("cancelled by postgres")
    assert installed.value("SELECT jlgreqid FROM pgagent.pga_joblog") == request
    held.release()


def test_a_running_batch_step_is_cancelled(installed, jobs, agent, directory):
    held = HeldBatch(directory)
    job = jobs.job("long", held.step)
    agent("--batch", "on")
    jobs.run_now(job)
    wait_until(held.has_started, "the script runs")
    assert installed.value("SELECT pgagent.cancel_run((SELECT jlgid FROM pgagent.pga_joblog))") is True
    assert_cancelled(jobs, job)
    assert jobs.wait_for_steps(job)[0][0] == "d" and not held.is_alive()


def test_a_step_that_waits_for_a_connection_is_cancelled(installed, jobs, agent):
    held = HeldSql(installed)
    first = jobs.job("first", held.step)
    second = jobs.job("second", sql("SELECT 1"))
    agent("--max-connections", "1")
    jobs.run_now(first)
    jobs.wait_for_running(first)
    jobs.run_now(second)
    wait_until(lambda: jobs.runs(second), "the second job is claimed")
    assert installed.value("SELECT pgagent.cancel_job('second')") == 1
    assert_cancelled_only(jobs, second)
    (status, _, output, _, _), = jobs.wait_for_steps(second)
    assert (status, output) == ("d", "cancelled by postgres")
    held.release()
    assert jobs.wait_for_runs(first)[0][0] == "s"


def assert_cancelled_only(jobs, job):
    (status, _, reason, _), = jobs.wait_for_runs(job)
    assert (status, reason) == ("d", "cancelled by postgres")
    wait_until(lambda: requests(jobs.database) == [], "the request is gone")


def test_a_request_without_a_run_means_those_that_run_now(installed, jobs, agent):
    held = HeldSql(installed)
    job = jobs.job("long", held.step)
    agent()
    jobs.run_now(job)
    jobs.wait_for_running(job)
    installed.execute("INSERT INTO pgagent.pga_request (reqkind, reqjobid) VALUES ('cancel', %s)", job)
    assert_cancelled(jobs, job)
    held.release()


def test_requests_to_stop_what_is_over_are_removed(installed, jobs, agent):
    job = jobs.job("short", sql("SELECT 1"))
    agent()
    assert jobs.run(job)[0] == "s"
    installed.execute("INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqjlgid) VALUES"
                      " ('cancel', %s, (SELECT jlgid FROM pgagent.pga_joblog)), ('cancel', %s, 4711), ('cancel', %s, NULL)",
                      job, job, job)
    wait_until(lambda: requests(installed) == [], "the requests are gone")
    assert [run[0] for run in jobs.runs(job)] == ["s"]


def test_a_job_that_is_just_being_claimed_is_cancelled(installed, jobs, agent):
    """The claim has a snapshot without the request, the request one without the claim, were it not for the lock."""
    held = HeldSql(installed)
    job = jobs.job("long", held.step)
    installed.execute("CREATE FUNCTION public.hold() RETURNS trigger LANGUAGE plpgsql AS"
                      " 'BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END';"
                      "CREATE TRIGGER hold BEFORE INSERT ON pgagent.pga_joblog FOR EACH ROW EXECUTE PROCEDURE public.hold()")
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    agent()
    with closing(installed.connect()) as holder, closing(installed.connect()) as person:
        holder.cursor().execute("SELECT pg_advisory_lock(4711)")
        jobs.run_now(job)
        wait_until(lambda: installed.value(waiting) == 1, "the claim is under way")
        answers = []
        thread = threading.Thread(target=lambda: answers.append(fetch(person, "SELECT pgagent.cancel_job('long')")))
        thread.start()
        wait_until(lambda: installed.value(waiting) == 2, "the request waits for the claim")
        holder.cursor().execute("SELECT pg_advisory_unlock(4711)")
        thread.join()
    assert answers == [1]
    assert_cancelled(jobs, job)
    held.release()


def fetch(connection, statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def test_a_run_is_cancelled_while_the_agent_stops(installed, jobs, agent):
    held = HeldSql(installed)
    job = jobs.job("long", held.step, sql("SELECT 2"))
    one = agent("--grace", "600")
    jobs.run_now(job)
    jobs.wait_for_running(job)
    one.signal(signal.SIGTERM)
    one.wait_for_log("stopping")
    assert installed.value("SELECT pgagent.cancel_job('long')") == 1
    assert one.wait() == 0
    assert [step[0] for step in jobs.steps_of(job)] == ["d"]
    held.release()


def test_no_step_begins_after_a_request_to_cancel(installed, jobs, agent, directory):
    """The first step takes the signal for its end, and ends well."""
    held = HeldBatch(directory)
    held.step["code"] = "trap 'exit 0' TERM; " + held.step["code"]
    job = jobs.job("long", held.step, sql("SELECT 2"))
    agent("--batch", "on")
    jobs.run_now(job)
    wait_until(held.has_started, "the script runs")
    installed.query("SELECT pgagent.cancel_job('long')")
    assert_cancelled(jobs, job)
    assert [step[0] for step in jobs.wait_for_steps(job)] == ["s"]


# ---- What comes between an agent's look and its claim ----

@pytest.mark.parametrize("statement", ["SELECT pgagent.skip_next('due')", "SELECT pgagent.pause()"])
def test_a_claim_loses_against_what_came_after_its_look(installed, jobs, agent, statement):
    """After the look at what is due the agent reads exceptions: it has to wait there."""
    job = jobs.job("due", sql("SELECT 1"))
    jobs.schedule(job, hours=[3], minutes=[3])
    one = agent()
    with closing(installed.connect(autocommit=False)) as person:
        person.cursor().execute("LOCK pgagent.pga_exception")
        jobs.make_due(job)
        wait_until(lambda: installed.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                                           " AND wait_event_type = 'Lock' AND application_name = 'pgalmanac'"), "the agent waits")
        person.cursor().execute(statement)
        person.commit()
    wait_for_a_look(jobs)
    if "pause" in statement:
        one.wait_for_log("paused until")
    assert jobs.runs(job) == []


# ---- What the agent does: pausing ----

def wait_for_a_look(jobs):
    """Until the agent has looked at what is due, after this was called: a rule is planned after the look."""
    ruled = jobs.job("ruled")
    jobs.rule(ruled, "daily")
    wait_until(lambda: jobs.database.value("SELECT NOT jobreplan FROM pgagent.pga_job WHERE jobid = %s", ruled),
               "the job is planned")


@pytest.mark.core
def test_nothing_is_started_during_a_pause(installed, jobs, agent):
    due, wished, off = jobs.job("due", sql("SELECT 1")), jobs.job("wished", sql("SELECT 1")), jobs.job("off", enabled=False)
    one = agent()
    installed.query("SELECT pgagent.pause()")
    one.wait_for_log("paused until infinity by postgres: nothing is started")
    jobs.schedule(due)
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobplanned = jobplanned - interval '4 min',"
                               " jobnextrun = jobplanned - interval '4 min' WHERE jobid = %s", due)
    installed.execute("NOTIFY pgalmanac")
    jobs.run_now(wished)
    jobs.run_now(off)
    wait_for_a_look(jobs)
    assert installed.query("SELECT * FROM pgagent.pga_joblog") == []
    assert installed.value("SELECT pgagent.resume()") is True
    (status, trigger, _, run), *_ = jobs.wait_for_runs(due)
    assert (status, trigger) == ("s", "missed")
    assert installed.value("SELECT jlgslots > 2 FROM pgagent.pga_joblog WHERE jlgid = %s", run)
    jobs.wait_for_runs(wished)
    jobs.wait_for_runs(off)
    one.wait_for_log("the pause is over")
    assert one.log().count("paused") == 1


def test_what_runs_goes_on_during_a_pause_and_its_slot_stays_due(installed, jobs, agent):
    held = HeldSql(installed)
    job = jobs.job("long", held.step)
    jobs.schedule(job, hours=[3], minutes=[3])
    one = agent()
    jobs.run_now(job)
    jobs.wait_for_running(job)
    installed.query("SELECT pgagent.pause()")
    one.wait_for_log("paused until")
    jobs.make_due(job)
    held.release()
    assert jobs.wait_for_runs(job)[0][0] == "s"
    wait_for_a_look(jobs)
    assert len(jobs.runs(job)) == 1 and installed.query("SELECT * FROM pgagent.pga_skipped") == []
    installed.query("SELECT pgagent.resume()")
    assert [run[:2] for run in jobs.wait_for_runs(job, 2)] == [("s", "manual"), ("s", "schedule")]


def test_a_pause_ends_by_itself(installed, jobs, agent):
    job = jobs.job("wished", sql("SELECT 1"))
    one = agent("-t", "600")
    installed.query("SELECT pgagent.pause()")
    one.wait_for_log("paused until")
    jobs.run_now(job)
    until = installed.value("SELECT pgagent.pause(clock_timestamp() + interval '1 s')")
    jobs.wait_for_runs(job)
    assert installed.value("SELECT min(jlgstart) FROM pgagent.pga_joblog") >= until
    one.wait_for_log("the pause is over")


# ---- What the agent does: leaving out ----

@pytest.mark.core
def test_a_job_with_rules_is_planned_after_what_is_left_out(installed, jobs, agent):
    job = jobs.job("ruled")
    jobs.rule(job, "daily", rulstart="2090-01-01 03:00+00")
    agent()
    plan = "SELECT jobnextrun FROM pgagent.pga_job WHERE NOT jobreplan"
    wait_until(lambda: installed.value(plan), "the job is planned")
    first = installed.value(plan)
    for number in range(2):
        assert installed.value("SELECT pgagent.skip_next('ruled')") == first + number * timedelta(days=1)
        wait_until(lambda: installed.value(plan), "the job is planned")
    assert installed.value(plan) == first + timedelta(days=2)


@pytest.mark.parametrize("rule", [{"rulkind": "daily", "rulstart": "2090-01-01 03:00+00"},
                                  {"rulkind": "every", "rulstart": "2090-01-01 03:00:00.123456+00", "rulperiod": "1 day"}],
                         ids=lambda rule: rule["rulkind"])
def test_a_slot_before_the_one_that_is_left_out(installed, jobs, agent, rule):
    """Somebody asks for it afterwards: it runs, and the one that is left out still does not."""
    job = jobs.job("ruled", sql("SELECT 1"))
    jobs.rule(job, **rule)
    one = agent()
    plan = "SELECT jobnextrun FROM pgagent.pga_job WHERE NOT jobreplan"
    first = wait_until(lambda: installed.value(plan), "the job is planned", one)
    installed.value("SELECT pgagent.skip_next('ruled')")
    jobs.rule(job, "once", rulstart=installed.value("SELECT now() + interval '0.3 s'"))
    assert jobs.wait_for_runs(job, agent=one)[0][1] == "schedule"
    jobs.wait_until_settled(one)
    assert wait_until(lambda: installed.value(plan), "the job is planned", one) == first + timedelta(days=1)
    assert installed.query("SELECT skpfrom, skpreason FROM pgagent.pga_skipped") == [(first, "skipped")]


def test_a_rule_after_the_last_run_goes_on_after_what_is_left_out(installed, jobs, agent):
    job = jobs.job("ruled", sql("SELECT 1"))
    jobs.rule(job, "after", rulperiod="1 hour", rulstart="2020-01-01 03:00+00")
    agent()
    jobs.wait_for_runs(job)
    plan = "SELECT jobnextrun FROM pgagent.pga_job WHERE NOT jobreplan AND jobnextrun > now()"
    first = wait_until(lambda: installed.value(plan), "the job is planned")
    assert installed.value("SELECT pgagent.skip_next('ruled')") == first
    assert wait_until(lambda: installed.value(plan), "the job is planned") == first + timedelta(hours=1)


# ---- What the agent says of itself ----

WAITING = "SELECT jslwaiting FROM pgagent.pga_jobsteplog WHERE jslstatus = 'r' AND jslwaiting IS NOT NULL"


@pytest.mark.parametrize("before", [0, 1], ids=["first step", "second step"])
def test_a_step_says_what_it_waits_for(installed, jobs, agent, directory, before):
    held, script = HeldSql(installed), HeldBatch(directory)
    first = jobs.job("first", held.step)
    second = jobs.job("second", *[script.step] * before, sql("SELECT 1"))
    agent("--max-connections", "1", "--batch", "on")
    if before:
        jobs.run_now(second)
        wait_until(script.has_started, "the script runs")
    jobs.run_now(first)
    jobs.wait_for_running(first)
    if before:
        script.release()
    else:
        jobs.run_now(second)
    words = wait_until(lambda: installed.value(WAITING), "the step says that it waits")
    assert words.startswith(f'a free connection to database "{installed.name}" on socket directory') \
        and words.endswith("(all 1 connections to this server are in use)")
    held.release()
    assert jobs.wait_for_runs(second)[0][0] == "s"
    steps = installed.query("SELECT jslstatus, jslwaiting, jslpid IS NOT NULL FROM pgagent.pga_jobsteplog"
                            " JOIN pgagent.pga_jobstep ON jstid = jsljstid WHERE jstjobid = %s ORDER BY jslid", second)
    assert steps[-1] == ("s", None, True) and len(steps) == 1 + before


def test_a_step_whose_wait_was_shown_can_be_cancelled(installed, jobs, agent):
    held = HeldSql(installed)
    first, second = jobs.job("first", held.step), jobs.job("second", sql("SELECT 1"))
    agent("--max-connections", "1")
    jobs.run_now(first)
    jobs.wait_for_running(first)
    jobs.run_now(second)
    wait_until(lambda: installed.value(WAITING), "the step says that it waits")
    installed.query("SELECT pgagent.cancel_job('second')")
    assert_cancelled_only(jobs, second)
    assert installed.query("SELECT jslstatus, jslwaiting FROM pgagent.pga_jobsteplog JOIN pgagent.pga_joblog ON jlgid = jsljlgid"
                           " WHERE jlgjobid = %s", second) == [("d", None)]
    held.release()


def test_an_agent_says_as_whom_it_runs_and_which_servers_are_full(installed, jobs, agent):
    held = HeldSql(installed)
    for number in range(7):  # one connection and a reserve of five
        jobs.run_now(jobs.job(f"job {number}", held.step))
    agent("--max-connections", "1", "--batch", "off")
    wait_until(lambda: installed.value("SELECT jagfull = '{\"\"}' FROM pgagent.pga_jobagent"), "the agent's own server is full")
    assert installed.query("SELECT jaguser, jagbatch, jagskew BETWEEN '-1 min' AND '1 min' FROM pgagent.pga_jobagent") == [
        (SERVER_USER or getpass.getuser(), "off", True)]
    held.release()
    wait_until(lambda: installed.value("SELECT jagfull = '{}' FROM pgagent.pga_jobagent"), "the server is not full")

# SPDX-License-Identifier: PostgreSQL
"""What happens to plans and requests while people, pgAdmin and stock agents write to the tables."""
from contextlib import closing, contextmanager
from datetime import timedelta

import psycopg2
import pytest

from harness import wait_until
from harness.waiting import wait_for_answer

pytestmark = pytest.mark.core

# Slots far from any real clock: nothing here becomes due by itself.
NINE_DAILY = "array_fill(false, ARRAY[9]) || true || array_fill(false, ARRAY[14])"
ON_THE_HOUR = "true || array_fill(false, ARRAY[59])"
INSERT_SCHEDULE = f"""
    INSERT INTO pgagent.pga_schedule (jscjobid, jscname, jscstart, jscminutes, jschours)
    VALUES (%s, %s, %s, {ON_THE_HOUR}, {NINE_DAILY}) RETURNING jscid"""
PLAN = "jobnextrun, jobplanned, jobreplan"


class Jobs:
    """The tables of one database, with short words for what the tests say often."""

    def __init__(self, database):
        self.database = database
        self.query, self.value, self.execute = database.query, database.value, database.execute

    def at(self, text):
        return self.value("SELECT %s::timestamptz", text)

    def add(self, **columns):
        row = {"jobjclid": 1, "jobname": "job", **columns}
        return self.value(f"INSERT INTO pgagent.pga_job ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})"
                          " RETURNING jobid", *row.values())

    def add_schedule(self, job=1, start="2090-01-01", name="nine daily"):
        """Asks for 09:00 of every day from that one on."""
        return self.value(INSERT_SCHEDULE, job, name, start)

    def get(self, columns, job=1):
        return self.query(f"SELECT {columns} FROM pgagent.pga_job WHERE jobid = %s", job)[0]

    def next_run(self, job=1):
        return self.get("jobnextrun", job)[0]

    def set(self, assignments, *args, job=1):
        return self.execute(f"UPDATE pgagent.pga_job SET {assignments} WHERE jobid = %s", *args, job)

    def revision(self, job=1):
        return self.get("jobrevision", job)[0]

    def requests(self, job=1):
        return [due for due, in self.query(
            "SELECT reqdue FROM pgagent.pga_request WHERE reqkind = 'run' AND reqjobid = %s ORDER BY reqid", job)]

    def skipped(self):
        return self.query("SELECT skpjobid, skpfrom, skpslots, skpreason FROM pgagent.pga_skipped ORDER BY skpid")

    @contextmanager
    def as_agent(self):
        """What our own agents' sessions do: all triggers leave them alone."""
        self.execute("SET pgalmanac.agent = 'on'")
        yield
        self.execute("SET pgalmanac.agent = 'off'")

    def make_due(self, ago="1 minute", job=1):
        """As if the plan's time had come."""
        with self.as_agent():
            self.set("jobplanned = now() - %s::interval, jobnextrun = now() - %s::interval", ago, ago, job=job)
        return self.next_run(job)

    def register_agent(self, pid=1, station="elsewhere"):
        self.execute("INSERT INTO pgagent.pga_jobagent (jagpid, jagstation) VALUES (%s, %s)", pid, station)
        return pid

    def stock_claim(self, job=1, pid=1):
        """pgAgent's own statement; the number of rows tells it whether it has won."""
        return self.execute("UPDATE pgagent.pga_job SET jobagentid=%s, joblastrun=now() WHERE jobagentid IS NULL AND jobid=%s", pid, job)

    def stock_release(self, job=1):
        return self.execute("UPDATE pgagent.pga_job SET jobagentid=NULL, jobnextrun=NULL WHERE jobid=%s", job)


@pytest.fixture
def jobs(installed):
    return Jobs(installed)


@pytest.fixture
def job(jobs):
    """Job 1, planned for 2090-01-01 09:00 UTC."""
    jobs.add()
    jobs.add_schedule()
    return jobs


PLANNED = "2090-01-01 09:00+00"


# ---- Creating, enabling, disabling ----

def test_a_job_without_schedules_is_planned_never(jobs):
    jobs.add()
    assert jobs.get(PLAN + ", joblastslot, jobrevision") == (None, None, False, None, 0)


def test_a_schedule_plans_its_job(job):
    assert job.get(PLAN) == (job.at(PLANNED), job.at(PLANNED), False)
    assert job.value("SELECT joblastslot <= now() AND jobrevision = 1 FROM pgagent.pga_job")


def test_the_earliest_of_several_schedules_counts(job):
    earlier = job.add_schedule(start="2085-06-01")
    assert job.next_run() == job.at("2085-06-01 09:00+00")
    job.execute("UPDATE pgagent.pga_schedule SET jscenabled = false WHERE jscid = %s", earlier)
    assert job.next_run() == job.at(PLANNED)


def test_only_the_schedules_own_job_is_planned(job):
    job.add(jobname="another")
    job.add_schedule(2, "2085-06-01")
    assert (job.next_run(1), job.next_run(2)) == (job.at(PLANNED), job.at("2085-06-01 09:00+00"))
    assert job.revision(1) == 1


def test_disabling_clears_the_plan_and_enabling_plans(job):
    job.set("jobenabled = false")
    assert job.get(PLAN + ", jobrevision") == (None, None, False, 2)
    job.set("jobenabled = true")
    assert job.get(PLAN + ", jobrevision") == (job.at(PLANNED), job.at(PLANNED), False, 3)
    assert job.skipped() == []


def test_disabling_a_due_job_tells_what_was_skipped(job):
    due = job.make_due()
    job.set("jobenabled = false")
    assert job.skipped() == [(1, due, 1, "disabled")]
    assert job.value("SELECT skpto = skpat AND skpdetail LIKE '%%at least one slot' AND skpagent IS NULL FROM pgagent.pga_skipped")
    job.set("jobenabled = false")
    assert len(job.skipped()) == 1


def test_disabling_a_running_job_skips_nothing(job):
    job.make_due()
    job.stock_claim(pid=job.register_agent())
    job.set("jobenabled = false")
    assert job.skipped() == []


def test_a_disabled_job_stays_without_plan_while_its_schedules_change(job):
    job.set("jobenabled = false")
    job.add_schedule(start="2080-01-01")
    job.set("jobnextrun = NULL")
    assert job.get(PLAN + ", jobrevision") == (None, None, False, 3)


def test_never_and_not_known_here_differ(job):
    """A plan that does not come out in SQL is for an agent to look into."""
    job.execute("UPDATE pgagent.pga_schedule SET jscend = '2000-01-01'")
    assert job.get(PLAN) == (None, None, True)
    job.execute("UPDATE pgagent.pga_schedule SET jscenabled = false")
    assert job.get(PLAN) == (None, None, False)


# ---- Editing ----

def test_exceptions_plan(job):
    job.execute("INSERT INTO pgagent.pga_exception (jexscid, jexdate) VALUES (1, '2090-01-01')")
    assert job.next_run() == job.at("2090-01-02 09:00+00")
    job.execute("UPDATE pgagent.pga_exception SET jexdate = '2090-01-02'")
    assert job.next_run() == job.at(PLANNED)
    job.execute("INSERT INTO pgagent.pga_exception (jexscid, jextime) VALUES (1, '09:00')")
    assert job.get(PLAN) == (None, None, True)
    job.execute("DELETE FROM pgagent.pga_exception")
    assert job.get(PLAN + ", jobrevision") == (job.at(PLANNED), job.at(PLANNED), False, 6)


def test_the_same_exception_on_two_schedules(job):
    job.add_schedule(start="2090-01-01")
    job.execute("INSERT INTO pgagent.pga_exception (jexscid, jexdate, jextime) VALUES (1, '2090-01-01', '09:00'), (2, '2090-01-01', '09:00')")
    assert job.next_run() == job.at("2090-01-02 09:00+00")
    with pytest.raises(psycopg2.errors.UniqueViolation):
        job.execute("INSERT INTO pgagent.pga_exception (jexscid, jexdate, jextime) VALUES (1, '2090-01-01', '09:00')")


def test_moving_a_schedule_plans_both_jobs(job):
    job.add(jobname="another")
    job.execute("UPDATE pgagent.pga_schedule SET jscjobid = 2")
    assert (job.next_run(1), job.next_run(2)) == (None, job.at(PLANNED))


def test_moving_an_exception_plans_both_jobs(job):
    job.add(jobname="another")
    job.add_schedule(2)
    job.execute("INSERT INTO pgagent.pga_exception (jexscid, jexdate) VALUES (1, '2090-01-01')")
    job.execute("UPDATE pgagent.pga_exception SET jexscid = 2")
    assert (job.next_run(1), job.next_run(2)) == (job.at(PLANNED), job.at("2090-01-02 09:00+00"))


def test_deleting_a_schedule_plans(job):
    job.add_schedule(start="2085-06-01")
    job.execute("DELETE FROM pgagent.pga_schedule WHERE jscid = 2")
    assert job.next_run() == job.at(PLANNED)
    job.execute("DELETE FROM pgagent.pga_schedule")
    assert job.get(PLAN) == (None, None, False)


def test_renaming_a_schedule_plans_nothing(job):
    due = job.make_due()
    job.execute("UPDATE pgagent.pga_schedule SET jscname = 'other', jscdesc = 'other'")
    assert (job.next_run(), job.revision(), job.skipped()) == (due, 1, [])


def test_editing_a_due_job_tells_what_was_skipped(job):
    due = job.make_due()
    job.execute("INSERT INTO pgagent.pga_exception (jexscid, jexdate) VALUES (1, '2090-06-01')")
    assert job.skipped() == [(1, due, 1, "replanned")]
    assert job.next_run() == job.at(PLANNED)


def wait_for_an_agent(job):
    """A rule is planned by an agent, and for two hours there has been none."""
    job.execute("DELETE FROM pgagent.pga_schedule")
    job.execute("INSERT INTO pgagent.pga_rule (ruljobid, rulkind, rulperiod) VALUES (1, 'every', '1 min')")
    with job.as_agent():
        job.set("joblastslot = now() - interval '2 h'")
    return job.get("joblastslot")[0]


@pytest.mark.parametrize("change, reason", [("UPDATE pgagent.pga_rule SET rulperiod = '1 h'", "replanned"),
                                            ("UPDATE pgagent.pga_job SET jobenabled = false", "disabled")])
def test_editing_a_job_that_waits_to_be_planned_tells_that_slots_may_be_lost(job, change, reason):
    since = wait_for_an_agent(job)
    job.execute(change)
    assert job.skipped() == [(1, since + timedelta(microseconds=1), 0, reason)]
    job.execute(change)
    assert len(job.skipped()) == 1


def test_renaming_a_job_that_waits_to_be_planned_loses_nothing(job):
    since = wait_for_an_agent(job)
    job.set("jobname = 'other', jobhostagent = 'elsewhere'")
    assert (job.get("joblastslot, jobreplan"), job.skipped()) == ((since, True), [])


def test_plans_are_after_the_last_slot(job):
    with job.as_agent():
        job.set("joblastslot = '2090-01-05 09:00+00'")
    job.set("jobnextrun = NULL")
    assert job.get("jobplanned, joblastslot") == (job.at("2090-01-06 09:00+00"), job.at("2090-01-05 09:00+00"))


@pytest.mark.parametrize("change", ["jobname = 'other'", "jobdesc = 'other'", "jobhostagent = 'other'", "jobjclid = 2",
                                    "jobenabled = false", "jobtimezone = 'Asia/Tokyo'", "jobtimeout = '1 hour'"])
def test_changed_is_kept(job, change):
    job.set("jobchanged = '2020-01-01'")
    job.set(change)
    assert job.value("SELECT jobchanged = (SELECT max(jobchanged) FROM pgagent.pga_job) AND jobchanged > '2026-01-01' FROM pgagent.pga_job")


@pytest.mark.parametrize("change", ["jobnextrun = now()", "jobnextrun = NULL", "jobname = 'job'", "jobname = 'other', jobchanged = '2021-01-01'"])
def test_changed_is_left_alone(job, change):
    job.set("jobchanged = '2020-01-01'")
    job.set(change)
    assert job.get("jobchanged < '2022-01-01'") == (True,)


def test_changing_who_may_run_it_is_a_revision_but_no_new_plan(job):
    due = job.make_due()
    job.set("jobhostagent = 'other'")
    assert (job.next_run(), job.revision(), job.skipped()) == (due, 2, [])
    job.set("jobname = 'other'")
    assert (job.next_run(), job.revision()) == (due, 2)


# ---- Wishes: a next run set by hand ----

def test_a_wish_before_the_plan(job):
    job.set("jobnextrun = '2089-05-05 05:05:05+00'")
    wish = job.at("2089-05-05 05:05:05+00")
    assert job.get(PLAN + ", jobrevision") == (wish, job.at(PLANNED), False, 1)
    assert job.query("SELECT reqkind, reqdue, reqby, reqat <= now() FROM pgagent.pga_request") == [("run", wish, "postgres", True)]


def test_a_wish_after_the_plan_does_not_move_the_next_run(job):
    job.set("jobnextrun = '2091-01-01 00:00+00'")
    assert job.get(PLAN) == (job.at(PLANNED), job.at(PLANNED), False)
    assert job.requests() == [job.at("2091-01-01 00:00+00")]


def test_run_now_does_not_lose_a_due_slot(job):
    due = job.make_due()
    job.set("jobnextrun = now()")
    assert (job.get("jobnextrun, jobplanned"), len(job.requests()), job.skipped()) == ((due, due), 1, [])


def test_several_wishes(job):
    for wish in ("2089-05-01", "2089-03-01", "2089-04-01"):
        job.set("jobnextrun = %s", wish)
    assert job.requests() == [job.at("2089-05-01"), job.at("2089-03-01"), job.at("2089-04-01")]
    assert job.next_run() == job.at("2089-03-01")


def test_a_wish_on_a_disabled_job(job):
    job.set("jobenabled = false")
    job.set("jobnextrun = now()")
    assert (job.next_run(), len(job.requests())) == (None, 1)
    job.set("jobenabled = true")
    assert job.value("SELECT jobnextrun = reqdue FROM pgagent.pga_job, pgagent.pga_request")


def test_a_wish_outlives_disabling_and_editing(job):
    job.set("jobnextrun = '2089-01-01'")
    job.set("jobenabled = false")
    assert (job.next_run(), job.requests()) == (None, [job.at("2089-01-01")])
    job.set("jobenabled = true")
    job.add_schedule(start="2088-01-01")
    assert job.get("jobnextrun, jobplanned") == (job.at("2088-01-01 09:00+00"),) * 2
    job.execute("DELETE FROM pgagent.pga_schedule")
    assert job.get(PLAN) == (job.at("2089-01-01"), None, False)


def test_a_wish_on_a_job_without_schedules(jobs):
    jobs.add()
    jobs.set("jobnextrun = '2089-01-01'")
    assert jobs.get(PLAN) == (jobs.at("2089-01-01"), None, False)


def test_disabling_and_wishing_in_one_statement(job):
    job.set("jobenabled = false, jobnextrun = '2089-01-01'")
    assert (job.get(PLAN + ", jobrevision"), job.requests()) == ((None, None, False, 2), [job.at("2089-01-01")])


def test_enabling_and_wishing_in_one_statement(job):
    job.set("jobenabled = false")
    job.set("jobenabled = true, jobnextrun = '2089-01-01'")
    assert (job.get(PLAN), job.requests()) == ((job.at("2089-01-01"), job.at(PLANNED), False), [job.at("2089-01-01")])


@pytest.mark.parametrize("enabled", [True, False])
def test_a_wish_given_with_a_new_job(jobs, enabled):
    jobs.add(jobenabled=enabled, jobnextrun="2089-01-01")
    wish = jobs.at("2089-01-01")
    assert (jobs.next_run(), jobs.requests()) == (wish if enabled else None, [wish])


def test_a_request_equals_a_wish(job):
    job.execute("INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqdue) VALUES ('run', 1, '2089-02-01'), ('run', 1, '2089-01-01'),"
                " ('cancel', 1, '2080-01-01')")
    assert job.next_run() == job.at("2089-01-01")
    job.execute("UPDATE pgagent.pga_request SET reqdue = '2088-01-01' WHERE reqdue = '2089-02-01'")
    assert job.next_run() == job.at("2088-01-01")
    job.execute("DELETE FROM pgagent.pga_request WHERE reqkind = 'run'")
    assert job.get("jobnextrun, jobrevision") == (job.at(PLANNED), 1)


def test_a_request_for_a_disabled_job_stays_unseen(job):
    job.set("jobenabled = false")
    job.execute("INSERT INTO pgagent.pga_request (reqkind, reqjobid) VALUES ('run', 1)")
    assert job.next_run() is None


def do_at_once(job, statement, first, second):
    """Two sessions: the second waits for the first one's lock, and goes on when that is committed."""
    with closing(job.database.connect(autocommit=False)) as one, \
            closing(psycopg2.connect(job.database.conninfo, async_=True)) as other:
        one.cursor().execute(statement, first)
        wait_for_answer(other)
        cursor = other.cursor()
        cursor.execute(statement, second)
        wait_until(lambda: job.value("SELECT %s = ANY (pg_blocking_pids(%s))", one.info.backend_pid, other.info.backend_pid),
                   "the second waits for the first")
        one.commit()
        wait_for_answer(other)


@pytest.mark.parametrize("first, second", [("2089-01-01", "2089-02-01"), ("2089-02-01", "2089-01-01")])
@pytest.mark.parametrize("statement", ["INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqdue) VALUES ('run', 1, %s)",
                                       "UPDATE pgagent.pga_job SET jobnextrun = %s"], ids=["request", "next run"])
def test_two_people_wish_at_once(job, statement, first, second):
    do_at_once(job, statement, [first], [second])
    assert (job.next_run(), sorted(job.requests())) == (job.at("2089-01-01"), [job.at("2089-01-01"), job.at("2089-02-01")])


@pytest.mark.parametrize("first, second", [("2085-01-01", "2086-01-01"), ("2086-01-01", "2085-01-01")])
def test_two_people_edit_at_once(job, first, second):
    do_at_once(job, INSERT_SCHEDULE, [1, "first", first], [1, "second", second])
    assert job.next_run() == job.at("2085-01-01 09:00+00")
    assert job.revision() == 3


# ---- Stock agents on the same tables ----

def test_a_stock_agent_claims_what_is_due(job):
    due = job.make_due()
    job.set("jobnextrun = now()")
    job.set("jobnextrun = '2089-01-01'")
    assert job.stock_claim(pid=job.register_agent()) == 1
    assert job.get("jobagentid, jobnextrun, joblastrun IS NOT NULL") == (1, due, True)
    assert job.requests() == [job.at("2089-01-01")]


def test_a_stock_agents_claim_is_refused(job):
    """It looked a while ago; another agent has run the job since."""
    pid = job.register_agent()
    assert job.stock_claim(pid=pid) == 0
    job.make_due()
    job.set("jobenabled = false")
    job.set("jobnextrun = now()")
    assert job.stock_claim(pid=pid) == 0
    assert job.get("jobagentid, joblastrun") == (None, None)
    assert len(job.requests()) == 1


def test_a_stock_agents_release_plans(job):
    job.make_due()
    job.set("jobnextrun = '2089-01-01'")
    job.stock_claim(pid=job.register_agent())
    job.stock_release()
    assert job.get(PLAN + ", jobagentid") == (job.at("2089-01-01"), job.at(PLANNED), False, None)
    assert job.value("SELECT joblastslot > now() - interval '1 hour' FROM pgagent.pga_job")
    assert job.skipped() == []


def test_a_stock_agents_release_of_a_disabled_job(job):
    job.make_due()
    job.stock_claim(pid=job.register_agent())
    job.set("jobenabled = false")
    job.stock_release()
    assert job.get(PLAN + ", jobagentid") == (None, None, False, None)


def test_a_stock_agents_clean_up_is_not_stopped_by_one_bad_schedule(job):
    """pgAgent cleans up after dead agents by one statement for all jobs."""
    job.add(jobname="another")
    job.add_schedule(2)
    pid = job.register_agent()
    for number in (1, 2):
        job.make_due(job=number)
        job.stock_claim(number, pid)
    job.execute("SET session_replication_role = replica; UPDATE pgagent.pga_schedule SET jsctimezone = 'Mars/Phobos' WHERE jscid = 1;"
                " SET session_replication_role = origin")
    job.execute("UPDATE pgagent.pga_job SET jobagentid=NULL, jobnextrun=NULL WHERE jobagentid = %s", pid)
    assert job.get("jobagentid, jobnextrun, jobreplan", 1) == (None, None, True)
    assert job.get("jobagentid, jobnextrun, jobreplan", 2) == (None, job.at(PLANNED), False)


def test_removing_an_agent_frees_its_jobs(job):
    job.make_due()
    job.stock_claim(pid=job.register_agent())
    job.execute("DELETE FROM pgagent.pga_jobagent")
    assert job.get("jobagentid") == (None,)


# ---- Deleting ----

def test_deleting_a_job_takes_everything_along_and_writes_nothing(job):
    job.make_due()
    job.set("jobnextrun = now()")
    job.execute("INSERT INTO pgagent.pga_exception (jexscid, jexdate) VALUES (1, '2090-01-01')")
    job.make_due()
    job.execute("INSERT INTO pgagent.pga_jobstep (jstjobid, jstname, jstkind, jstcode, jstdbname) VALUES (1, 'step', 's', 'SELECT 1', 'postgres')")
    job.execute("INSERT INTO pgagent.pga_joblog (jlgjobid) VALUES (1)")
    job.execute("INSERT INTO pgagent.pga_jobsteplog (jsljlgid, jsljstid) VALUES (1, 1)")
    job.execute("DELETE FROM pgagent.pga_job")
    for table in ("pga_schedule", "pga_exception", "pga_jobstep", "pga_joblog", "pga_jobsteplog", "pga_request", "pga_skipped"):
        assert job.value(f"SELECT count(*) FROM pgagent.{table}") == 0, table


# ---- What is refused, and what is mended ----

def test_31_month_days_are_completed(job):
    days = [n in (14, 30) for n in range(31)]
    job.execute("UPDATE pgagent.pga_schedule SET jscmonthdays = %s", days)
    assert job.value("SELECT jscmonthdays FROM pgagent.pga_schedule") == [*days, False]
    assert job.next_run() == job.at("2090-01-15 09:00+00")
    job.execute("INSERT INTO pgagent.pga_schedule (jscjobid, jscname, jscmonthdays) VALUES (1, 'other', %s)", days)
    assert job.value("SELECT count(*) FROM pgagent.pga_schedule WHERE array_length(jscmonthdays, 1) = 32") == 2


@pytest.mark.parametrize("days", [30, 33])
def test_other_numbers_of_month_days_are_refused(job, days):
    with pytest.raises(psycopg2.errors.CheckViolation):
        job.execute("UPDATE pgagent.pga_schedule SET jscmonthdays = %s", [False] * days)


BAD_ZONES = ["Mars/Phobos", "europe/berlin", "CEST", "UTC+3", "<+03>-3", "", "posix/Europe/Berlin", "localtime"]
WRITES = {
    "job": "UPDATE pgagent.pga_job SET jobtimezone = %s",
    "new job": "INSERT INTO pgagent.pga_job (jobjclid, jobname, jobtimezone) VALUES (1, 'job', %s)",
    "schedule": "UPDATE pgagent.pga_schedule SET jsctimezone = %s",
    "new schedule": "INSERT INTO pgagent.pga_schedule (jscjobid, jscname, jsctimezone) VALUES (1, 'schedule', %s)",
    "setting": "UPDATE pgagent.pga_setting SET setvalue = %s WHERE setname = 'timezone'",
    "new setting": "INSERT INTO pgagent.pga_setting (setname, setvalue) VALUES ('timezone', %s)"
                   " ON CONFLICT (setname) DO UPDATE SET setvalue = EXCLUDED.setvalue",
}


@pytest.mark.parametrize("place", WRITES)
def test_unknown_zones_are_refused_where_they_are_written(job, place):
    for zone in BAD_ZONES:
        with pytest.raises(psycopg2.errors.InvalidParameterValue) as error:
            job.execute(WRITES[place], zone)
        assert f'time zone "{zone}" of ' in error.value.diag.message_primary
        assert "IANA name" in error.value.diag.message_primary
        assert error.value.diag.message_detail is None
    job.execute(WRITES[place], "Australia/Lord_Howe")


def test_zones_are_looked_up_once_in_a_session(job):
    for place in ("new job", "job", "schedule"):
        for zone in ("Asia/Tokyo", "Europe/Berlin"):
            job.execute(WRITES[place], zone)
            with pytest.raises(psycopg2.errors.InvalidParameterValue):
                job.execute(WRITES[place], zone.lower())
    assert job.value("SELECT current_setting('pgalmanac.zones')") == "Asia/Tokyo,Europe/Berlin"


def test_a_job_keeps_running_edits_with_a_zone_that_is_gone(job):
    """Only what is written is looked at."""
    job.execute("SET session_replication_role = replica; UPDATE pgagent.pga_job SET jobtimezone = 'Mars/Phobos';"
                " SET session_replication_role = origin")
    job.set("jobname = 'other', jobenabled = false")
    job.set("jobenabled = true")
    assert job.get(PLAN) == (None, None, True)


def test_the_timezone_setting_cannot_be_removed(job):
    for statement in ("UPDATE pgagent.pga_setting SET setvalue = NULL WHERE setname = 'timezone'",
                      "UPDATE pgagent.pga_setting SET setname = 'other' WHERE setname = 'timezone'",
                      "DELETE FROM pgagent.pga_setting WHERE setname = 'timezone'"):
        with pytest.raises(psycopg2.errors.NotNullViolation):
            job.execute(statement)
    job.execute("INSERT INTO pgagent.pga_setting (setname, setvalue) VALUES ('other', NULL)")
    assert job.execute("DELETE FROM pgagent.pga_setting WHERE setname = 'other'") == 1


# ---- Zones ----

def test_zones_of_job_and_schedule(job):
    job.set("jobtimezone = 'Asia/Tokyo'")
    assert job.next_run() == job.at("2090-01-01 09:00+09:00")
    job.execute("UPDATE pgagent.pga_schedule SET jsctimezone = 'America/New_York'")
    assert job.next_run() == job.at("2090-01-01 09:00-05:00")
    job.execute("UPDATE pgagent.pga_schedule SET jsctimezone = NULL")
    job.set("jobtimezone = NULL")
    assert job.next_run() == job.at(PLANNED)


def test_a_changed_timezone_setting_has_all_jobs_planned_anew(job):
    job.add(jobname="disabled", jobenabled=False)
    job.execute(WRITES["setting"], "UTC")
    assert job.get("jobreplan, jobrevision") == (False, 1)
    job.execute(WRITES["setting"], "Asia/Tokyo")
    assert job.get("jobreplan, jobrevision, jobnextrun") == (True, 2, job.at(PLANNED))
    assert job.get("jobreplan, jobrevision", 2) == (False, 1)
    job.execute(WRITES["new setting"], "Europe/Berlin")
    assert job.get("jobreplan, jobrevision") == (True, 3)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_the_sessions_zone_does_not_matter(job, zone):
    job.execute("SELECT set_config('TimeZone', %s, false)", zone)
    job.set("jobnextrun = NULL")
    assert job.next_run() == job.at(PLANNED)


# ---- The agent's own statements ----

def test_the_agents_statements_are_left_alone(job):
    pid = job.register_agent()
    with job.as_agent():
        job.set("jobagentid = %s, jobnextrun = '2089-01-01', jobplanned = '2088-01-01', joblastslot = '2087-01-01'", pid)
        job.set("jobenabled = false")
        job.execute("INSERT INTO pgagent.pga_request (reqkind, reqjobid) VALUES ('run', 1)")
        job.execute("UPDATE pgagent.pga_schedule SET jsclastslot = now(), jscenabled = false")
        job.execute("DELETE FROM pgagent.pga_request")
    assert job.get("jobnextrun, jobplanned, joblastslot, jobrevision") == (
        job.at("2089-01-01"), job.at("2088-01-01"), job.at("2087-01-01"), 1)


def test_a_wish_leaves_the_session_as_it_was(job):
    for setting in ("off", ""):
        job.execute("SELECT set_config('pgalmanac.agent', %s, false)", setting)
        job.set("jobnextrun = clock_timestamp()")
        assert job.value("SELECT current_setting('pgalmanac.agent')") == setting
    job.execute("BEGIN")
    job.set("jobnextrun = clock_timestamp()")
    job.set("jobnextrun = clock_timestamp()")
    job.execute("COMMIT")
    assert len(job.requests()) == 4


# ---- NOTIFY ----

NOTIFYING = {
    "new job": "INSERT INTO pgagent.pga_job (jobjclid, jobname) VALUES (1, 'job')",
    "run now": "UPDATE pgagent.pga_job SET jobnextrun = now()",
    "edit": "UPDATE pgagent.pga_job SET jobname = 'other'",
    "disable": "UPDATE pgagent.pga_job SET jobenabled = false",
    "schedule": "UPDATE pgagent.pga_schedule SET jscend = '2095-01-01'",
    "exception": "INSERT INTO pgagent.pga_exception (jexscid, jexdate) VALUES (1, '2090-01-01')",
    "request": "INSERT INTO pgagent.pga_request (reqkind, reqjobid) VALUES ('cancel', 1)",
    "time zone": "UPDATE pgagent.pga_setting SET setvalue = 'Asia/Tokyo' WHERE setname = 'timezone'",
    "delete": "DELETE FROM pgagent.pga_job",
}


@pytest.mark.parametrize("what", NOTIFYING)
def test_a_change_wakes_the_agents_when_it_is_committed(job, what):
    with closing(job.database.connect()) as listener, closing(job.database.connect(autocommit=False)) as person:
        listener.cursor().execute("LISTEN pgalmanac")
        person.cursor().execute(NOTIFYING[what])
        listener.cursor().execute("SELECT 1")
        assert listener.notifies == []
        person.commit()
        wait_until(lambda: listener.poll() == psycopg2.extensions.POLL_OK and listener.notifies, "the agents are woken")
        assert [(one.channel, one.payload) for one in listener.notifies] == [("pgalmanac", "")]


def test_what_changes_nothing_wakes_nobody(job):
    with closing(job.database.connect()) as listener:
        listener.cursor().execute("LISTEN pgalmanac")
        with job.as_agent():
            job.set("jobnextrun = now()")
            job.execute("DELETE FROM pgagent.pga_request")
        job.execute("UPDATE pgagent.pga_schedule SET jscname = 'other'")
        job.execute("UPDATE pgagent.pga_setting SET setvalue = '0' WHERE setname = 'schema_version'")
        listener.cursor().execute("SELECT 1")
        assert listener.notifies == []


# ---- People whose grants cover only pgAgent's tables ----

@pytest.fixture
def person(job):
    """Somebody who may use pgAgent's tables and knows of no others."""
    job.execute("CREATE ROLE person LOGIN; GRANT USAGE ON SCHEMA pgagent TO person;"
                " GRANT SELECT, INSERT, UPDATE, DELETE ON pgagent.pga_job, pgagent.pga_jobstep, pgagent.pga_schedule,"
                " pgagent.pga_exception TO person; GRANT SELECT ON pgagent.pga_jobclass, pgagent.pga_jobagent,"
                " pgagent.pga_joblog, pgagent.pga_jobsteplog TO person; GRANT USAGE ON SEQUENCE pgagent.pga_job_jobid_seq,"
                " pgagent.pga_jobstep_jstid_seq, pgagent.pga_schedule_jscid_seq, pgagent.pga_exception_jexid_seq TO person")
    connection = job.database.connect("person")
    yield connection.cursor()
    connection.close()
    job.execute("DROP OWNED BY person; DROP ROLE person")


def test_people_with_grants_on_stock_tables_only(job, person):
    job.make_due()
    person.execute("INSERT INTO pgagent.pga_job (jobjclid, jobname, jobnextrun) VALUES (1, 'theirs', now())")
    person.execute(INSERT_SCHEDULE, [2, "theirs", "2090-01-01"])
    person.execute("INSERT INTO pgagent.pga_exception (jexscid, jexdate) VALUES (2, '2090-01-01')")
    person.execute("UPDATE pgagent.pga_job SET jobnextrun = now() WHERE jobid = 1")
    person.execute("UPDATE pgagent.pga_job SET jobenabled = false WHERE jobid = 1")
    person.execute("UPDATE pgagent.pga_job SET jobenabled = true, jobtimezone = 'Asia/Tokyo' WHERE jobid = 1")
    assert job.get("jobplanned", 1) == (job.at("2090-01-01 09:00+09:00"),)
    assert job.get("jobplanned", 2) == (job.at("2090-01-02 09:00+00"),)
    assert job.query("SELECT reqjobid, reqby FROM pgagent.pga_request ORDER BY reqid") == [(2, "person"), (1, "person")]
    assert [row[3] for row in job.skipped()] == ["disabled"]
    person.execute("SELECT pgagent.pga_next_schedule(jscid, jscstart, jscend, jscminutes, jschours, jscweekdays, jscmonthdays, jscmonths)"
                   " FROM pgagent.pga_schedule WHERE jscid = 2")
    assert person.fetchone()[0] == job.at("2090-01-02 09:00+00")
    person.execute("DELETE FROM pgagent.pga_job")
    assert job.value("SELECT count(*) FROM pgagent.pga_request") == 0


def test_objects_in_the_sessions_own_schemas_do_not_lead_triggers_astray(job):
    job.execute("""
        CREATE SCHEMA evil;
        CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT timestamptz ''2000-01-01''';
        CREATE TEMPORARY TABLE pga_schedule (jscid int);
        SET search_path = evil, pg_temp, pg_catalog""")
    job.set("jobnextrun = NULL")
    assert job.value("SELECT joblastslot > '2026-01-01' FROM pgagent.pga_job")


# ---- Planning is never in the way ----

@pytest.mark.parametrize("change", [
    "jscmonthdays = array_fill(false, ARRAY[29]) || true || array_fill(false, ARRAY[2]), jscmonths = '{f,t,f,f,f,f,f,f,f,f,f,f}'",
    "jscstart = 'infinity'", "jscstart = '294276-01-01'", "jscend = '-infinity'", "jscend = '294276-01-01'", "jscstart = '-infinity'",
    "jscmonths = array_fill(NULL::bool, ARRAY[12])", "jscminutes = array_fill(NULL::bool, ARRAY[60])",
    "jschours = array_fill(false, ARRAY[24], ARRAY[1])", "jscweekdays = '[0:7]={t,t,t,t,t,t,t,t}'"])
def test_no_schedule_raises(job, change):
    job.execute(f"UPDATE pgagent.pga_schedule SET {change}")
    job.execute("INSERT INTO pgagent.pga_exception (jexscid, jexdate, jextime) VALUES (1, 'infinity', '24:00'), (1, NULL, NULL),"
                " (1, '-infinity', NULL), (1, '5874897-12-31', '09:00'), (1, NULL, '24:00'), (1, NULL, '09:00:30.5')")
    planned, replan = job.get("jobplanned, jobreplan")
    assert (planned is None) == replan


def test_a_schedule_is_planned_for_the_next_minute(jobs):
    jobs.execute("BEGIN")
    jobs.add()
    jobs.execute("INSERT INTO pgagent.pga_schedule (jscjobid, jscname) VALUES (1, 'every minute')")
    now, next_run = jobs.query("SELECT now(), jobnextrun FROM pgagent.pga_job")[0]
    jobs.execute("COMMIT")
    assert next_run == now.replace(second=0, microsecond=0) + timedelta(minutes=1)

# SPDX-License-Identifier: PostgreSQL
"""What pga_rule refuses where it is written, and what its triggers do to the job. No agent runs here."""
import psycopg2
import pytest


pytestmark = pytest.mark.core

# What is refused: columns of the rule, and what the message must say.
REFUSED = [
    (dict(rulkind="fortnightly"), 'rulkind is "fortnightly"; it must be once, hourly'),
    # Columns that the kind does not take.
    (dict(rulkind="once", rulevery=2), "kind once takes no rulevery, but it is 2; it is for daily, weekly, monthly"),
    (dict(rulkind="hourly", rulevery=2), "kind hourly takes no rulevery"),
    (dict(rulkind="daily", rulhours="{1}"), "kind daily takes no rulhours, but it is {1}; it is for hourly"),
    (dict(rulkind="monthly", rulweekdays="{1}"), "kind monthly takes no rulweekdays, but it is {1}; it is for weekly"),
    (dict(rulkind="weekly", rulmonthdays="{1}"), "kind weekly takes no rulmonthdays"),
    (dict(rulkind="weekly", rulmonths="{1}"), "kind weekly takes no rulmonths"),
    (dict(rulkind="daily", rulperiod="1 hour"), "kind daily takes no rulperiod, but it is 01:00:00; it is for every, after"),
    (dict(rulkind="daily", rultext="* * * * *"), "kind daily takes no rultext, but it is '* * * * *'; it is for cron, ical"),
    (dict(rulkind="ical", rultext="FREQ=DAILY", ruldayor=True), "kind ical takes no ruldayor"),
    (dict(rulkind="startup", rulperiod="1 hour"), "kind startup takes no rulperiod"),
    (dict(rulkind="cron", rultext="@every 1 hour", ruldayor=True), "kind every takes no ruldayor"),
    # Numbers.
    (dict(rulkind="daily", rulevery=0), "rulevery is 0; it must be 1 or more"),
    (dict(rulkind="weekly", rulevery=-1), "rulevery is -1"),
    (dict(rulkind="hourly", rulhours="{0,24}"), "rulhours has 24; hours are 0 to 23"),
    (dict(rulkind="hourly", rulhours="{-1,NULL}"), "rulhours has -1, NULL; hours"),
    (dict(rulkind="weekly", rulweekdays="{7}"), "rulweekdays has 7; weekdays are 0 (Sunday) to 6"),
    (dict(rulkind="weekly", rulweekdays="{{1,2},{3,9}}"), "rulweekdays has 9"),
    (dict(rulkind="monthly", rulmonthdays="{0,31,-31}"), "rulmonthdays has 0; days of the month are 1 to 31, and from"),
    (dict(rulkind="monthly", rulmonthdays="{32}"), "rulmonthdays has 32"),
    (dict(rulkind="monthly", rulmonthdays="{-32}"), "rulmonthdays has -32"),
    (dict(rulkind="monthly", rulmonthdays="{NULL}"), "rulmonthdays has NULL"),
    (dict(rulkind="monthly", rulmonths="{0,13}"), "rulmonths has 0, 13; months are 1 to 12"),
    (dict(rulkind="daily", rulendcount=-1), "rulendcount is -1; it must be 0 (no such end) or more"),
    # Lengths of time.
    (dict(rulkind="every"), "rulperiod is NULL; a rule of kind every needs it"),
    (dict(rulkind="after"), "rulperiod is NULL; a rule of kind after needs it"),
    (dict(rulkind="every", rulperiod="0"), "rulperiod is 00:00:00; it must be longer than 0"),
    (dict(rulkind="every", rulperiod="-1 s"), "rulperiod is -00:00:01"),
    (dict(rulkind="every", rulperiod="1 month"), "rulperiod is 1 mon; it is elapsed time and cannot have months or years"),
    (dict(rulkind="after", rulperiod="2 years"), "cannot have months or years"),
    (dict(rulkind="once", rulduration="1 hour"), "rulduration is 01:00:00; only an exception has one"),
    (dict(rulkind="once", rulduration="0", rulexception=True), "rulduration is 00:00:00; it must be longer than 0"),
    (dict(rulkind="once", rulduration="1 mon -1 day", rulexception=True), "it must be longer than 0"),
    (dict(rulkind="cron", rultext="@after 99999999999 days"), "@every and @after with a length of time"),
    # Exceptions and bounds.
    (dict(rulkind="after", rulperiod="1 s", rulexception=True), "a rule of kind after cannot be an exception"),
    (dict(rulkind="startup", rulexception=True), "a rule of kind startup cannot be an exception"),
    (dict(rulkind="daily", rulexception=True, rulendcount=3), "rulendcount is 3; an exception runs nothing"),
    (dict(rulkind="daily", rulstart="2026-02-01 00:00+00", rulend="2026-01-01 00:00+00"),
     "rulend is 2026-01-01 00:00:00+00; it must not be before rulstart, 2026-02-01 00:00:00+00"),
    (dict(rulkind="daily", rulstart="infinity"), "rulstart is infinity; it must be within the years 1 to 9999"),
    (dict(rulkind="daily", rulstart="10000-01-01 00:00+00"), "it must be within the years 1 to 9999"),
    (dict(rulkind="daily", rulstart="0001-01-01 00:00+00 BC"), "it must be within the years 1 to 9999"),
    # Texts.
    (dict(rulkind="cron"), "rultext is NULL; a rule of kind cron needs it"),
    (dict(rulkind="ical"), "rultext is NULL; a rule of kind ical needs it"),
    (dict(rulkind="cron", rultext=" "), "it has 0 fields; 5 are needed (minute, hour, day of month, month, weekday)"),
    (dict(rulkind="cron", rultext="* * * *"), "rultext is '* * * *'; it has 4 fields"),
    (dict(rulkind="cron", rultext="* * * * * * *"), "it has 7 fields"),
    (dict(rulkind="cron", rultext="0 9 * * mon;fri"), 'it has the character ";", which cron text cannot have'),
    (dict(rulkind="cron", rultext="@fortnightly"), "rultext is '@fortnightly'; macros are @hourly @daily"),
    (dict(rulkind="cron", rultext="@daily 5"), "macros are @hourly"),
    (dict(rulkind="cron", rultext="@every"), "@every and @after with a length of time"),
    (dict(rulkind="cron", rultext="@reboot now"), "macros are @hourly"),
    (dict(rulkind="cron", rultext="@every now and then"), "rultext is '@every now and then'; macros are @hourly"),
    (dict(rulkind="cron", rultext="@every 0 s"), "rulperiod is 00:00:00"),
    (dict(rulkind="cron", rultext="@after 1 month"), "rulperiod is 1 mon"),
    (dict(rulkind="ical", rultext=""), "lines of iCalendar text are needed"),
    (dict(rulkind="ical", rultext="DTSTART:20260101T000000\nSUMMARY:x"), 'its line "SUMMARY:x" does not begin with DTSTART'),
    (dict(rulkind="ical", rultext="RRULE:FREQ=DAILY\\nUNTIL=2027"), 'its line "UNTIL=2027" does not begin with'),
    (dict(rulkind="ical", rultext="0 9 * * *"), 'its line "0 9 * * *" does not begin with'),
    # Zones.
    (dict(rulkind="daily", rultimezone="Mars/Olympus"), 'time zone "Mars/Olympus" of rule "R" is not known'),
    (dict(rulkind="daily", rultimezone="europe/berlin"), "the IANA name is written Europe/Berlin"),
]

ACCEPTED = [
    dict(rulkind="once"),
    dict(rulkind="once", rulstart="9999-12-30 00:00+00"),
    dict(rulkind="hourly", rulhours="{0,23,23}"),
    dict(rulkind="hourly", rulhours="{}", rulweekdays="{}"),
    dict(rulkind="daily", rulevery=1000000),
    dict(rulkind="weekly", rulweekdays="{0,6}", rulevery=2),
    dict(rulkind="monthly", rulmonthdays="{1,31,-1,-31}", rulmonths="{1,12}", rulevery=3),
    dict(rulkind="every", rulperiod="90 days 0.5 s"),
    dict(rulkind="after", rulperiod="00:00:01", rulend="infinity", rulendcount=3),
    dict(rulkind="startup"),
    dict(rulkind="cron", rultext="0 9 * * mon-fri", ruldayor=True),
    dict(rulkind="cron", rultext="\t*/10 0,30 9-17/2 L-3 JAN ?  "),
    dict(rulkind="cron", rultext="0 0 15W $ 5#3"),
    dict(rulkind="cron", rultext="@Daily"),
    dict(rulkind="ical", rultext="FREQ=DAILY"),
    dict(rulkind="ical", rultext="DTSTART;TZID=Europe/Berlin:20260101T090000\r\nRRULE:FREQ=DAILY;\r\n COUNT=3\\nEXDATE:20260102T090000"),
    dict(rulkind="daily", rulexception=True, rulduration="1 month 2 days 03:00"),
    dict(rulkind="every", rulperiod="1 h", rulexception=True),
    dict(rulkind="daily", rultimezone="Europe/Berlin"),
    dict(rulkind="daily", rulstart="2026-01-01 00:00+00", rulend="2026-01-01 00:00+00"),
]


@pytest.fixture
def plan(installed):
    """(jobreplan, jobplanned, jobnextrun, jobrevision) of a job."""
    return lambda job: installed.query(
        "SELECT jobreplan, jobplanned, jobnextrun, jobrevision FROM pgagent.pga_job WHERE jobid = %s", job)[0]


def test_what_is_refused_and_why(installed, jobs):
    job = jobs.job("job")
    for columns, message in REFUSED:
        with pytest.raises(psycopg2.Error) as caught:
            jobs.rule(job, rulname="R", **columns)
        assert message in str(caught.value), columns
        assert "R" in str(caught.value), columns
        assert caught.value.pgcode == "22023", columns
    assert installed.query("SELECT rulid FROM pgagent.pga_rule") == []


def test_nothing_wrong_comes_in_past_the_triggers(installed, jobs):
    """The table's own constraints hold for the agents' sessions too; texts and zones are the agents' to judge."""
    job = jobs.job("job")
    for columns, message in REFUSED:
        if "rultext" in columns and columns["rulkind"] in ("cron", "ical") or "rultimezone" in columns:
            continue
        if columns.get("rulperiod") in ("1 month", "2 years") or columns.get("rulduration") == "1 mon -1 day":
            continue
        names = ", ".join(columns)
        with pytest.raises(psycopg2.errors.CheckViolation):
            installed.execute_as_agent(
                f"INSERT INTO pgagent.pga_rule (ruljobid, {names}) VALUES (%s{', %s' * len(columns)})",
                job, *columns.values())


def test_what_is_accepted(installed, jobs):
    job = jobs.job("job")
    for columns in ACCEPTED:
        jobs.rule(job, **columns)
    assert installed.value("SELECT count(*) FROM pgagent.pga_rule") == len(ACCEPTED)


@pytest.mark.parametrize("text, kind, period", [
    ("@reboot", "startup", None), (" @REBOOT ", "startup", None), ("@every 5 min", "every", "00:05:00"),
    ("@Every 1h30m", "every", "01:30:00"), ("@after\t10 s", "after", "00:00:10")])
def test_macros_that_become_kinds(installed, jobs, text, kind, period):
    rule = jobs.rule(jobs.job("job"), rulkind="cron", rultext=text)
    assert installed.query("SELECT rulkind, rulperiod::text, rultext FROM pgagent.pga_rule WHERE rulid = %s",
                           rule) == [(kind, period, None)]
    installed.execute("UPDATE pgagent.pga_rule SET rulkind = 'cron', rultext = '@every 7 min' WHERE rulid = %s", rule)
    assert installed.query("SELECT rulkind, rulperiod::text, rultext FROM pgagent.pga_rule WHERE rulid = %s",
                           rule) == [("every", "00:07:00", None)]


def test_an_unnamed_rule_is_named_by_its_id(jobs):
    with pytest.raises(psycopg2.Error, match=r"rule \d+: rulevery is 0"):
        jobs.rule(jobs.job("job"), rulkind="daily", rulevery=0)


def test_the_services_columns_are_its_own(installed, jobs):
    job = jobs.job("job")
    rule = jobs.rule(job, rulkind="daily", rulruncount=7, rullastslot="2026-01-01", rulproblem="none")
    columns = "SELECT rulruncount, rullastslot, rulproblem FROM pgagent.pga_rule WHERE rulid = %s"
    assert installed.query(columns, rule) == [(0, None, None)]
    installed.execute_as_agent("UPDATE pgagent.pga_rule SET rulruncount = 3, rulproblem = 'x'")
    for change in ("rulruncount = 5", "rulruncount = -1", "rullastslot = now()", "rulproblem = NULL"):
        with pytest.raises(psycopg2.Error, match="cannot be set"):
            installed.execute(f"UPDATE pgagent.pga_rule SET {change}")
    installed.execute("UPDATE pgagent.pga_rule SET ruldesc = 'same', rulruncount = 3, rulproblem = 'x'")
    assert installed.query(columns, rule) == [(3, None, "x")]
    installed.execute("UPDATE pgagent.pga_rule SET rulruncount = 0")
    assert installed.query(columns, rule) == [(0, None, None)], "a new beginning is a new plan"


def test_a_job_with_rules_is_left_to_the_agents(installed, jobs, plan):
    job = jobs.job("job")
    jobs.schedule(job)
    assert plan(job)[0] is False and plan(job)[1] is not None
    rule = jobs.rule(job, rulkind="daily")
    assert plan(job)[:3] == (True, None, None)
    assert installed.value("SELECT pgagent.pga_plan_after(now(), %s, NULL)", job) is None
    installed.execute("UPDATE pgagent.pga_rule SET rulenabled = false")
    assert plan(job)[0] is False and plan(job)[1] is not None, "its schedules are SQL's again"
    installed.execute("UPDATE pgagent.pga_rule SET rulenabled = true, rulexception = true")
    assert plan(job)[:3] == (True, None, None), "an exception hides slots of schedules"
    installed.execute("UPDATE pgagent.pga_job SET jobenabled = false")
    assert plan(job)[:3] == (False, None, None)
    installed.execute("UPDATE pgagent.pga_rule SET rulevery = 2")
    assert plan(job)[:3] == (False, None, None), "a disabled job is not planned"
    installed.execute("UPDATE pgagent.pga_job SET jobenabled = true")
    assert plan(job)[:3] == (True, None, None)
    installed.execute("DELETE FROM pgagent.pga_rule WHERE rulid = %s", rule)
    assert plan(job)[0] is False and plan(job)[1] is not None


def test_each_change_of_a_definition_counts(installed, jobs, plan):
    job = jobs.job("job")
    revision = plan(job)[3]
    jobs.rule(job, rulkind="daily")
    for change in ("rulevery = 2", "rulstart = rulstart + '1 s'::interval", "rulend = 'infinity'", "rulendcount = 2",
                   "rulkind = 'weekly'", "rulweekdays = '{1}'", "rultimezone = 'UTC'", "rulenabled = false"):
        revision = plan(job)[3]
        installed.execute(f"UPDATE pgagent.pga_rule SET {change}")
        assert plan(job)[3] > revision, change
    for change in ("rulname = 'x'", "ruldesc = 'x'", "rulweekdays = rulweekdays"):
        before = plan(job)
        installed.execute(f"UPDATE pgagent.pga_rule SET {change}")
        assert plan(job) == before, change
    other = jobs.job("other")
    revisions = plan(job)[3], plan(other)[3]
    installed.execute("UPDATE pgagent.pga_rule SET ruljobid = %s", other)
    assert plan(job)[3] > revisions[0] and plan(other)[3] > revisions[1]


def test_a_change_notifies(installed, jobs):
    job = jobs.job("job")
    listener = installed.connect()
    with listener.cursor() as cursor:
        cursor.execute("LISTEN pgalmanac")
        for change in ("INSERT INTO pgagent.pga_rule (ruljobid, rulkind) VALUES (%s, 'daily')",
                       "UPDATE pgagent.pga_rule SET rulevery = 2 WHERE ruljobid = %s",
                       "DELETE FROM pgagent.pga_rule WHERE ruljobid = %s"):
            installed.execute(change, job)
            cursor.execute("SELECT 1")
            listener.poll()
            assert listener.notifies, change
            listener.notifies.clear()
    listener.close()


def make_due(installed, job):
    installed.execute_as_agent(
        "UPDATE pgagent.pga_job SET jobreplan = false, jobplanned = now() - interval '1 min',"
        " jobnextrun = now() - interval '1 min' WHERE jobid = %s", job)


@pytest.mark.parametrize("change, reason", [
    ("UPDATE pgagent.pga_rule SET rulevery = 2", "replanned"),
    ("UPDATE pgagent.pga_rule SET rulenabled = false", "replanned"),
    ("DELETE FROM pgagent.pga_rule", "replanned"),
    ("INSERT INTO pgagent.pga_rule (ruljobid, rulkind) SELECT jobid, 'daily' FROM pgagent.pga_job", "replanned"),
    ("UPDATE pgagent.pga_job SET jobenabled = false", "disabled")])
def test_what_was_due_is_not_passed_over_silently(installed, jobs, change, reason):
    job = jobs.job("job")
    jobs.rule(job, rulkind="daily")
    make_due(installed, job)
    installed.execute(change)
    assert installed.query("SELECT skpjobid, skpreason FROM pgagent.pga_skipped") == [(job, reason)]


def test_deleting_a_job_takes_its_rules_and_writes_nothing(installed, jobs):
    job = jobs.job("job")
    jobs.rule(job, rulkind="daily")
    jobs.rule(job, rulkind="after", rulperiod="1 s")
    make_due(installed, job)
    installed.execute("INSERT INTO pgagent.pga_joblog (jlgjobid) VALUES (%s)", job)
    installed.execute("DELETE FROM pgagent.pga_job")
    assert installed.query("SELECT rulid FROM pgagent.pga_rule") == []
    assert installed.query("SELECT skpid FROM pgagent.pga_skipped") == []


@pytest.mark.parametrize("release", [
    "UPDATE pgagent.pga_job SET jobagentid = NULL", "DELETE FROM pgagent.pga_jobagent",
    "SET pgalmanac.agent = 'on'; UPDATE pgagent.pga_job SET jobagentid = NULL; RESET pgalmanac.agent"])
def test_the_end_of_a_run_is_noted_for_after(installed, jobs, plan, release):
    """Whoever frees the job, and whether or not there is a log row."""
    job, other = jobs.job("job"), jobs.job("other")
    jobs.rule(job, rulkind="after", rulperiod="1 min")
    jobs.rule(other, rulkind="daily")
    installed.execute("INSERT INTO pgagent.pga_jobagent (jagpid, jagstation) VALUES (1, 'here')")
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobreplan = false, jobagentid = 1")
    revision = plan(job)[3]
    installed.execute(release)
    assert plan(job)[0] is True and plan(job)[3] > revision
    assert installed.query("SELECT jobname, joblastend IS NOT NULL FROM pgagent.pga_job ORDER BY jobid") == [
        ("job", True), ("other", False)]
    end = installed.query("SELECT joblastend FROM pgagent.pga_job")
    installed.execute(release)
    assert installed.query("SELECT joblastend FROM pgagent.pga_job") == end, "it had ended before"


@pytest.fixture
def editor(cluster, installed):
    """Somebody who may edit rules, and use nothing else that we added: no sequences, no job's new columns."""
    installed.execute("CREATE ROLE rule_editor LOGIN; GRANT USAGE ON SCHEMA pgagent TO rule_editor;"
                      " GRANT SELECT, INSERT, UPDATE, DELETE ON pgagent.pga_rule TO rule_editor")
    connection = installed.connect("rule_editor")
    yield connection.cursor()
    connection.close()
    installed.execute("DROP OWNED BY rule_editor; DROP ROLE rule_editor")


def test_somebody_with_rights_on_rules_only(installed, jobs, plan, editor):
    job = jobs.job("job")
    editor.execute("INSERT INTO pgagent.pga_rule (ruljobid, rulkind, rultimezone) VALUES (%s, 'daily', 'Europe/Berlin')", (job,))
    editor.execute("UPDATE pgagent.pga_rule SET rulevery = 2")
    assert plan(job)[0] is True
    editor.execute("DELETE FROM pgagent.pga_rule")
    assert plan(job)[0] is False

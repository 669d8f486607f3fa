# SPDX-License-Identifier: PostgreSQL
"""Rules at work: each kind runs when it should, exceptions hold, counts are kept, and what is wrong is said."""
from datetime import datetime, timedelta, timezone

import pytest

from harness.holding import HeldSql
from harness.jobs import sql
from harness.waiting import wait_until

UTC = timezone.utc
PLAN = "SELECT jobreplan, jobplanned, jobnextrun FROM pgagent.pga_job WHERE jobid = %s"
PROBLEM = "SELECT rulproblem FROM pgagent.pga_rule WHERE rulid = %s"


@pytest.fixture
def planned(installed):
    """The plan of a job, when it has been made: strictly after that instant, if one is given."""
    def plan(job, after=None):
        if after is not None:
            installed.execute_as_agent(
                "UPDATE pgagent.pga_job SET joblastslot = %s, jobreplan = true,"
                " jobrevision = jobrevision + 1 WHERE jobid = %s", after, job)
            installed.execute("NOTIFY pgalmanac")
        return wait_until(lambda: [row for row in installed.query(PLAN, job) if not row[0]], f"job {job} is planned")[0][1]
    return plan


@pytest.fixture
def plans(planned):
    """The first plans of a job after an instant."""
    def several(job, after, count):
        found = []
        for _ in range(count):
            found.append(planned(job, found[-1] if found else after))
        return found
    return several


@pytest.fixture
def problem(installed, planned):
    """What the agent says of a rule."""
    def say(job, rule):
        planned(job)
        return installed.value(PROBLEM, rule)
    return say


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# Each kind runs

RUNNING = [
    dict(rulkind="once"),
    dict(rulkind="cron", rultext="* * * * * *"),
    dict(rulkind="ical", rultext="RRULE:FREQ=SECONDLY"),
    dict(rulkind="every", rulperiod="1 second"),
    dict(rulkind="after", rulperiod="0.3 s"),
    dict(rulkind="cron", rultext="@every 1 s"),
]


@pytest.mark.core
@pytest.mark.parametrize("columns", RUNNING, ids=lambda columns: columns.get("rultext", columns["rulkind"]))
def test_it_runs(jobs, agent, installed, columns):
    one = agent()
    job = jobs.job("job", sql("SELECT 1"))
    rule = jobs.rule(job, **columns)
    count = 1 if columns["rulkind"] == "once" else 3
    runs = jobs.wait_for_runs(job, count, one)
    assert {run[0] for run in runs[:count]} == {"s"}
    # On a busy machine two may have come due before the agent looks: the newest is run, for both.
    rows = installed.query("SELECT jlgrulid, jlgjscid, jlgtrigger = CASE jlgslots WHEN 1 THEN 'schedule' ELSE 'missed' END, jlglabel ~ '^20\\d\\d-\\d\\d-\\d\\d .* UTC$',"
                           " jlgscheduled <= jlgstart FROM pgagent.pga_joblog ORDER BY jlgid LIMIT %s", count)
    assert set(rows) == {(rule, None, True, True, True)}
    installed.execute("UPDATE pgagent.pga_rule SET rulenabled = false")
    jobs.wait_until_settled(one)
    counted, last = installed.query("SELECT rulruncount, rullastslot FROM pgagent.pga_rule")[0]
    slots = installed.query("SELECT count(*), max(jlgscheduled) FROM pgagent.pga_joblog")[0]
    assert (counted, last) == slots
    if columns["rulkind"] != "after":
        distinct = installed.value("SELECT count(DISTINCT jlgscheduled) FROM pgagent.pga_joblog")
        assert distinct == counted
    elif counted > 1:
        gaps = installed.query("SELECT jlgscheduled - lag(jlgstart + jlgduration) OVER (ORDER BY jlgid) FROM pgagent.pga_joblog")
        assert all(gap >= timedelta(seconds=0.29) for gap, in gaps[1:])


PLANNED = [
    # columns, plans from 2090-01-01 on (a Sunday; the start is at 09:30 of that day), in UTC
    (dict(rulkind="once"), ["2090-01-01 09:30"]),
    (dict(rulkind="hourly", rulhours="{9,21}"), ["2090-01-01 09:30", "2090-01-01 21:30", "2090-01-02 09:30"]),
    (dict(rulkind="daily", rulevery=10), ["2090-01-01 09:30", "2090-01-11 09:30", "2090-01-21 09:30"]),
    (dict(rulkind="weekly", rulevery=2, rulweekdays="{1,0}"),
     ["2090-01-01 09:30", "2090-01-09 09:30", "2090-01-15 09:30", "2090-01-23 09:30"]),
    (dict(rulkind="weekly"), ["2090-01-01 09:30", "2090-01-08 09:30"]),
    (dict(rulkind="monthly", rulmonthdays="{31,-1}", rulmonths="{1,2,4}"),
     ["2090-01-31 09:30", "2090-02-28 09:30", "2090-04-30 09:30", "2091-01-31 09:30"]),
    (dict(rulkind="monthly", rulevery=5), ["2090-01-01 09:30", "2090-06-01 09:30"]),
    (dict(rulkind="every", rulperiod="36 h"), ["2090-01-01 09:30", "2090-01-02 21:30"]),
    (dict(rulkind="cron", rultext="0 12 13 * fri"), ["2090-01-06 12:00", "2090-01-13 12:00"]),
    (dict(rulkind="cron", rultext="0 12 13 * fri", ruldayor=False), ["2090-01-13 12:00", "2090-10-13 12:00"]),
    (dict(rulkind="cron", rultext="@weekly"), ["2090-01-08 00:00", "2090-01-15 00:00"]),
    (dict(rulkind="cron", rultext="0 12 * * *", rultimezone="Asia/Tokyo"), ["2090-01-02 03:00", "2090-01-03 03:00"]),
    (dict(rulkind="ical", rultext="DTSTART;TZID=Europe/Berlin:20900301T090000\\nRRULE:FREQ=MONTHLY;BYDAY=-1MO"),
     ["2090-03-27 07:00", "2090-04-24 07:00"]),
    (dict(rulkind="daily", rulend="2090-01-02 09:30+00"), ["2090-01-01 09:30", "2090-01-02 09:30", None]),
]


@pytest.mark.core
def test_plans(jobs, agent, plans):
    agent()
    for columns, expected in PLANNED:
        job = jobs.job("job")
        jobs.rule(job, rulstart="2090-01-01 09:30+00", **columns)
        found = plans(job, at("2090-01-01"), len(expected))
        assert found == [text and at(text) for text in expected], columns


@pytest.mark.core
def test_schedules_and_rules_add_up(jobs, agent, plans, installed):
    one = agent()
    job = jobs.job("job", sql("SELECT 1"))
    schedule = jobs.schedule(job, minutes=[0], hours=[12])
    rule = jobs.rule(job, "daily", rulstart="2090-01-01 11:00+00")
    assert plans(job, at("2090-01-01"), 3) == [at("2090-01-01 11:00"), at("2090-01-01 12:00"), at("2090-01-02 11:00")]
    installed.execute("UPDATE pgagent.pga_job SET jobtimezone = 'Asia/Tokyo' WHERE jobid = %s", job)
    assert plans(job, at("2090-01-01"), 2) == [at("2090-01-01 03:00"), at("2090-01-01 11:00")]
    jobs.make_due(job)
    jobs.wait_for_runs(job, agent=one)
    assert installed.query("SELECT jlgjscid, jlgrulid FROM pgagent.pga_joblog") == [(None, None)]
    assert schedule and rule


def test_an_edit_is_planned_at_once(jobs, agent, installed, planned):
    agent()
    job = jobs.job("job")
    rule = jobs.rule(job, "daily", rulstart="2090-01-01 09:00+00")
    assert planned(job) == at("2090-01-01 09:00")
    installed.execute("UPDATE pgagent.pga_rule SET rulstart = '2090-02-01 10:00+00' WHERE rulid = %s", rule)
    assert planned(job) == at("2090-02-01 10:00")
    installed.execute("UPDATE pgagent.pga_rule SET rulenabled = false")
    assert planned(job) is None
    installed.execute("UPDATE pgagent.pga_rule SET rulenabled = true")
    assert planned(job) == at("2090-02-01 10:00")
    installed.execute("UPDATE pgagent.pga_job SET jobenabled = false")
    assert installed.query(PLAN, job) == [(False, None, None)]
    installed.execute("UPDATE pgagent.pga_job SET jobenabled = true")
    assert planned(job) == at("2090-02-01 10:00")
    installed.execute("DELETE FROM pgagent.pga_rule")
    assert installed.query(PLAN, job) == [(False, None, None)]


# Exceptions

@pytest.mark.core
def test_every_second_day_never_on_fridays(jobs, agent, plans):
    """The example of the RFC for pgAgent. 2090-01-01 is a Sunday."""
    agent()
    job = jobs.job("job")
    jobs.rule(job, "daily", rulevery=2, rulstart="2090-01-01 18:00+00")
    jobs.rule(job, "weekly", rulexception=True, rulweekdays="{5}", rulstart="2090-01-01 18:00+00")
    days = [at("2090-01-01 18:00") + timedelta(days=2 * n) for n in range(24)]
    expected = [day for day in days if day.isoweekday() != 5]
    assert len(expected) < len(days)
    assert plans(job, at("2090-01-01"), len(expected)) == expected


def test_exceptions_hide_what_any_of_them_asks_for(jobs, agent, plans, installed):
    agent()
    job = jobs.job("job")
    schedule = jobs.schedule(job, minutes=[0], hours=[9])
    jobs.rule(job, "daily", rulstart="2090-01-01 15:00+00")
    jobs.rule(job, "once", rulstart="2090-01-02 09:00+00", rulexception=True)
    jobs.rule(job, "once", rulstart="2090-01-03 00:00+00", rulexception=True, rulduration="1 day")
    installed.execute("INSERT INTO pgagent.pga_exception (jexscid, jexdate) VALUES (%s, '2090-01-04')", schedule)
    assert plans(job, at("2090-01-01"), 5) == [at("2090-01-01 09:00"), at("2090-01-01 15:00"), at("2090-01-02 15:00"),
                                              at("2090-01-04 15:00"), at("2090-01-05 09:00")]


@pytest.mark.core
def test_blackout_windows(jobs, agent, plans):
    """Every hour, but not from 22:00 for eight hours of elapsed time, nor on a Saturday."""
    agent()
    job = jobs.job("job")
    jobs.rule(job, "hourly", rulstart="2090-01-01 00:00+00")
    jobs.rule(job, "daily", rulstart="2090-01-01 22:00+00", rulexception=True, rulduration="8 hours")
    jobs.rule(job, "cron", rultext="0 0 * * sat", rulstart="2090-01-01 00:00+00", rulexception=True, rulduration="1 day")
    found = plans(job, at("2090-01-05 20:00"), 4)
    assert found == [at("2090-01-05 21:00"), at("2090-01-06 06:00"), at("2090-01-06 07:00"), at("2090-01-06 08:00")]
    assert plans(job, at("2090-01-06 21:00"), 2) == [at("2090-01-08 06:00"), at("2090-01-08 07:00")]


def test_a_run_after_the_last_waits_for_the_end_of_a_blackout(jobs, agent, installed, planned):
    agent()
    job = jobs.job("job", sql("SELECT 1"))
    now, = installed.query("SELECT date_trunc('second', now())")[0]
    jobs.rule(job, "once", rulstart=now - timedelta(hours=1), rulexception=True, rulduration="3 hours")
    jobs.rule(job, "after", rulperiod="1 s", rulstart=now)
    found = planned(job)
    assert now + timedelta(hours=2) <= found < now + timedelta(hours=2, seconds=1)
    assert jobs.runs(job) == []


# What is wrong is said

NEVER = [
    (dict(rulkind="cron", rultext="0 0 30 feb *"), "no date"),
    (dict(rulkind="once", rulstart="2020-01-01 09:00+00"), "its only instant, 2020-01-01T09:00 UTC, has passed"),
    (dict(rulkind="daily", rulstart="2020-01-01 09:00+00", rulend="2021-01-01 00:00+00"),
     "its end, 2021-01-01T00:00 UTC, has passed"),
    (dict(rulkind="startup", rulstart="2020-01-01 09:00+00", rulend="2021-01-01 00:00+00"),
     "its end, 2021-01-01T00:00 UTC, has passed"),
    (dict(rulkind="daily", rulstart="2020-01-01 09:00+00", rulend="2021-01-01 00:00+00", rultimezone="Asia/Tokyo"),
     "its end, 2021-01-01T09:00 Asia/Tokyo, has passed"),
    (dict(rulkind="daily", rulstart="2090-01-01 09:00+00", rulevery=1000000000), None),
    (dict(rulkind="ical", rultext="DTSTART:20200101T000000\nRRULE:FREQ=DAILY;COUNT=3"), "has passed"),
    (dict(rulkind="ical", rultext="DTSTART:20200101T000000Z\nRRULE:FREQ=DAILY;UNTIL=20210101T000000Z"), "has passed"),
]


@pytest.mark.core
def test_rules_that_never_fire_say_why(jobs, agent, installed, planned, problem):
    agent()
    for columns, message in NEVER:
        job = jobs.job("job")
        rule = jobs.rule(job, **columns)
        said = problem(job, rule)
        assert said is None if message is None else message in (said or ""), columns
        assert message is None or planned(job) is None
        installed.execute("UPDATE pgagent.pga_rule SET rulkind = 'daily', rulevery = 1, rultext = NULL, rulend = NULL,"
                          " rulstart = '2090-01-01 00:00+00', rultimezone = NULL WHERE rulid = %s", rule)
        assert problem(job, rule) is None
        assert planned(job) == at("2090-01-01 00:00")


BAD = [
    (dict(rulkind="cron", rultext="0 24 * * *"), "24", "    0 24 * * *\n      ^^"),
    (dict(rulkind="cron", rultext="0 0 * foo *"), "foo", "    0 0 * foo *\n          ^^^"),
    (dict(rulkind="ical", rultext="DTSTART:20900101T000000\nRRULE:FREQ=NEVERLY"), "NEVERLY", "^"),
]


@pytest.mark.core
def test_a_bad_text_is_left_out_and_pointed_at(jobs, agent, installed, planned, problem):
    agent()
    for columns, part, place in BAD:
        job = jobs.job("job")
        good = jobs.rule(job, "daily", rulstart="2090-01-01 09:00+00")
        bad = jobs.rule(job, **columns)
        said = wait_until(lambda: problem(job, bad), "the problem is said")
        assert part in said and place in said, said
        assert problem(job, good) is None
        assert planned(job) == at("2090-01-01 09:00"), "the others go on"
        installed.execute("UPDATE pgagent.pga_rule SET rulkind = 'cron', rultext = '0 3 * * *',"
                          " rulstart = '2090-01-01 00:00+00' WHERE rulid = %s", bad)
        assert problem(job, bad) is None
        assert planned(job) == at("2090-01-01 03:00")


@pytest.mark.core
def test_a_bad_exception_stops_the_job(jobs, agent, installed, planned, problem):
    agent()
    job = jobs.job("job")
    jobs.rule(job, "daily", rulstart="2090-01-01 09:00+00")
    bad = jobs.rule(job, "cron", rultext="0 24 * * *", rulexception=True)
    assert "until this exception is mended or disabled, its job is not run" in problem(job, bad)
    assert planned(job) is None
    installed.execute("UPDATE pgagent.pga_rule SET rulenabled = false WHERE rulid = %s", bad)
    assert problem(job, bad) is None
    assert planned(job) == at("2090-01-01 09:00")


def test_exceptions_that_hide_everything(jobs, agent, planned, problem):
    agent()
    job = jobs.job("job")
    rule = jobs.rule(job, "daily", rulstart="2090-01-01 09:00+00", rulend="2091-01-01 00:00+00")
    jobs.rule(job, "daily", rulstart="2090-01-01 09:00+00", rulexception=True)
    assert "the job's exceptions hide all" in problem(job, rule)
    assert planned(job) is None


def test_a_zone_that_only_others_know(jobs, agent, installed):
    """The server has it, this agent has not: it is left to another, and said once."""
    one = agent("-l", "1")
    job = jobs.job("job")
    rule = jobs.rule(job, "daily", rulstart="2090-01-01 09:00+00", rulenabled=False)
    installed.execute_as_agent("UPDATE pgagent.pga_rule SET rultimezone = 'Mars/Olympus'")
    installed.execute("UPDATE pgagent.pga_rule SET rulenabled = true")
    said = wait_until(lambda: installed.value(PROBLEM, rule), "the problem is said", one)
    assert "Mars/Olympus" in said
    assert installed.query(PLAN, job) == [(True, None, None)]
    installed.execute("UPDATE pgagent.pga_rule SET rulevery = 2")
    assert wait_until(lambda: installed.value(PROBLEM, rule), "the problem is said again", one) == said
    assert one.log().count("cannot plan jobs in that time zone") == 1
    installed.execute("UPDATE pgagent.pga_rule SET rultimezone = 'Asia/Tokyo'")
    wait_until(lambda: installed.query(PLAN, job) == [(False, at("2090-01-01 09:00"), at("2090-01-01 09:00"))], "planned", one)
    assert installed.value(PROBLEM, rule) is None


def test_a_problem_is_written_once(jobs, agent, installed, planned, problem):
    agent()
    job = jobs.job("job")
    bad = jobs.rule(job, "cron", rultext="0 24 * * *")
    assert problem(job, bad)
    row = installed.query("SELECT xmin::text FROM pgagent.pga_rule")
    for year in (2080, 2090):
        planned(job, at(f"{year}-01-01"))
    assert installed.query("SELECT xmin::text FROM pgagent.pga_rule") == row


# Counts

def half_an_hour_ago(installed):
    """For slots of each hour: none comes while a test runs."""
    return installed.value("SELECT date_trunc('minute', now() - interval '30 min')")


@pytest.mark.core
def test_the_last_run(jobs, agent, installed, planned):
    one = agent()
    job = jobs.job("job", sql("SELECT 1"))
    rule = jobs.rule(job, "every", rulperiod="0.2 s", rulendcount=3)
    said = wait_until(lambda: installed.value(PROBLEM, rule), "the reason is said", one)
    assert said == "it has run 3 of 3 times"
    assert planned(job) is None
    jobs.wait_until_settled(one)
    assert len(jobs.runs(job)) == 3
    assert installed.value("SELECT rulruncount FROM pgagent.pga_rule") == 3
    installed.execute("UPDATE pgagent.pga_rule SET rulruncount = 0, rulendcount = 1")
    jobs.wait_for_runs(job, 4, one)
    wait_until(lambda: installed.value(PROBLEM, rule) == "it has run 1 of 1 times", "the reason is said again", one)
    jobs.wait_until_settled(one)
    assert len(jobs.runs(job)) == 4


def test_the_last_run_of_one_of_two_rules(jobs, agent, installed, planned):
    one = agent()
    job = jobs.job("job", sql("SELECT 1"))
    jobs.rule(job, "every", rulperiod="0.2 s", rulendcount=2)
    jobs.rule(job, "daily", rulstart="2090-01-01 09:00+00")
    wait_until(lambda: planned(job) == at("2090-01-01 09:00"), "only the other is left", one)
    jobs.wait_until_settled(one)
    assert len(jobs.runs(job)) == 2
    assert installed.query("SELECT rulruncount, rulproblem FROM pgagent.pga_rule ORDER BY rulid") == [
        (2, "it has run 2 of 2 times"), (0, None)]


@pytest.mark.core
def test_each_rule_that_asks_for_an_instant_counts_it(jobs, agent, installed):
    one = agent()
    job = jobs.job("job", sql("SELECT 1"), host="mars")
    start, = installed.query("SELECT date_trunc('second', now()) - interval '10 s'")[0]
    same = [jobs.rule(job, "once", rulstart=start), jobs.rule(job, "daily", rulstart=start, rulevery=5),
            jobs.rule(job, "cron", rultext="* * * * * *", rulstart=start, rulend=start)]
    jobs.rule(job, "daily", rulstart=start + timedelta(days=1))
    installed.execute_as_agent("UPDATE pgagent.pga_job SET joblastslot = %s, jobreplan = true, jobrevision = jobrevision + 1,"
                               " jobhostagent = ''", start - timedelta(seconds=1))
    installed.execute("NOTIFY pgalmanac")
    jobs.wait_for_runs(job, agent=one)
    jobs.wait_until_settled(one)
    assert installed.query("SELECT jlgrulid, jlgscheduled, jlgslots FROM pgagent.pga_joblog") == [(same[0], start, 1)]
    assert installed.query("SELECT rulruncount, rullastslot FROM pgagent.pga_rule ORDER BY rulid") == [
        (1, start), (1, start), (1, start), (0, None)]


@pytest.mark.core
def test_what_does_not_count(jobs, agent, installed):
    """Slots of a job that still runs, and runs that somebody asked for; a run that stands for several counts once."""
    one = agent()
    held = HeldSql(installed)
    job = jobs.job("job", held.step)
    jobs.rule(job, "every", rulperiod="0.1 s", rulendcount=1000)
    jobs.wait_for_running(job, one)
    wait_until(lambda: installed.value("SELECT sum(skpslots) > 3 FROM pgagent.pga_skipped WHERE skpreason = 'busy'"),
               "slots are skipped", one)
    assert installed.value("SELECT rulruncount FROM pgagent.pga_rule") == 1
    installed.execute("UPDATE pgagent.pga_rule SET rulenabled = false")
    held.release()
    jobs.wait_until_settled(one)
    assert jobs.run(job, one)[0] == "s"
    runs = installed.query("SELECT jlgtrigger FROM pgagent.pga_joblog ORDER BY jlgid")
    assert runs[-1] == ("manual",)
    assert installed.value("SELECT rulruncount FROM pgagent.pga_rule") == len(runs) - 1


def test_a_catch_up_run_counts_once(jobs, agent, installed, planned):
    one = agent()
    job = jobs.job("job", sql("SELECT 1"))
    newest = half_an_hour_ago(installed)
    jobs.rule(job, "every", rulperiod="1 hour", rulstart=newest - timedelta(days=1), rulendcount=5)
    planned(job)
    oldest = newest - timedelta(hours=9)
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobplanned = %s, jobnextrun = %s", oldest, oldest)
    installed.execute("NOTIFY pgalmanac")
    assert jobs.wait_for_runs(job, agent=one)[0][1] == "missed"
    assert installed.value("SELECT jlgslots FROM pgagent.pga_joblog") == 10
    assert installed.value("SELECT rulruncount FROM pgagent.pga_rule") == 1


@pytest.mark.core
def test_several_agents_count_each_slot_once(jobs, agent, installed):
    """While they claim, they plan anew after each run."""
    agents = [agent() for _ in range(3)]
    made = []
    for n in range(4):
        job = jobs.job(f"job {n}", sql("SELECT 1"))
        made.append((job, jobs.rule(job, "every", rulperiod="0.1 s", rulendcount=12),
                     jobs.rule(job, "after", rulperiod="0.03 s")))
    for job, rule, _ in made:
        wait_until(lambda: installed.value(PROBLEM, rule) == "it has run 12 of 12 times", f"job {job} has run", agents[0])
    installed.execute("UPDATE pgagent.pga_rule SET rulenabled = false")
    jobs.wait_until_settled(agents[0])
    for job, *rules in made:
        runs = installed.query("SELECT jlgrulid, jlgscheduled FROM pgagent.pga_joblog WHERE jlgjobid = %s", job)
        assert len({scheduled for _, scheduled in runs}) == len(runs)
        counted = [installed.value("SELECT rulruncount FROM pgagent.pga_rule WHERE rulid = %s", rule) for rule in rules]
        owned = [len([run for run in runs if run[0] == rule]) for rule in rules]
        assert sum(owned) == len(runs)
        assert counted[0] == owned[0] == 12 and counted[1] >= owned[1]


def test_a_locked_rule_holds_up_its_job_only(jobs, agent, installed):
    one = agent()
    locked, other = jobs.job("locked", sql("SELECT 1")), jobs.job("other", sql("SELECT 1"))
    rules = [jobs.rule(job, "every", rulperiod="0.3 s") for job in (locked, other)]
    for job in (locked, other):
        jobs.wait_for_runs(job, 1, one)
    editor = installed.connect(autocommit=False)
    with editor.cursor() as cursor:
        cursor.execute("SELECT FROM pgagent.pga_rule WHERE rulid = %s FOR UPDATE", (rules[0],))
    before = len(jobs.runs(locked))
    jobs.wait_for_runs(other, len(jobs.runs(other)) + 3, one)
    assert len(jobs.runs(locked)) <= before + 1
    with editor.cursor() as cursor:
        cursor.execute("UPDATE pgagent.pga_rule SET rulendcount = 1 WHERE rulid = %s", (rules[0],))
    editor.commit()
    editor.close()
    assert wait_until(lambda: installed.value(PROBLEM, rules[0]), "it has ended", one).endswith("of 1 times")
    assert "deadlock detected" not in installed.cluster.log()


# after

def test_after_begins_at_its_start_and_waits_while_the_job_runs(jobs, agent, installed, planned):
    one = agent()
    held = HeldSql(installed)
    job = jobs.job("job", held.step)
    rule = jobs.rule(job, "after", rulperiod="2 hours", rulstart="2090-01-01 09:00+00")
    assert planned(job) == at("2090-01-01 09:00")
    installed.execute("UPDATE pgagent.pga_rule SET rulstart = now() WHERE rulid = %s", rule)
    jobs.wait_for_running(job, one)
    installed.execute("UPDATE pgagent.pga_rule SET rulperiod = '3 hours' WHERE rulid = %s", rule)
    assert planned(job) is None, "it is not known when the run will have ended"
    assert installed.value(PROBLEM, rule) is None
    held.release()
    jobs.wait_for_runs(job, agent=one)
    end = installed.value("SELECT joblastend FROM pgagent.pga_job")
    wait_until(lambda: installed.query(PLAN, job) == [(False, end + timedelta(hours=3), end + timedelta(hours=3))],
               "it is planned after the end", one)
    assert len(jobs.runs(job)) == 1
    assert jobs.run(job, one)[0] == "s"
    later = installed.value("SELECT joblastend FROM pgagent.pga_job")
    assert later > end
    wait_until(lambda: planned(job) == later + timedelta(hours=3), "runs that somebody asked for count too", one)
    installed.execute("UPDATE pgagent.pga_rule SET rulend = now() + interval '1 h' WHERE rulid = %s", rule)
    assert planned(job) is None


@pytest.mark.core
def test_after_a_run_that_was_buried(jobs, agent, installed, planned):
    one = agent("-l", "1")
    held = HeldSql(installed)
    job = jobs.job("job", held.step)
    jobs.rule(job, "after", rulperiod="2 hours")
    jobs.wait_for_running(job, one)
    one.kill()
    heir = agent()
    assert jobs.wait_for_runs(job, agent=heir)[0][0] == "d"
    end = installed.value("SELECT joblastend FROM pgagent.pga_job")
    wait_until(lambda: planned(job) == end + timedelta(hours=2), "it is planned after the burying", heir)
    held.release()


@pytest.mark.core
def test_after_a_run_of_a_pgagent(jobs, agent, installed, planned):
    """Its own statements: claim, log, close, release."""
    one = agent()
    job = jobs.job("job", sql("SELECT 1"))
    jobs.rule(job, "after", rulperiod="2 hours", rulstart="2090-01-01 00:00+00")
    planned(job)
    installed.execute("INSERT INTO pgagent.pga_jobagent (jagpid, jagstation) SELECT pg_backend_pid(), 'elsewhere'")
    installed.execute("UPDATE pgagent.pga_rule SET rulstart = '2020-01-01 00:00+00', rulend = now() + interval '1 year'")
    jobs.wait_for_runs(job, agent=one)
    wait_until(lambda: planned(job), "it is planned", one)
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobhostagent = 'elsewhere', jobnextrun = now(), jobplanned = now()")
    installed.execute("UPDATE pgagent.pga_job SET jobagentid = pg_backend_pid(), joblastrun = now() WHERE jobagentid IS NULL")
    log = installed.value("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus) VALUES (%s, 'r') RETURNING jlgid", job)
    installed.execute("UPDATE pgagent.pga_joblog SET jlgstatus = 's', jlgduration = now() - jlgstart WHERE jlgid = %s", log)
    installed.execute("UPDATE pgagent.pga_job SET jobagentid = NULL, jobnextrun = NULL WHERE jobagentid = pg_backend_pid()")
    end = installed.value("SELECT joblastend FROM pgagent.pga_job")
    wait_until(lambda: planned(job) == end + timedelta(hours=2), "it is planned after the end", one)


def test_after_a_run_whose_log_was_deleted(jobs, agent, installed, planned):
    one = agent()
    held = HeldSql(installed)
    job = jobs.job("job", held.step)
    jobs.rule(job, "after", rulperiod="2 hours")
    jobs.wait_for_running(job, one)
    installed.execute("DELETE FROM pgagent.pga_joblog")
    assert planned(job) is None, "it still runs"
    held.release()
    end = wait_until(lambda: installed.value("SELECT joblastend FROM pgagent.pga_job"), "the job is free", one)
    wait_until(lambda: planned(job) == end + timedelta(hours=2), "it is planned after the end", one)


def test_after_is_not_made_up_for_many_times(jobs, agent, installed, planned):
    """Overdue for an hour: one run, then the rhythm goes on."""
    one = agent()
    job = jobs.job("job", sql("SELECT 1"), enabled=False)
    jobs.rule(job, "after", rulperiod="1 hour", rulstart="2020-01-01 00:00+00")
    installed.execute("UPDATE pgagent.pga_job SET jobenabled = true")
    jobs.wait_for_runs(job, agent=one)
    end = installed.value("SELECT joblastend FROM pgagent.pga_job")
    wait_until(lambda: planned(job) == end + timedelta(hours=1), "the next is an hour later", one)
    assert installed.query("SELECT jlgslots, jlgtrigger FROM pgagent.pga_joblog") == [(1, "schedule")]
    installed.execute_as_agent(
        "UPDATE pgagent.pga_job SET joblastend = now() - interval '9 h', jobplanned = now() - interval '8 h',"
        " jobnextrun = now() - interval '8 h'")
    installed.execute("NOTIFY pgalmanac")
    jobs.wait_for_runs(job, 2, one)
    assert installed.query("SELECT jlgslots, jlgtrigger FROM pgagent.pga_joblog ORDER BY jlgid")[1] == (1, "missed")
    assert installed.value("SELECT rulruncount FROM pgagent.pga_rule") == 2


# startup

@pytest.mark.core
def test_startup_runs_once_for_each_start(jobs, agent, installed):
    names = ["everywhere", "here", "elsewhere", "disabled", "not yet", "over", "run out"]
    job = {name: jobs.job(name, sql("SELECT 1"), host={"here": "bob", "elsewhere": "mars"}.get(name, ""),
                          enabled=name != "disabled") for name in names}
    bounds = {"not yet": dict(rulstart="2090-01-01"), "over": dict(rulstart="2020-01-01", rulend="2021-01-01")}
    for name in names:
        jobs.rule(job[name], "startup", **bounds.get(name, {}))
    two = jobs.rule(job["everywhere"], "startup")
    last = jobs.rule(job["here"], "startup", rulendcount=1)
    installed.execute_as_agent("UPDATE pgagent.pga_rule SET rulruncount = 1, rulendcount = 1 WHERE ruljobid = %s", job["run out"])

    one = agent(name="bob")
    for name in ("everywhere", "here"):
        assert [run[:2] for run in jobs.wait_for_runs(job[name], agent=one)] == [("s", "startup")]
    wait_until(lambda: installed.value(PROBLEM, last) == "it has run 1 of 1 times", "the last run is said", one)
    rows = installed.query("SELECT rulruncount, rullastslot IS NOT NULL FROM pgagent.pga_rule WHERE ruljobid = %s",
                           job["everywhere"])
    assert rows == [(1, True), (1, True)], "one run for both"
    first, by = installed.query("SELECT jlgrulid, jlgby FROM pgagent.pga_joblog WHERE jlgjobid = %s", job["everywhere"])[0]
    assert first < two and by is None

    control = installed.value("SELECT jagpid FROM pgagent.pga_jobagent")
    installed.query("SELECT pg_terminate_backend(%s)", control)
    wait_until(lambda: installed.value("SELECT jagpid FROM pgagent.pga_jobagent") not in (None, control), "it is back", one)
    assert jobs.run(job["everywhere"], one)[0] == "s"
    assert [run[1] for run in jobs.runs(job["everywhere"])] == ["startup", "manual"]
    assert installed.value("SELECT count(*) FROM pgagent.pga_request") == 0

    agent(name="charlie")
    jobs.wait_for_runs(job["everywhere"], 3, one)
    jobs.wait_until_settled(one)
    assert {name: len(jobs.runs(job[name])) for name in names} == {
        "everywhere": 3, "here": 1, "elsewhere": 0, "disabled": 0, "not yet": 0, "over": 0, "run out": 0}


def test_startup_of_a_job_that_is_locked_is_not_left_out_silently(jobs, agent, installed):
    locked, other = jobs.job("locked", sql("SELECT 1")), jobs.job("other", sql("SELECT 1"))
    for job in (locked, other):
        jobs.rule(job, "startup")
    editor = installed.connect(autocommit=False)
    with editor.cursor() as cursor:
        cursor.execute("SELECT FROM pgagent.pga_job WHERE jobid = %s FOR UPDATE", (locked,))
    one = agent()
    jobs.wait_for_runs(other, agent=one)
    editor.rollback()
    editor.close()
    assert jobs.runs(locked) == []
    said = "SELECT aglagent, agllevel, agljobid FROM pgagent.pga_agentlog WHERE agljobid IS NOT NULL"
    wait_until(lambda: installed.query(said) == [(one.name, "warning", locked)], "it is said", one)


# Planning by the service itself

def test_a_due_slot_is_not_passed_over_when_the_service_plans(jobs, agent, installed, planned):
    """As after the last run of one rule, when another's slot has just become due."""
    job = jobs.job("job", sql("SELECT 1"))
    due = half_an_hour_ago(installed)
    jobs.rule(job, "every", rulperiod="1 hour", rulstart=due - timedelta(days=1))
    installed.execute_as_agent(
        "UPDATE pgagent.pga_job SET jobreplan = true, joblastslot = %s, jobhostagent = 'mars', jobplanned = %s, jobnextrun = %s",
        due - timedelta(hours=1), due, due)
    one = agent()
    planned(job)
    assert planned(job) == due
    assert installed.query("SELECT skpid FROM pgagent.pga_skipped") == []
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobhostagent = ''")
    installed.execute("NOTIFY pgalmanac")
    assert jobs.wait_for_runs(job, agent=one)


def test_what_comes_due_before_anybody_plans_is_not_lost(jobs, agent, installed):
    """A rule written while no agent is there: its slots are missed, not forgotten."""
    job = jobs.job("job", sql("SELECT 1"))
    start = installed.value("SELECT now()")
    rule = jobs.rule(job, "every", rulperiod="0.1 s", rulstart=start + timedelta(seconds=0.05))
    wait_until(lambda: installed.value("SELECT now() > %s + interval '1 s'", start), "some slots have come")
    one = agent()
    jobs.wait_for_runs(job, agent=one)
    installed.execute("UPDATE pgagent.pga_rule SET rulenabled = false")
    slots, first = installed.query("SELECT jlgslots, jlgrulid FROM pgagent.pga_joblog ORDER BY jlgid LIMIT 1")[0]
    assert slots >= 10 and first == rule
    assert installed.query("SELECT skpfrom, skpslots FROM pgagent.pga_skipped WHERE skpreason = 'missed' ORDER BY skpid LIMIT 1") == [
        (start + timedelta(seconds=0.05), slots - 1)]


def test_another_time_zone_passes_over_what_was_due(jobs, agent, installed):
    job = jobs.job("job", sql("SELECT 1"), host="mars")
    due = half_an_hour_ago(installed)
    jobs.rule(job, "cron", rultext=f"{due.minute} * * * *", rulstart="2020-01-01 00:00+00")
    installed.execute_as_agent(
        "UPDATE pgagent.pga_job SET jobreplan = false, joblastslot = %s, jobplanned = %s, jobnextrun = %s",
        due - timedelta(hours=9), due, due)
    installed.execute("UPDATE pgagent.pga_setting SET setvalue = 'Asia/Kolkata' WHERE setname = 'timezone'")
    edited = installed.value("SELECT joblastslot FROM pgagent.pga_job")
    one = agent()
    wait_until(lambda: installed.query(PLAN, job)[0][0] is False, "it is planned", one)
    assert installed.value("SELECT jobplanned > joblastslot FROM pgagent.pga_job")
    assert installed.query("SELECT skpfrom, skpto, skpreason FROM pgagent.pga_skipped") == [(due, edited, "replanned")]


def test_jobs_that_are_locked_do_not_stand_in_the_way(jobs, agent, installed):
    """More than are planned at once, all before the one that can be."""
    installed.execute("INSERT INTO pgagent.pga_job (jobjclid, jobname) SELECT 1, 'job ' || n FROM generate_series(1, 501) n")
    installed.execute("INSERT INTO pgagent.pga_rule (ruljobid, rulkind, rulstart)"
                      " SELECT jobid, 'daily', '2090-01-01 09:00+00' FROM pgagent.pga_job")
    last = installed.value("SELECT max(jobid) FROM pgagent.pga_job")
    editor = installed.connect(autocommit=False)
    with editor.cursor() as cursor:
        cursor.execute("SELECT FROM pgagent.pga_job WHERE jobid < %s FOR UPDATE", (last,))
    one = agent()
    wait_until(lambda: installed.query(PLAN, last)[0][1] == at("2090-01-01 09:00"), "the last one is planned", one)
    assert installed.value("SELECT count(*) FROM pgagent.pga_job WHERE jobreplan") == 500
    editor.rollback()
    editor.close()
    wait_until(lambda: not installed.value("SELECT count(*) FROM pgagent.pga_job WHERE jobreplan"), "all are planned", one)


def test_what_was_locked_is_planned_soon_after(jobs, agent, installed, planned):
    """Not only when the agent looks around again, which is in ten minutes here."""
    agent("-t", "600")
    locked, other = jobs.job("locked"), jobs.job("other")
    for job in (locked, other):
        jobs.rule(job, "daily", rulstart="2090-01-01 09:00+00")
        planned(job)
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobreplan = true, jobplanned = NULL")
    with installed.connect(autocommit=False) as holder, holder.cursor() as cursor:
        cursor.execute("SELECT FROM pgagent.pga_job WHERE jobid = %s FOR UPDATE", (locked,))
        installed.execute("NOTIFY pgalmanac")
        planned(other)
        assert installed.query(PLAN, locked)[0][0]
        holder.rollback()
    holder.close()
    planned(locked)

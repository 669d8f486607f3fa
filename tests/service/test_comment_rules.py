# SPDX-License-Identifier: PostgreSQL
"""Lines of a job's comment that begin with @: what becomes of them, and what is refused."""
import os
from datetime import datetime, timedelta, timezone

import psycopg2
import pytest

from harness import Database
from harness.database import TOP, install
from harness.jobs import sql
from harness.pgadmin import PgAdmin, shown_error
from harness.waiting import wait_until

UTC = timezone.utc
COLUMNS = ("jobtimezone", "jobmissed", "jobgrace", "jobbusy", "jobtimeout", "jobmaxruns", "jobrestart", "jobkeep")
DEFAULTS = dict(zip(COLUMNS, (None, "once", None, "skip", None, 1, False, None)))
with open(os.path.join(TOP, "sql", "query", "comments_ignored.sql"), encoding="utf-8") as file:
    IGNORED = file.read()

# A line, and the columns of its rule in which it differs from a rule that has only the kind.
RULES = [
    # Cron text.
    ("@rule 0 9 * * mon-fri", dict(rulkind="cron", rultext="0 9 * * mon-fri")),
    ("@rule cron 0 9 * * MON", dict(rulkind="cron", rultext="0 9 * * MON")),
    ("@rule */10 0 9-17/2 L-3 jan ?", dict(rulkind="cron", rultext="*/10 0 9-17/2 L-3 jan ?")),
    ("@rule @daily", dict(rulkind="cron", rultext="@daily")),
    ("@rule cron @Daily", dict(rulkind="cron", rultext="@Daily")),
    # iCalendar text.
    ("@rule RRULE:FREQ=DAILY", dict(rulkind="ical", rultext="RRULE:FREQ=DAILY")),
    ("@rule FREQ=DAILY;COUNT=3", dict(rulkind="ical", rultext="RRULE:FREQ=DAILY;COUNT=3")),
    ("@rule INTERVAL=2;FREQ=DAILY", dict(rulkind="ical", rultext="RRULE:INTERVAL=2;FREQ=DAILY")),
    ("@rule ical freq=daily", dict(rulkind="ical", rultext="RRULE:freq=daily")),
    ("@rule DTSTART:20260105T090000 RRULE:FREQ=DAILY  EXDATE:20260106T090000",
     dict(rulkind="ical", rultext="DTSTART:20260105T090000\nRRULE:FREQ=DAILY\nEXDATE:20260106T090000")),
    (r"@rule DTSTART;TZID=Asia/Tokyo:20260105T090000\nRRULE:FREQ=DAILY",
     dict(rulkind="ical", rultext="DTSTART;TZID=Asia/Tokyo:20260105T090000\nRRULE:FREQ=DAILY")),
    # Typed rules.
    ("@rule once 2090-01-01 09:00", dict(rulkind="once", rulstart="2090-01-01 09:00")),
    ("@rule monthly 2026-01-31 09:00 monthdays=31,-1",
     dict(rulkind="monthly", rulstart="2026-01-31 09:00", rulmonthdays=[-1, 31])),
    ("@rule kind=monthly start=2026-01-31T09:00 monthdays=31,-1 months=nov-feb,6 every=2",
     dict(rulkind="monthly", rulstart="2026-01-31 09:00", rulmonthdays=[-1, 31], rulmonths=[1, 2, 6, 11, 12], rulevery=2)),
    ("@rule start=2026-01-31 09:00:30.5 kind=daily end=2026-02-28T09:00 every=3",
     dict(rulkind="daily", rulstart="2026-01-31 09:00:30.5", rulend="2026-02-28 09:00", rulevery=3)),
    ("@rule weekly 2026-01-31T09:00 Weekdays=MON,friday,sat-sun,3",
     dict(rulkind="weekly", rulstart="2026-01-31 09:00", rulweekdays=[0, 1, 3, 5, 6])),
    ("@rule hourly 2026-01-31 09:00 hours=22-2,12", dict(rulkind="hourly", rulstart="2026-01-31 09:00", rulhours=[0, 1, 2, 12, 22, 23])),
    ("@rule daily 2026-01-31 09:00+02:00", dict(rulkind="daily", rulstart="2026-01-31 07:00")),
    ("@rule daily 2026-01-31T09:00Z", dict(rulkind="daily", rulstart="2026-01-31 09:00")),
    ("@rule daily", dict(rulkind="daily")),
    ("@rule once 0001-01-01 00:00", dict(rulkind="once", rulstart="0001-01-03 00:00")),  # the first that the tables can hold
    # Elapsed time and events.
    ("@rule every 90 min", dict(rulkind="every", rulperiod=timedelta(minutes=90))),
    ("@rule every 1h30m start=2026-01-01T00:00", dict(rulkind="every", rulperiod=timedelta(minutes=90), rulstart="2026-01-01 00:00")),
    ("@rule kind=every period=1.5 h", dict(rulkind="every", rulperiod=timedelta(minutes=90))),
    ("@rule @every 01:30:00", dict(rulkind="every", rulperiod=timedelta(minutes=90))),
    ("@rule after 1day12hours", dict(rulkind="after", rulperiod=timedelta(hours=36))),
    ("@rule after 2 weeks 3 days", dict(rulkind="after", rulperiod=timedelta(days=17))),
    ("@rule @after 90min", dict(rulkind="after", rulperiod=timedelta(minutes=90))),
    ("@rule startup", dict(rulkind="startup")),
    ("@rule kind=startup", dict(rulkind="startup")),
    ("@rule @reboot", dict(rulkind="startup")),
    # Exceptions.
    ("@except weekly 2026-01-02 18:00 weekdays=5 for 2 days 12:00",
     dict(rulkind="weekly", rulexception=True, rulstart="2026-01-02 18:00", rulweekdays=[5], rulduration=timedelta(days=2, hours=12))),
    ("@except 0 9 25 12 * FOR 1 day", dict(rulkind="cron", rulexception=True, rultext="0 9 25 12 *", rulduration=timedelta(days=1))),
    ("@except @daily", dict(rulkind="cron", rulexception=True, rultext="@daily")),
    ("@except every 7 days start=2026-01-01T00:00 for 1h",
     dict(rulkind="every", rulexception=True, rulperiod=timedelta(days=7), rulstart="2026-01-01 00:00", rulduration=timedelta(hours=1))),
    ("@except RRULE:FREQ=YEARLY;BYMONTH=12 for 2 h",
     dict(rulkind="ical", rulexception=True, rultext="RRULE:FREQ=YEARLY;BYMONTH=12", rulduration=timedelta(hours=2))),
    # However it is written.
    ("  @RULE\t 0  9 *\u00a0* mon \r", dict(rulkind="cron", rultext="0 9 * * mon")),
    ("\u00a0@rule\u00a0Every 90 MIN", dict(rulkind="every", rulperiod=timedelta(minutes=90))),
]

SETTINGS = [
    ("@zone Europe/Berlin", dict(jobtimezone="Europe/Berlin")),
    ("@missed skip", dict(jobmissed="skip")), ("@Missed ALL", dict(jobmissed="all")), ("@missed once", {}),
    ("@restart", dict(jobrestart=True)), ("@Restart ON", dict(jobrestart=True)), ("@restart off", {}),
    ("@grace 10 min", dict(jobgrace=timedelta(minutes=10))), ("@KEEP 30 days", dict(jobkeep=timedelta(days=30))),
    ("@busy queue", dict(jobbusy="queue")), ("@busy parallel\n@maxruns 3", dict(jobbusy="parallel", jobmaxruns=3)),
    ("@busy replace", dict(jobbusy="replace")), ("@busy skip", {}),
    ("\t@timeout  1h30m ", dict(jobtimeout=timedelta(minutes=90))),
    ("@zone UTC\n@missed skip\n@grace 1 day\n@busy queue\n@timeout 1 s\n@maxruns 007",
     dict(jobtimezone="UTC", jobmissed="skip", jobgrace=timedelta(days=1), jobbusy="queue", jobtimeout=timedelta(seconds=1), jobmaxruns=7)),
]

TEXT = ["", "just text", "mail me @ home", "ask bob@example.com", "a line\n #@rule 0 9 * * *", "see: @rule 0 9 * * *"]

# A line and what is said of it.
REFUSED = [
    ("@", "lines that begin with @ are @rule, @except, @zone, @missed, @grace, @busy, @timeout, @maxruns, @restart and @keep;"),
    ("@bob please look", "if it is only text, let it begin with something else"),
    ("@rules 0 9 * * *", "lines that begin with @ are"), ("@rule: 0 9 * * *", "lines that begin with @ are"),
    ("@calendar exclude DE-BE", "this version has no calendars yet"),
    ("@rule", "the rule is missing: 0 9 * * mon-fri is one"), ("@except for 2 h", "the rule is missing"),
    ("@rule 0 9 * *", "it has 4 fields; 5 are needed"), ("@rule cron", "it has 0 fields"),
    ("@rule 0 9 * * mon;fri", 'it has the character ";", which cron text cannot have'),
    ("@rule 0 9 * * mon\u2013fri", 'it has the character "\u2013"'),
    ("@rule @fortnightly", "macros are @hourly"), ("@rule @reboot now", "macros are"), ("@rule @every", "macros are"),
    ("@rule yearly 2026-01-01 09:00", '"yearly" is no kind of rule: once, hourly, daily, weekly'),
    ("@rule run at nine", '"run" is no kind of rule'),
    ("@rule SUMMARY:x", 'its line "SUMMARY:x" does not begin with DTSTART'), ("@rule ical", "lines of iCalendar text are needed"),
    ("@rule daily 09:00", 'start is "09:00"; it is a date and time such as 2026-01-31 09:00'),
    ("@rule daily 2026-02-30 09:00", 'start is "2026-02-30 09:00"; it is a date and time'),
    ("@rule daily 2026-02-03 24:00", "it is a date and time"), ("@rule daily 2026-02-03", "it is a date and time"),
    ("@rule daily start=2026-02-03T09:00 end=tomorrow", 'end is "tomorrow"'),
    ("@rule daily 2026-02-03 09:00 end=2026-01-03T09:00", "it must not be before start"),
    ("@rule daily 2026-02-03 09:00 start=2026-02-03T09:00", "start is given twice"), ("@rule daily kind=daily", "kind is given twice"),
    ("@rule daily every=0", 'every is "0"; it is a number from 1 on'), ("@rule daily every=x", "every is"),
    ("@rule daily every=9999999999", "every is"),
    ("@rule daily hours=9", "kind daily takes no hours, but it is {9}; it is for hourly"),
    ("@rule startup every=2", "kind startup takes no every"),
    ("@rule hourly hours=24", 'hours is "24"; allowed are hours 0 to 23'), ("@rule hourly hours=", 'hours is ""'),
    ("@rule weekly weekdays=7", "allowed are sun to sat or 0 (Sunday) to 6"), ("@rule weekly weekdays=mo", "allowed are sun"),
    ("@rule weekly weekdays=mon--fri", "allowed are sun"), ("@rule weekly weekdays=mon,", "allowed are sun"),
    ("@rule monthly monthdays=0", "allowed are 1 to 31"), ("@rule monthly monthdays=-3-5", "allowed are 1 to 31"),
    ("@rule monthly monthdays=-32", "allowed are 1 to 31"), ("@rule monthly months=13", "allowed are jan to dec"),
    ("@rule daily count=3", "count= is not possible in a comment; end= is, COUNT in iCalendar text"),
    ("@rule daily speed=3", 'there is no key "speed": allowed are kind, start, end'),
    ("@rule start=2026-01-01T00:00", "the kind is missing"), ("@rule kind=cron", 'kind is "cron"; it is one of once'),
    ("@rule every", "a length of time is missing, such as every 90 min"), ("@rule kind=after", "such as after 90 min"),
    ("@rule every 90", 'period is "90"; it is a length of time with units'), ("@rule every 0 min", "period is"),
    ("@rule every now and then", "period is"), ("@rule every 99999999999 years", "period is"), ("@rule every -1 min", "period is"),
    ("@rule every 1 month", "period is 1 mon; it is elapsed time and cannot have months or years"),
    ("@rule daily for 2 h", 'only @except takes "for" and a length of time'),
    ("@except daily for ever", '"ever" is no length of time with units'), ("@except daily for 3", '"3" is no length'),
    ("@except after 2 h", "a rule of kind after cannot be an exception"), ("@except startup", "a rule of kind startup cannot be"),
    ("@zone", "the IANA name of a time zone is needed"), ("@zone Europe Berlin", "the IANA name of a time zone is needed"),
    ("@zone Mars/Olympus", 'time zone "Mars/Olympus" of line "@zone Mars/Olympus" of the comment is not known'),
    ("@zone europe/berlin", "the IANA name is written Europe/Berlin"),
    ("@missed never", "allowed are once, skip and all"), ("@missed", "allowed are once"), ("@busy all", "allowed are skip, queue, parallel and"),
    ("@grace 10", "a length of time with units is needed"), ("@timeout none", "a length of time"), ("@timeout 0 s", "a length of time"),
    ("@restart maybe", "allowed are on, off and nothing"), ("@maxruns 0", "a number from 1 on is needed"), ("@maxruns -1", "a number from 1 on"), ("@maxruns 99999999999", "a number from 1 on"),
    ("@keep 30", "a length of time with units is needed, such as 30 days"), ("@keep 1001 years", "up to 1000 years"),
    ("@missed skip\n@missed all", "it is the second line @missed"),
    # Nothing of it is ever SQL.
    ("@rule '); DROP TABLE pgagent.pga_rule; --", 'it has the character "\'"'),
    ("@zone '||(SELECT 1)||'", "the IANA name of a time zone is needed"), ("@zone UTC';SELECT", "is not known"),
    ("@missed %s %1$s", "allowed are once"), ("@rule %s %n % %% %I", 'it has the character "%"'),
    ("@rule " + "a" * 20000, "it is longer than 10000 characters"), ("@rule weekly weekdays=" + "1," * 9000 + "1", "longer than 10000"),
]


@pytest.fixture
def comment(jobs, installed):
    """Makes a job with a comment, or gives a job another one; returns its id."""
    def write(text, job=None):
        if job is None:
            return installed.value("INSERT INTO pgagent.pga_job (jobjclid, jobname, jobdesc) VALUES (1, 'job', %s) RETURNING jobid", text)
        installed.execute("UPDATE pgagent.pga_job SET jobdesc = %s WHERE jobid = %s", text, job)
        return job
    return write


@pytest.fixture
def rules(installed):
    """Of each rule of a job, in the order of their ids: the values of some columns."""
    return lambda job, *columns: installed.query(
        f"SELECT {', '.join(columns)} FROM pgagent.pga_rule WHERE ruljobid = %s ORDER BY rulid", job)


@pytest.fixture
def settings(installed):
    """Which columns of a job are not what they are by default."""
    def read(job):
        values = dict(zip(COLUMNS, installed.query(f"SELECT {', '.join(COLUMNS)} FROM pgagent.pga_job WHERE jobid = %s", job)[0]))
        return {name: value for name, value in values.items() if value != DEFAULTS[name]}
    return read


def refused(write, *args):
    with pytest.raises(psycopg2.Error) as caught:
        write(*args)
    assert caught.value.pgcode == "22023", caught.value
    assert caught.value.diag.message_detail is None
    return caught.value.diag.message_primary


# Lines

@pytest.mark.core
def test_each_rule(comment, rules, installed):
    """In Europe/Berlin by a line of its own, so that local times are told from UTC."""
    names = ("rulkind", "rulexception", "rulduration", "rulstart", "rulend", "rulendcount", "rulevery", "rulhours", "rulweekdays",
             "rulmonthdays", "rulmonths", "rulperiod", "rultext", "ruldayor", "rultimezone", "rulenabled", "rulname", "rulorigin")
    installed.execute("UPDATE pgagent.pga_setting SET setvalue = 'Asia/Tokyo' WHERE setname = 'timezone'")
    for line, expected in RULES:
        job = comment(f"Some text.\n{line}\nMore text.\n@zone UTC")
        (found,) = rules(job, *names)
        found = dict(zip(names, found))
        wanted = {"rulexception": False, "rulendcount": 0, "rulevery": 1, "rulenabled": True, "rulname": "", "rulorigin": "comment",
                  **dict.fromkeys(("rulduration", "rulend", "rulhours", "rulweekdays", "rulmonthdays", "rulmonths", "rulperiod", "rultext",
                                   "ruldayor", "rultimezone")), **expected}
        for name in ("rulstart", "rulend"):
            if wanted.get(name):
                wanted[name] = datetime.fromisoformat(wanted[name].ljust(26, "0") if "." in wanted[name] else wanted[name]).replace(tzinfo=UTC)
        if "rulstart" not in expected:
            start = found.pop("rulstart")
            assert abs(start - datetime.now(UTC)) < timedelta(minutes=5)
            assert (start.second, start.microsecond) == (0, 0)  # not "every day at 03:00:50"
        assert found == wanted, line


@pytest.mark.core
def test_settings(comment, settings, rules):
    for text, expected in SETTINGS:
        job = comment(text)
        assert settings(job) == expected, text
        assert rules(job, "rulid") == []
        comment("", job)
        assert settings(job) == {}, text


@pytest.mark.core
def test_other_text_says_nothing(comment, settings, rules):
    for text in TEXT:
        job = comment(text)
        assert (settings(job), rules(job, "rulid")) == ({}, []), text


@pytest.mark.core
def test_what_is_refused_and_why(comment, installed):
    """Nothing is left of it, whether the comment is new or edited; the message quotes the line."""
    job = comment("@rule @daily")
    for line, message in REFUSED:
        for args in ((f"Text\n{line}\n",), (f"@rule @hourly\n{line}", job)):
            said = refused(comment, *args)
            assert message in said, line
            assert f'line "{line.splitlines()[-1][:100]}" of the comment' in said, said
            assert len(said) < 500
    assert installed.query("SELECT jobid, jobdesc FROM pgagent.pga_job") == [(job, "@rule @daily")]
    assert installed.query("SELECT ruldesc FROM pgagent.pga_rule") == [("@rule @daily",)]


def test_the_first_wrong_line_is_told(comment):
    assert 'line "@rule z"' in refused(comment, "@rule z\n@rule a")
    assert 'line "@busy z"' in refused(comment, "@busy z\n@missed a")


@pytest.mark.parametrize("zone, label, instant", [
    ("Europe/Berlin", "2026-07-01 09:00", "2026-07-01 07:00"), ("Europe/Berlin", "2026-01-01 09:00", "2026-01-01 08:00"),
    ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:30"),  # does not exist: the offset before the gap
    ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30"),  # exists twice: the first pass
    ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45"), ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:45"),
    ("MET", "2026-07-01 09:00", "2026-07-01 07:00"),  # no abbreviation of a fixed offset
    ("America/St_Johns", "2026-01-01 00:00", "2026-01-01 03:30")])
def test_local_times_mean_what_the_program_takes_them_for(comment, rules, pgalmanac, zone, label, instant):
    job = comment(f"@rule once {label}\n@zone {zone}")
    assert rules(job, "rulstart") == [(datetime.fromisoformat(instant).replace(tzinfo=UTC),)]
    done = pgalmanac("next", "--zone", zone, "--from", "2025-01-01T00:00", "--count", "1", "--format", "json",
                     f"kind=once start={label.replace(' ', 'T')}")
    assert f'"utc": "{instant.replace(" ", "T")}:00Z"' in done.stdout


def test_a_rule_that_has_ended_is_no_mistake(comment, rules):
    """A copy of an old job must be possible."""
    job = comment("@rule every 1 h end=2020-01-01T00:00")
    ((start, end),) = rules(job, "rulstart", "rulend")
    assert start == end


# Edits

@pytest.mark.core
def test_edits_replace_what_came_from_the_comment_and_nothing_else(comment, rules, jobs, installed):
    job = comment("@rule @daily\nText\n@rule @hourly\n@except 0 9 * * *")
    other = comment("@rule @daily")
    by_hand = jobs.rule(job, rulkind="cron", rultext="@daily", ruldesc="@rule @daily")
    installed.execute_as_agent("UPDATE pgagent.pga_rule SET rulruncount = rulid, rullastslot = now(), rulproblem = 'x'")
    columns = ("rulid", "ruldesc", "rulruncount", "rullastslot", "rulproblem", "rulstart", "rulorigin")
    daily, hourly, ninth, hand = rules(job, *columns)

    comment("Text\n@EXCEPT \t0 9 * *   *\r\n@rule @weekly\n@rule @daily\nMore\n@rule @daily\n@rule @weekly", job)
    assert rules(job, *columns)[:3] == [daily, ninth, hand]
    ((weekly, line, count),) = rules(job, "rulid", "ruldesc", "rulruncount")[3:]
    assert (line, count) == ("@rule @weekly", 0)
    comment("No rules", job)
    assert rules(job, *columns) == [hand] and hand[0] == by_hand
    assert len(rules(other, "rulid")) == 1


@pytest.mark.core
def test_the_line_wins_while_it_is_there(comment, settings, installed):
    job = comment("")
    installed.execute("UPDATE pgagent.pga_job SET jobmissed = 'all', jobgrace = '1 h'")
    comment("@missed skip", job)
    assert settings(job) == {"jobmissed": "skip", "jobgrace": timedelta(hours=1)}
    said = refused(installed.execute, "UPDATE pgagent.pga_job SET jobmissed = 'all'")
    assert said == 'jobmissed comes from the line "@missed skip" of the job\'s comment: change it there'
    installed.execute("UPDATE pgagent.pga_job SET jobgrace = '2 h', jobmissed = 'skip', jobbusy = 'queue'")
    comment("no line any more", job)
    assert settings(job) == {"jobgrace": timedelta(hours=2), "jobbusy": "queue"}, "what hands have set stays"


def test_hand_and_line_in_one_statement(comment, settings, installed):
    job = comment("@missed skip\n@busy queue")
    installed.execute("UPDATE pgagent.pga_job SET jobdesc = '@busy queue', jobmissed = 'all', jobbusy = 'replace'")
    assert settings(job) == {"jobmissed": "all", "jobbusy": "queue"}


@pytest.mark.core
def test_rows_that_came_from_a_comment_are_not_edited_by_hand(comment, rules, installed, jobs):
    job = comment("@rule @daily")
    by_hand = jobs.rule(job, rulkind="daily")
    installed.execute_as_agent("UPDATE pgagent.pga_rule SET rulruncount = 3")
    for change in ("UPDATE pgagent.pga_rule SET rulenabled = false", "UPDATE pgagent.pga_rule SET ruldesc = ''",
                   "UPDATE pgagent.pga_rule SET rulorigin = 'table' WHERE rulorigin = 'comment'", "DELETE FROM pgagent.pga_rule"):
        assert 'comes from the line "@rule @daily" of the comment of job' in refused(installed.execute, change)
    for change in ("INSERT INTO pgagent.pga_rule (ruljobid, rulkind, rulorigin) SELECT jobid, 'daily', 'comment' FROM pgagent.pga_job",
                   f"UPDATE pgagent.pga_rule SET rulorigin = 'comment' WHERE rulid = {by_hand}"):
        assert "rulorigin cannot be set to comment" in refused(installed.execute, change)
    installed.execute("UPDATE pgagent.pga_rule SET rulruncount = 0")
    assert rules(job, "rulruncount") == [(0,), (0,)]
    installed.execute("DELETE FROM pgagent.pga_job")
    assert installed.query("SELECT rulid FROM pgagent.pga_rule") == []


@pytest.mark.core
@pytest.mark.parametrize("change", [
    "UPDATE pgagent.pga_job SET jobdesc = jobdesc || E'\\n@zone America/New_York'",
    "UPDATE pgagent.pga_job SET jobtimezone = 'America/New_York'",
    "UPDATE pgagent.pga_setting SET setvalue = 'America/New_York' WHERE setname = 'timezone'"])
def test_local_times_follow_the_zone(comment, rules, installed, change):
    job = comment("@rule daily 2026-01-01 09:00 end=2026-02-01T09:00\n@rule every 1 h\n@rule once 2026-01-01 09:00Z")
    before = rules(job, "rulid", "rulstart", "rulend")
    installed.execute(change)
    after = rules(job, "rulid", "rulstart", "rulend")
    assert before[1:] == after[1:]
    (rule, start, end), = before[:1]
    assert after[0] == (rule, start + timedelta(hours=5), end + timedelta(hours=5))


# The job

@pytest.fixture
def plan(installed):
    return lambda job: installed.query("SELECT jobreplan, jobplanned, jobrevision FROM pgagent.pga_job WHERE jobid = %s", job)[0]


@pytest.mark.core
def test_only_edits_of_rules_plan_anew(comment, plan, installed):
    job = comment("@rule @daily\n@missed skip")
    assert plan(job)[0] is True
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobreplan = false, jobplanned = 'tomorrow', jobnextrun = 'tomorrow'")
    before = plan(job)
    comment("Text\n@missed all\n@rule  @daily", job)
    assert plan(job) == before
    comment("@rule @hourly", job)
    assert plan(job)[0] is True and plan(job)[2] == before[2] + 1, "once, for all lines"
    comment("", job)
    assert plan(job)[:2] == (False, None), "it has nothing to plan any more"


def test_the_service_reads_no_comments(comment, rules, installed):
    job = comment("")
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobdesc = E'@rule @daily\\n@missed skip'")
    installed.execute_as_agent("INSERT INTO pgagent.pga_job (jobjclid, jobname, jobdesc) VALUES (1, 'other', '@nonsense')")
    assert rules(job, "rulid") == []


@pytest.mark.core
def test_pgadmin_makes_and_clones_it(installed, settings, rules):
    """As somebody with rights on the stock tables only; the look-up by xmin finds the job, also among others."""
    installed.execute("CREATE ROLE commenter LOGIN; GRANT USAGE ON SCHEMA pgagent TO commenter;"
                      " GRANT SELECT, INSERT, UPDATE, DELETE ON pgagent.pga_job, pgagent.pga_jobstep, pgagent.pga_schedule,"
                      " pgagent.pga_jobagent, pgagent.pga_jobclass, pgagent.pga_joblog, pgagent.pga_exception TO commenter;"
                      " GRANT USAGE ON SEQUENCE pgagent.pga_job_jobid_seq TO commenter")
    connection = installed.connect("commenter")
    try:
        pgadmin = PgAdmin(connection)
        text = "Backup's \\ text\n@rule monthly 2026-01-31 09:00 monthdays=31,-1\n@rule every 1 h\n@zone Europe/Berlin\n@busy queue"
        first = pgadmin.create_job(jobname="job", jobdesc=text)
        clone = pgadmin.create_job(jobname="job", jobdesc=pgadmin.job(first)["jobdesc"])
        assert first != clone
        columns = ("rulkind", "rulmonthdays", "rulperiod", "ruldesc")
        assert rules(first, *columns) == rules(clone, *columns) and len(rules(first, *columns)) == 2
        assert settings(first) == settings(clone) == {"jobtimezone": "Europe/Berlin", "jobbusy": "queue"}
        pgadmin.edit_job(clone, jobdesc="@rule every 1 h", jobname="clone")
        assert rules(clone, "ruldesc") == [("@rule every 1 h",)] and len(rules(first, "rulid")) == 2
        with pytest.raises(psycopg2.Error) as caught:
            pgadmin.edit_job(clone, jobdesc="@rule every")
        lines = shown_error(caught.value).strip().splitlines()
        assert 'line "@rule every" of the comment cannot be read: a length of time is missing' in lines[0] and len(lines) == 2
        with pytest.raises(psycopg2.Error):
            pgadmin.create_job(jobname="third", jobdesc="@nonsense")
        pgadmin.delete_job(first)
        assert installed.query("SELECT DISTINCT ruljobid FROM pgagent.pga_rule") == [(clone,)]
    finally:
        connection.close()
        installed.execute("DROP OWNED BY commenter; DROP ROLE commenter")


@pytest.mark.core
def test_comments_of_adopted_jobs_are_left_alone(installed, comment, rules, settings):
    """Also while their zone is edited; they are reported until an edit of the comment has them read."""
    text = "@rule daily 2026-01-01 09:00\n@missed skip\n@bob knows\n@busy skip\n@timeout 1 min"
    installed.execute_as_agent("INSERT INTO pgagent.pga_job (jobjclid, jobname, jobdesc) VALUES (1, 'old', %s)", text)
    comment("@rule @daily\n@timeout 1 h\n@missed once\n@zone UTC")
    comment("bob@example.com\n")
    (job,) = installed.query("SELECT jobid FROM pgagent.pga_job WHERE jobname = 'old'")[0]
    installed.execute("UPDATE pgagent.pga_job SET jobtimezone = 'Asia/Tokyo', jobtimeout = '5 min' WHERE jobid = %s", job)
    installed.execute("UPDATE pgagent.pga_job SET jobname = 'older', jobdesc = jobdesc WHERE jobid = %s", job)
    assert rules(job, "rulid") == []
    ignored = installed.query(IGNORED)
    assert [row[:3] for row in ignored] == [(job, "older", line) for line in text.splitlines() if line != "@busy skip"]
    assert [row[3] is None for row in ignored] == [True, True, False, True]
    assert "@bob" in refused(comment, text + "!", job)
    comment(text.replace("@bob", "bob").replace("@timeout", "timeout"), job)
    assert rules(job, "ruldesc") == [("@rule daily 2026-01-01 09:00",)]
    assert settings(job) == {"jobtimezone": "Asia/Tokyo", "jobmissed": "skip", "jobtimeout": timedelta(minutes=5)}
    assert installed.query(IGNORED) == []


# Size

def work_of(database, action):
    """How long the session's process computed for it: what else the machine does, does not count."""
    def computed():
        with open(f"/proc/{database.value('SELECT pg_backend_pid()')}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[0])
    begin = computed()
    action()
    return computed() - begin


def test_long_comments_take_time_in_proportion(comment, rules, settings, installed):
    """Generous: what would grow with the square would take sixteen times as long, not eight."""
    texts = ["\n".join([f"line {number}: some text, h\u00e9" for number in range(count)] + ["@rule @daily", "@missed skip"])
             for count in (10000, 40000)]
    job = comment("@rule @daily")
    short, long = (min(work_of(installed, lambda: comment(f"{number}\n{text}", job)) for number in range(3)) for text in texts)
    assert len(rules(job, "rulid")) == 1 and settings(job) == {"jobmissed": "skip"}
    assert long < short * 8


def test_many_rules(comment, rules):
    job = comment("\n".join(f"@rule {number % 60} {number // 60} * * *" for number in range(1000)))
    first = rules(job, "rulid")
    assert len(first) == 1000 and rules(job, "ruldesc")[999] == ("@rule 39 16 * * *",)
    comment("\n".join(f"@rule {number % 60} {number // 60} * * *" for number in reversed(range(1, 1000))), job)
    assert rules(job, "rulid") == first[1:]


@pytest.mark.parametrize("encoding, green", [("LATIN1", "gr\u00fcn"), ("SQL_ASCII", "green")])
def test_other_encodings(cluster, encoding, green):
    made = Database.create(cluster, encoding.lower(), encoding=f"{encoding}' LC_COLLATE 'C' LC_CTYPE 'C")
    try:
        install(made.connect())
        job = made.value("INSERT INTO pgagent.pga_job (jobjclid, jobname, jobdesc) VALUES (1, 'job', %s) RETURNING jobid",
                         f"{green}\n@RULE\t0 9 * * MON\n@missed skip")
        assert made.query("SELECT ruldesc FROM pgagent.pga_rule") == [("@rule 0 9 * * MON",)]
        assert made.value("SELECT jobmissed FROM pgagent.pga_job WHERE jobid = %s", job) == "skip"
        assert green in refused(made.execute, "UPDATE pgagent.pga_job SET jobdesc = %s", f"@rule {green}")
    finally:
        made.drop()


# With an agent

def test_an_agent_plans_them_and_says_what_is_wrong(agent, comment, rules, installed, jobs):
    one = agent()
    planned = lambda job: wait_until(lambda: [row for row in installed.query(
        "SELECT jobplanned FROM pgagent.pga_job WHERE jobid = %s AND NOT jobreplan", job)], f"job {job} is planned", one)[0][0]
    job = comment("@rule monthly 2090-01-31 09:00 monthdays=31,-1\n@except daily 2090-01-31 09:00 end=2090-01-31T09:00\n@zone Europe/Berlin")
    assert planned(job) == datetime(2090, 2, 28, 8, tzinfo=UTC)
    comment("@rule DTSTART:20900105T090000 RRULE:FREQ=DAILY\n@zone Asia/Tokyo", job)
    assert planned(job) == datetime(2090, 1, 5, 0, tzinfo=UTC)
    comment("@rule 0 25 * * *", job)
    assert planned(job) is None
    ((problem,),) = rules(job, "rulproblem")
    assert "25" in problem
    comment("", job)
    jobs.step(job, **{"name": "one", **sql("SELECT 1")})
    comment("@rule every 1 s", job)
    assert jobs.wait_for_runs(job, 2, one)[0][:2] == ("s", "schedule")
    comment("", job)
    jobs.wait_until_settled(one)

# SPDX-License-Identifier: PostgreSQL
"""What becomes of a pgAgent's jobs when setup takes over its tables, and why."""
from contextlib import closing

import pytest

from adopting import adopt, make_empty, stock, stock_jobs  # noqa: F401 (fixtures)
from adopting import add_step, report_of, set_by_force, without_triggers
from harness.jobs import ALWAYS
from harness.waiting import wait_until

pytestmark = [pytest.mark.core, pytest.mark.mainly_sql]


def test_job_whose_plan_is_right(adopt, stock, stock_jobs):
    job = stock_jobs.job("fine")
    stock_jobs.schedule(job, minutes=[5], hours=[4])
    old = stock.value("SELECT jobnextrun FROM pgagent.pga_job")
    row = report_of(adopt("--json"), job)
    assert row["reasons"] == [] and row["old_next_run"] == row["new_next_run"] and row["skipped_from"] is None
    assert stock.query("SELECT jobnextrun, jobplanned, jobreplan FROM pgagent.pga_job") == [(old, old, False)]
    assert stock.value("SELECT count(*) FROM pgagent.pga_skipped") == 0


def test_report_for_people(adopt, stock, stock_jobs):
    stock_jobs.schedule(stock_jobs.job("fine"), minutes=[5], hours=[4])
    odd = stock_jobs.job("odd\nname")
    stock_jobs.schedule(odd)
    set_by_force(stock, odd, jobnextrun="now() - interval '3 days'")
    said = adopt()
    assert f'  job {odd} "odd\\nname": overdue since before today' in said
    assert "schedule \"schedule\": pgAgent runs a schedule that selects nothing every second minute" in said
    assert "time zone UTC (the server's)" in said and "retention = off" in said
    assert f'database "{stock.name}" must be the maintenance database' in said and "reconnect" in said
    assert "setup --release" in said


def test_known_defects_are_reasons(adopt, stock, stock_jobs):
    odd = {}
    for name, schedule, reason in [
            ("day", {"monthdays": [30], "minutes": [0], "hours": [1]}, "pgAgent fails in a month without day 31"),
            ("last", {"monthdays": [14, 31], "minutes": [0], "hours": [1]}, "pgAgent never runs on the last day"),
            ("all", {}, "pgAgent runs a schedule that selects nothing every second minute"),
            ("weekdays", {"weekdays": range(6)}, "pgAgent runs a schedule of weekdays only from 00:01 on"),
            ("minutes", {"minutes": [0, 30], "hours": [1, 2]}, "pgAgent may leave out the first of several minutes")]:
        job = odd[name] = stock_jobs.job(name)
        with without_triggers(stock, "pga_schedule"):
            stock_jobs.schedule(job, **schedule)
        set_by_force(stock, job, jobnextrun="date_trunc('day', now()) + interval '40 days 1 hour'")
        odd[name] = job, reason
    never = stock_jobs.job("never")
    schedule = stock_jobs.schedule(never, minutes=[0], hours=[1])
    with without_triggers(stock, "pga_exception"):
        stock.execute("INSERT INTO pgagent.pga_exception (jexscid, jextime) VALUES (%s, '01:00')", schedule)

    said = adopt("--json")
    for job, reason in odd.values():
        row = report_of(said, job)
        assert [text for text in row["reasons"] if text.startswith(f'schedule "schedule": {reason}')], row
        assert row["new_next_run"] != row["old_next_run"]
    assert report_of(said, never)["new_next_run"] is None
    assert report_of(said, never)["reasons"] == [
        'schedule "schedule": pgAgent searches for ever when exceptions leave out every time of day']


def test_days_on_which_clocks_change(adopt, stock, stock_jobs):
    """Old plans as pgAgent makes them: the day after the gap, and the second pass."""
    gap, twice = stock.query("""
        SELECT min(h) FILTER (WHERE later > 0), min(h) FILTER (WHERE later < 0)
        FROM (SELECT h, timezone('Europe/Berlin', h) - timezone('Europe/Berlin', h - interval '1 hour') - interval '1 hour' AS d,
                     extract(epoch FROM timezone('Europe/Berlin', h) - timezone('Europe/Berlin', h - interval '1 hour')
                                        - interval '1 hour') AS later
              FROM generate_series(date_trunc('hour', now()) + interval '1 day', now() + interval '1 year 1 day', interval '1 hour') h) x""")[0]
    spring, autumn = stock_jobs.job("spring"), stock_jobs.job("autumn")
    stock_jobs.schedule(spring, minutes=[30], hours=[2], start=gap)
    stock_jobs.schedule(autumn, minutes=[30], hours=[2], start=twice.replace(hour=0))
    set_by_force(stock, spring, jobnextrun=f"timestamptz '{gap}' + interval '23 hours 30 minutes'")
    set_by_force(stock, autumn, jobnextrun=f"timestamptz '{twice}' + interval '30 minutes'")
    said = adopt("--json", "--timezone", "Europe/Berlin")
    assert report_of(said, spring)["reasons"][0].endswith("pgAgent leaves it out; here it runs at 03:30")
    assert "comes twice on" in report_of(said, autumn)["reasons"][0]


def test_zone_of_a_session_is_named(adopt, stock, stock_jobs):
    """An editor's role had another zone than the one that setup settles on."""
    job = stock_jobs.job("edited")
    stock.execute("CREATE ROLE editor; ALTER ROLE editor SET timezone = 'Asia/Tokyo'")
    try:
        with closing(stock.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SET timezone = 'Asia/Tokyo'")
            cursor.execute("INSERT INTO pgagent.pga_schedule (jscjobid, jscname, jscstart, jscminutes, jschours)"
                           " SELECT %s, 's', %s, array_agg(n = 15), (array_agg(n = 4))[1:24] FROM generate_series(0, 59) n",
                           (job, ALWAYS))
        row = report_of(adopt("--json"), job)
        assert row["reasons"] == ["pgAgent read its schedule in the time zone of a session, Asia/Tokyo; from now on it is UTC"]
    finally:
        stock.execute("DROP ROLE editor")


@pytest.mark.parametrize("where, said", [("ALTER DATABASE {} SET timezone = 'Asia/Tokyo'", "Asia/Tokyo (this database's)"),
                                         ("ALTER ROLE zoned SET timezone = 'Asia/Tokyo'", "Asia/Tokyo (this role's)")])
def test_zone_is_the_sessions_and_whose_is_said(adopt, stock, where, said):
    stock.execute("CREATE ROLE zoned LOGIN SUPERUSER")
    try:
        stock.execute(where.format(stock.name))
        assert f"time zone {said}" in adopt(user="zoned")
        assert stock.value("SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone'") == "Asia/Tokyo"
    finally:
        stock.execute("REASSIGN OWNED BY zoned TO postgres; DROP ROLE zoned")


def test_zone_that_the_server_reads_as_an_abbreviation(adopt, stock, stock_jobs, agent):
    job = stock_jobs.job("met")
    stock_jobs.schedule(job, minutes=[5], hours=[4])
    row = report_of(adopt("--json", "--timezone", "MET"), job)
    assert row["reasons"] == ["the first agent plans it: PostgreSQL reads MET as an abbreviation"]
    one = agent(database=stock)
    wait_until(lambda: stock.value("SELECT jobnextrun > now() FROM pgagent.pga_job"), "it is planned", one)


def test_overdue_since_before_today_is_planned_and_never_fired(adopt, stock, stock_jobs, agent):
    old = stock_jobs.job("old")
    add_step(stock, old, "SELECT 1")
    stock_jobs.schedule(old, minutes=[5], hours=[4])
    set_by_force(stock, old, jobnextrun="date_trunc('day', now()) - interval '10 hours'")
    wished = stock_jobs.job("asked for yesterday")
    set_by_force(stock, wished, jobnextrun="date_trunc('day', now()) - interval '1 second'")
    said = adopt("--json")
    assert [report_of(said, job)["state"] for job in (old, wished)] == ["overdue", "overdue"]
    assert stock.value("SELECT jobnextrun > now() AND jobplanned = jobnextrun FROM pgagent.pga_job WHERE jobid = %s", old)
    assert stock.value("SELECT jobnextrun FROM pgagent.pga_job WHERE jobid = %s", wished) is None
    assert stock.query("SELECT skpjobid, skpreason, skpfrom = date_trunc('day', now()) - interval '10 hours', skpto <= now()"
                       " FROM pgagent.pga_skipped ORDER BY 1") == [(old, "before adoption", True, True),
                                                                   (wished, "before adoption", False, True)]
    other = stock_jobs.job("other")
    add_step(stock, other, "SELECT 1")
    one = agent(database=stock)
    stock_jobs.run_now(other)
    stock_jobs.wait_for_runs(other, agent=one)
    assert stock.query("SELECT jlgjobid FROM pgagent.pga_joblog") == [(other,)]


def test_due_today_and_asked_for_run_once(adopt, stock, stock_jobs, agent):
    """What came due while agents were switched; and pgAdmin's Run now of a moment ago."""
    due, asked, later = stock_jobs.job("due"), stock_jobs.job("asked"), stock_jobs.job("later")
    for job in (due, asked, later):
        add_step(stock, job, "SELECT 1")
    for job in (due, asked):
        stock_jobs.schedule(job, minutes=range(60))
    set_by_force(stock, due, jobnextrun="date_trunc('minute', now())")
    set_by_force(stock, asked, jobnextrun="date_trunc('minute', now()) + interval '1 millisecond'")
    set_by_force(stock, later, jobnextrun="now() + interval '1 day'")
    said = adopt("--json")
    assert [report_of(said, job)["state"] for job in (due, asked, later)] == ["due", "wish", "wish"]
    assert stock.query("SELECT reqjobid, reqkind FROM pgagent.pga_request ORDER BY 1") == [(asked, "run"), (later, "run")]
    one = agent(database=stock)
    stock_jobs.wait_for_runs(due, agent=one)
    stock_jobs.wait_for_runs(asked, agent=one)
    assert stock_jobs.runs(due)[0][0] == "s" and stock_jobs.runs(asked)[0][0] == "s"
    assert stock.value("SELECT jobnextrun > now() FROM pgagent.pga_job WHERE jobid = %s", later)
    assert stock.value("SELECT count(*) FROM pgagent.pga_skipped WHERE skpreason = 'before adoption'") == 0


def test_frozen_job_with_a_schedule_loses_what_it_missed(adopt, stock, stock_jobs, agent):
    job = stock_jobs.job("frozen")
    add_step(stock, job, "SELECT 1")
    stock_jobs.schedule(job, minutes=[0], hours=range(0, 24, 2))
    off = stock_jobs.job("frozen and disabled", enabled=False)
    stock.execute("INSERT INTO pgagent.pga_jobagent VALUES (2, now() - interval '5 days', 'gone')")
    for one in (job, off):
        set_by_force(stock, one, jobagentid="2", joblastrun="now() - interval '2 days'",
                     jobnextrun="date_trunc('minute', now() - interval '2 days')")
        stock.execute("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstart) VALUES (%s, now() - interval '2 days')", one)
    said = adopt("--json")
    assert report_of(said, job)["state"] == "frozen"
    assert report_of(said, off)["reasons"] == ["it is disabled, but pgAgent kept a next run"]
    assert stock.query("SELECT skpjobid, skpreason, skpfrom > now() - interval '2 days' FROM pgagent.pga_skipped") == [
        (job, "before adoption", True)]
    assert stock.query("SELECT jobagentid, jobnextrun > now() FROM pgagent.pga_job ORDER BY jobid") == [(None, True), (None, None)]
    assert stock.query("SELECT jlgstatus FROM pgagent.pga_joblog") == [("d",), ("d",)]
    agent(database=stock)
    assert len(stock.query("SELECT FROM pgagent.pga_joblog")) == 2


def test_empty_of_jobs(adopt):
    assert "There are no jobs." in adopt()


def test_lines_of_comments_that_would_be_read_now(adopt, stock, stock_jobs):
    job, fine = stock_jobs.job("annotated"), stock_jobs.job("fine")
    stock.execute("UPDATE pgagent.pga_job SET jobdesc = %s WHERE jobid = %s", "Mail ann@example.org\n@JOB_TIMEOUT=5;\n@timeout 5 min",
                  job)
    said = adopt("--json")
    assert report_of(said, fine)["reasons"] == []
    assert sorted(report_of(said, job)["reasons"]) == [
        'its comment is left alone, but has a line "@job_timeout=5;": when the comment is edited it must go, for pgAlmanac reads'
        ' lines that begin with @ and cannot read this one',
        'its comment is left alone, but has a line "@timeout 5 min": when the comment is edited it counts']
    assert stock.value("SELECT jobtimeout FROM pgagent.pga_job WHERE jobid = %s", job) is None

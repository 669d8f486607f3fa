# SPDX-License-Identifier: PostgreSQL
"""A job's life in pgAdmin, by the statements that pgAdmin 4 (9.x) sends, as a role with rights on pgAgent's tables only."""
import threading
from datetime import time, timedelta

import psycopg2
import pytest

from harness import pgadmin as sent
from harness.holding import HeldSql
from harness.jobs import Jobs
from harness.pgadmin import PgAdmin, flags, shown_error
from harness.waiting import wait_until

pytestmark = pytest.mark.core

STOCK_TABLES = ("pga_jobagent", "pga_jobclass", "pga_job", "pga_jobstep", "pga_schedule", "pga_exception", "pga_joblog",
                "pga_jobsteplog")
GRANT = ("CREATE ROLE {0} LOGIN; GRANT USAGE ON SCHEMA pgagent TO {0};"
         " GRANT SELECT, INSERT, UPDATE, DELETE ON " + ", ".join(f"pgagent.{table}" for table in STOCK_TABLES) + " TO {0};"
         " GRANT USAGE ON SEQUENCE " + ", ".join(f"pgagent.{sequence}" for sequence in (
             "pga_jobclass_jclid_seq", "pga_job_jobid_seq", "pga_jobstep_jstid_seq", "pga_schedule_jscid_seq",
             "pga_exception_jexid_seq", "pga_joblog_jlgid_seq", "pga_jobsteplog_jslid_seq")) + " TO {0}")

ONE = {**sent.STEP, "jstname": "one"}
REMOTE = {**sent.STEP, "jstname": "remote", "jstconntype": False, "jstconnstr": "host=elsewhere", "jstdbname": None, "jstonerror": "i"}
SCRIPT = {**sent.STEP, "jstname": "script", "jstkind": False, "jstcode": "echo", "jstdbname": None, "jstonerror": "s"}
NINE = {**sent.SCHEDULE, "jscname": "nine", "jscminutes": flags(60, 0), "jschours": flags(24, 9), "jscexceptions": [
    {"jexdate": "2090-01-01", "jextime": None}, {"jexdate": "2090-01-02", "jextime": "09:00:00"}]}
LATER = {**NINE, "jscname": "later", "jscstart": "2091-01-01 00:00:00 +00:00", "jscexceptions": []}
NEVER_AGAIN = {**sent.SCHEDULE, "jscstart": "2000-01-01 00:00:00 +00:00", "jscend": "2000-01-02 00:00:00 +00:00"}
WHOLE = {"jsteps": [ONE, SCRIPT, REMOTE], "jschedules": [LATER, NINE]}


@pytest.fixture
def clicker(installed):
    """Makes sessions of somebody who may use pgAgent's tables, and no others, and owns none."""
    installed.execute(GRANT.format("clicker"))
    connections = []

    def connect():
        connections.append(installed.connect("clicker"))
        return PgAdmin(connections[-1])

    yield connect
    for connection in connections:
        connection.close()
    installed.execute("DROP OWNED BY clicker; DROP ROLE clicker")


@pytest.fixture
def pgadmin(clicker):
    return clicker()


def only(rows):
    """The value of a single row with a single column."""
    assert len(rows) == 1 and len(rows[0]) == 1, rows
    return next(iter(rows[0].values()))


def at(pgadmin, text):
    return only(pgadmin.send(f"SELECT '{text}'::timestamptz"))


def next_run(pgadmin, job):
    return only(pgadmin.send(f"SELECT jobnextrun FROM pgagent.pga_job WHERE jobid = {job}"))


# --- the tree -----------------------------------------------------------------------------------------------


def test_the_tree_is_shown(pgadmin):
    assert only(pgadmin.send(sent.IS_SHOWN)) is True
    assert only(pgadmin.send(sent.HAS_CONNSTR)) is True
    assert {"value": 1, "label": "Routine Maintenance"} in pgadmin.send(sent.JOB_CLASSES)


@pytest.mark.parametrize("grants, shown, has_connstr", [
    ("GRANT USAGE ON SCHEMA pgagent TO looker", False, False),
    ("GRANT USAGE ON SCHEMA pgagent TO looker; GRANT SELECT ON pgagent.pga_job TO looker", True, False),
    ("GRANT USAGE ON SCHEMA pgagent TO looker; GRANT SELECT ON pgagent.pga_job, pgagent.pga_jobstep TO looker", True, True),
])
def test_who_sees_the_tree(installed, grants, shown, has_connstr):
    installed.execute("CREATE ROLE looker LOGIN")
    try:
        installed.execute(grants)
        looker = PgAdmin(installed.connect("looker"))
        assert only(looker.send(sent.IS_SHOWN)) is shown
        assert only(looker.send(sent.HAS_CONNSTR)) is has_connstr
        looker.connection.close()
    finally:
        installed.execute("DROP OWNED BY looker; DROP ROLE looker")


def test_nodes(pgadmin):
    second, first = pgadmin.create_job(jobname="b", jobdesc="comment"), pgadmin.create_job(jobname="a", jobenabled=False)
    nodes = [{"jobid": first, "jobname": "a", "jobenabled": False, "jobdesc": ""},
             {"jobid": second, "jobname": "b", "jobenabled": True, "jobdesc": "comment"}]
    assert pgadmin.send(sent.job_nodes()) == nodes
    assert pgadmin.send(sent.job_nodes(first)) == nodes[:1]
    assert [row["jobid"] for row in pgadmin.send(sent.job_properties())] == [first, second]


def test_types(pgadmin):
    """The browser needs ids as numbers, lists as lists; what else comes as text is only shown."""
    int4, of_bool, bools, of_time, timestamptz = 23, 16, 1000, 1183, 1184
    expected = {"jobid": int4, "jobenabled": of_bool, "jobjclid": int4, "jobagentid": int4, "jobnextrun": timestamptz,
                "jstid": int4, "jstjobid": int4, "jstenabled": of_bool, "jstkind": of_bool, "jstconntype": of_bool,
                "jscid": int4, "jscjobid": int4, "jscenabled": of_bool, "jscminutes": bools, "jschours": bools,
                "jscweekdays": bools, "jscmonthdays": bools, "jscmonths": bools, "jextime": of_time, "value": int4}
    found = {}
    with pgadmin.connection.cursor() as cursor:
        for sql in (sent.job_properties(), sent.step_properties(1), sent.schedule_properties(1), sent.JOB_CLASSES):
            cursor.execute(sql)
            found.update({column.name: column.type_code for column in cursor.description})
    assert {name: found[name] for name in expected} == expected


# --- creating -----------------------------------------------------------------------------------------------


def test_create(pgadmin):
    pgadmin.create_job(jobname="a first one", **WHOLE)
    job = pgadmin.create_job(jobname="job", **WHOLE)
    found = pgadmin.job(job)
    assert found["jobnextrun"] == at(pgadmin, "2090-01-03 09:00+00")
    assert (found["jobclass"], found["jlgstatus"], found["jagagent"]) == ("Routine Maintenance", None, None)
    assert [tuple(step[name] for name in ("jstname", "jstkind", "jstconntype", "jstconnstr", "jstdbname", "jstonerror"))
            for step in found["jsteps"]] == [("one", True, True, "", "postgres", "f"), ("remote", True, False, "host=elsewhere", "", "i"),
                                             ("script", False, True, "", "", "s")]
    later, nine = found["jschedules"]
    assert (later["jscname"], later["jexid"], nine["jscname"]) == ("later", None, "nine")
    assert (nine["jexdate"], nine["jextime"]) == (["2090-01-01", "2090-01-02"], [None, time(9)])
    assert [len(nine[name]) for name in ("jscminutes", "jschours", "jscweekdays", "jscmonthdays", "jscmonths")] == [60, 24, 7, 32, 12]
    assert nine["jschours"] == flags(24, 9)


def test_create_without_anything(pgadmin):
    """The dialog's defaults: an empty name, no steps, no schedules."""
    job = pgadmin.create_job()
    assert pgadmin.job(job)["jobnextrun"] is None


def test_create_that_fails_leaves_nothing(pgadmin):
    with pytest.raises(psycopg2.Error):
        pgadmin.create_job(jobname="job", **{**WHOLE, "jsteps": [ONE, {**SCRIPT, "jstonerror": "x"}]})
    assert pgadmin.send(sent.job_nodes()) == []


def test_any_text(pgadmin):
    for text in ("it's", 'a "quoted" one', "back\\slash", "100 %s {} []()&*^!@`/#", "Käse 酒", "two\nlines"):
        job = pgadmin.create_job(jobname=text, jobdesc=text, jsteps=[{**ONE, "jstname": text, "jstcode": text}],
                                 jschedules=[{**NINE, "jscname": text, "jscdesc": text}])
        found = pgadmin.job(job)
        assert {found["jobname"], found["jobdesc"], found["jsteps"][0]["jstname"], found["jsteps"][0]["jstcode"],
                found["jschedules"][0]["jscname"], found["jschedules"][0]["jscdesc"]} == {text}


def test_dollars_in_code(pgadmin):
    """pgAdmin puts the whole new job between dollars; to a job that is there such a step can be added."""
    code = "DO $$BEGIN NULL; END$$"
    with pytest.raises(psycopg2.errors.SyntaxError):
        pgadmin.create_job(jobname="job", jsteps=[{**ONE, "jstcode": code}])
    job = pgadmin.create_job(jobname="job")
    step = pgadmin.add_step(job, jstcode=code)
    assert pgadmin.send(sent.step_properties(job, step))[0]["jstcode"] == code


def test_add_a_schedule(pgadmin):
    other, job = (pgadmin.create_job(jobname=name, **WHOLE) for name in ("other", "job"))
    schedule = pgadmin.add_schedule(job, **{**LATER, "jscname": "added", "jscstart": "2089-01-01 00:00:00 +00:00",
                                            "jscend": "2089-06-01 00:00:00 +00:00"})
    found, = pgadmin.send(sent.schedule_properties(job, schedule))
    assert (found["jscjobid"], found["jscname"], found["jscend"]) == (job, "added", at(pgadmin, "2089-06-01 00:00+00"))
    assert pgadmin.send(sent.schedule_nodes(job, schedule))[0]["jscname"] == "added"
    assert next_run(pgadmin, job) == at(pgadmin, "2089-01-01 09:00+00")
    assert next_run(pgadmin, other) == at(pgadmin, "2090-01-03 09:00+00")


def test_add_a_step(pgadmin):
    job = pgadmin.create_job(**WHOLE)
    step = pgadmin.add_step(job, jstname="two")
    assert pgadmin.step(job, "two") == step
    assert pgadmin.send(sent.step_nodes(job, step))[0]["jstkind"] is True


def test_what_pgadmins_own_tests_insert(pgadmin):
    """Few columns; all else has a default of the right size."""
    job = only(pgadmin.send(sent.regression_job("job")))
    schedule = only(pgadmin.send(sent.regression_schedule(job, "schedule")))
    only(pgadmin.send(sent.regression_exception(schedule, "2050-01-01", "12:00:00")))
    only(pgadmin.send(sent.regression_step(job, "step")))
    found = pgadmin.job(job)
    assert [found["jschedules"][0][name] for name in ("jscminutes", "jschours", "jscweekdays", "jscmonthdays", "jscmonths")] == [
        flags(60), flags(24), flags(7), flags(32), flags(12)]
    assert (found["jsteps"][0]["jstonerror"], found["jsteps"][0]["jstdesc"], found["jsteps"][0]["jstconnstr"]) == ("f", "", "")
    assert found["jobnextrun"] == at(pgadmin, "2050-01-01 06:45+00")


def test_month_days_without_the_last(pgadmin):
    """Older ones send 31 flags."""
    job = pgadmin.create_job(jschedules=[{**NINE, "jscmonthdays": flags(31, 30)}])
    found = pgadmin.job(job)
    assert found["jschedules"][0]["jscmonthdays"] == flags(32, 30)
    assert found["jobnextrun"] == at(pgadmin, "2090-01-31 09:00+00")
    pgadmin.edit_job(job, jschedules={"changed": [{"jscid": pgadmin.schedule(job, "nine"), "jscmonthdays": flags(31, 4)}]})
    assert next_run(pgadmin, job) == at(pgadmin, "2090-01-05 09:00+00")


def test_the_same_holiday_twice(pgadmin):
    """pgAgent refuses it."""
    job = pgadmin.create_job(jschedules=[NINE, {**NINE, "jscname": "again"}])
    assert next_run(pgadmin, job) == at(pgadmin, "2090-01-03 09:00+00")


def test_the_sql_tab_clones_the_job(pgadmin):
    """The text of the SQL tab is that of creating it, run by the query tool: autocommitted, without look-up."""
    pgadmin.create_job(jobname="job", **WHOLE)
    pgadmin.send(sent.create_job({**sent.JOB, "jobname": "job", **WHOLE}))
    copies = [node["jobid"] for node in pgadmin.send(sent.job_nodes())]
    assert len(copies) == 2
    assert {next_run(pgadmin, copy) for copy in copies} == {at(pgadmin, "2090-01-03 09:00+00")}


# --- editing ------------------------------------------------------------------------------------------------


def test_edit_everything_in_one_string(pgadmin):
    job = pgadmin.create_job(jobname="job", **WHOLE)
    before = pgadmin.job(job)
    step = {found["jstname"]: found["jstid"] for found in before["jsteps"]}
    schedule = {found["jscname"]: found["jscid"] for found in before["jschedules"]}
    first, second = before["jschedules"][1]["jexid"]
    after = pgadmin.edit_job(
        job, jobname="edited", jobdesc="comment", jobjclid=2, jobhostagent="elsewhere",
        jsteps={"deleted": [{"jstid": step["remote"]}],
                "changed": [{"jstid": step["one"], "jstkind": False},
                            {"jstid": step["script"], "jstkind": True, "jstdbname": "postgres", "jstname": "now SQL",
                             "jstenabled": False, "jstdesc": "comment", "jstonerror": "i", "jstcode": "SELECT 2"}],
                "added": [{**ONE, "jstname": "added"}]},
        jschedules={"deleted": [{"jscid": schedule["later"]}],
                    "changed": [{"jscid": schedule["nine"], "jscend": "2099-01-01 00:00:00 +00:00", "jschours": flags(24, 10),
                                 "jscexceptions": {
                                     "added": [{"jexdate": None, "jextime": "11:00:00"}],
                                     "deleted": [{"jexid": first}],
                                     "changed": [{"jexid": second, "jexdate": "2090-01-01", "jextime": "10:00:00"}]}}],
                    "added": [{**LATER, "jscname": "added", "jscstart": "2092-01-01 00:00:00 +00:00"}]})
    assert after["jobnextrun"] == at(pgadmin, "2090-01-02 10:00+00")
    assert (after["jobname"], after["jobdesc"], after["jobclass"], after["jobhostagent"]) == (
        "edited", "comment", "Data Import", "elsewhere")
    assert after["jobcreated"] == before["jobcreated"] and after["jobchanged"] > before["jobchanged"]
    assert [(found["jstname"], found["jstkind"], found["jstenabled"], found["jstcode"]) for found in after["jsteps"]] == [
        ("added", True, True, "SELECT 1"), ("now SQL", True, False, "SELECT 2"), ("one", False, True, "SELECT 1")]
    assert [(found["jscname"], found["jexdate"]) for found in after["jschedules"]] == [("added", None), ("nine", ["2090-01-01", None])]


def test_an_edit_is_atomic(pgadmin):
    job = pgadmin.create_job(jobname="job", **WHOLE)
    before = pgadmin.job(job)
    with pytest.raises(psycopg2.Error):
        pgadmin.edit_job(job, jobname="edited", jsteps={"deleted": [{"jstid": pgadmin.step(job, "one")}]},
                         jschedules={"added": [{**LATER, "jscmonths": flags(11)}]})
    assert pgadmin.job(job) == before


def test_steps_change_their_place(pgadmin):
    job = pgadmin.create_job(**WHOLE)
    one, remote = pgadmin.step(job, "one"), pgadmin.step(job, "remote")
    pgadmin.send(sent.update_step(job, one, {"jstconntype": False, "jstconnstr": "host=there"}))
    pgadmin.send(sent.update_step(job, remote, {"jstconntype": True, "jstdbname": "here"}))
    found = {step["jstid"]: step for step in pgadmin.job(job)["jsteps"]}
    assert (found[one]["jstconnstr"], found[one]["jstdbname"], found[one]["jstconntype"]) == ("host=there", "", False)
    assert (found[remote]["jstconnstr"], found[remote]["jstdbname"], found[remote]["jstconntype"]) == ("", "here", True)


SCHEDULE_EDITS = [
    ({"jscname": "other", "jscdesc": None}, "2090-01-03 09:00+00"),
    ({"jscenabled": False}, None),
    ({"jscstart": "2091-05-05 12:00:00 +00:00"}, "2091-05-06 09:00+00"),
    ({"jscend": "2090-01-02 23:00:00 +00:00"}, None),
    ({"jscend": ""}, "2090-01-03 09:00+00"),
    ({"jscminutes": flags(60, 30)}, "2090-01-02 09:30+00"),
    ({"jschours": flags(24, 8, 9)}, "2090-01-02 08:00+00"),
    ({"jscweekdays": flags(7, 0)}, "2090-01-08 09:00+00"),
    ({"jscmonthdays": flags(32, 31)}, "2090-01-31 09:00+00"),
    ({"jscmonths": flags(12, 1)}, "2090-02-01 09:00+00"),
]


def test_edit_a_schedule(pgadmin):
    for change, expected in SCHEDULE_EDITS:
        job = pgadmin.create_job(jschedules=[NINE])
        pgadmin.send(sent.update_schedule(job, pgadmin.schedule(job, "nine"), change))
        assert next_run(pgadmin, job) == (expected and at(pgadmin, expected)), change


def test_delete_steps_and_schedules(pgadmin):
    job = pgadmin.create_job(**WHOLE)
    pgadmin.send(sent.delete_step(job, pgadmin.step(job, "one")))
    pgadmin.send(sent.delete_schedule(job, pgadmin.schedule(job, "nine")))
    assert next_run(pgadmin, job) == at(pgadmin, "2091-01-01 09:00+00")
    pgadmin.send(sent.delete_schedule(job, pgadmin.schedule(job, "later")))
    found = pgadmin.job(job)
    assert (found["jobnextrun"], [step["jstname"] for step in found["jsteps"]], found["jschedules"]) == (None, ["remote", "script"], [])


def test_disable_and_enable(pgadmin):
    job = pgadmin.create_job(**WHOLE)
    assert pgadmin.edit_job(job, jobenabled=False)["jobnextrun"] is None
    assert pgadmin.edit_job(job, jobenabled=True)["jobnextrun"] == at(pgadmin, "2090-01-03 09:00+00")


@pytest.mark.parametrize("enabled", [True, False])
def test_run_now(installed, pgadmin, enabled):
    job = pgadmin.create_job(jobenabled=enabled, **WHOLE)
    pgadmin.run_now(job)
    assert installed.query("SELECT reqjobid, reqkind, reqby, reqdue <= now(),"
                           " jobnextrun IS NOT DISTINCT FROM CASE WHEN jobenabled THEN reqdue END"
                           " FROM pgagent.pga_job JOIN pgagent.pga_request ON reqjobid = jobid") == [(job, "run", "clicker", True, True)]


def test_delete(installed, pgadmin):
    job = pgadmin.create_job(**WHOLE)
    pgadmin.run_now(job)
    pgadmin.delete_job(job)
    for table in ("pga_job", "pga_jobstep", "pga_schedule", "pga_exception", "pga_request", "pga_skipped"):
        assert installed.value(f"SELECT count(*) FROM pgagent.{table}") == 0


# --- errors -------------------------------------------------------------------------------------------------


def test_errors_say_what_is_wrong(pgadmin):
    """The dialog shows the message and its detail, and what follows them only where there is no detail."""
    job = pgadmin.create_job(**WHOLE)
    nine = pgadmin.schedule(job, "nine")
    with pytest.raises(psycopg2.errors.UniqueViolation) as twice:
        pgadmin.send(sent.insert_exception({"jexdate": "2090-01-02", "jextime": "09:00:00"}, nine))
    assert "already exists" in shown_error(twice.value)
    with pytest.raises(psycopg2.errors.CheckViolation) as remote:
        pgadmin.send(sent.update_step(job, pgadmin.step(job, "script"), {"jstconntype": False, "jstconnstr": "host=there"}))
    assert "pga_jobstep_check" in shown_error(remote.value)
    with pytest.raises(psycopg2.Error) as zone:
        pgadmin.send(f"UPDATE pgagent.pga_schedule SET jsctimezone = 'Mars/Olympus' WHERE jscid = {nine}")
    assert shown_error(zone.value).startswith('time zone "Mars/Olympus" of schedule "nine" is not known')


# --- statistics ---------------------------------------------------------------------------------------------


def test_statistics(installed, pgadmin):
    """What an agent, ours or pgAgent's, has written."""
    job = pgadmin.create_job(**WHOLE)
    step = pgadmin.step(job, "one")
    for status in "sf":
        installed.execute("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgduration) VALUES (%s, %s, '1 minute')", job, status)
    installed.execute("INSERT INTO pgagent.pga_jobsteplog (jsljlgid, jsljstid, jslstatus, jslresult, jslduration, jsloutput)"
                      " SELECT max(jlgid), %s, 'f', -1, '1 second', 'ERROR:  no' FROM pgagent.pga_joblog", step)
    assert [(row["Status"], row["End time"] - row["Start time"]) for row in pgadmin.send(sent.job_statistics(job))] == [
        ("f", timedelta(minutes=1)), ("s", timedelta(minutes=1))]
    assert [row["Status"] for row in pgadmin.send(sent.job_statistics(job, rows=1))] == ["f"]
    assert [(row["Status"], row["Result"], row["Output"]) for row in pgadmin.send(sent.step_statistics(step))] == [
        ("f", -1, "ERROR:  no")]
    assert pgadmin.job(job)["jlgstatus"] == "f"


# --- while an agent runs ------------------------------------------------------------------------------------


def step_results(pgadmin, job, step):
    return [(row["Status"], row["Result"]) for row in pgadmin.send(sent.step_statistics(pgadmin.step(job, step)))]


def test_a_whole_life_with_an_agent(installed, pgadmin, agent):
    """Created, run, looked at, edited, run again, deleted while it runs."""
    one = agent("--connect-timeout", "5")
    job = pgadmin.create_job(**WHOLE)
    jobs = Jobs(installed)
    pgadmin.run_now(job)
    jobs.wait_for_runs(job, agent=one)
    jobs.wait_until_settled(one)
    found = pgadmin.job(job)
    assert (found["jlgstatus"], found["jagagent"], found["jobnextrun"]) == ("s", None, at(pgadmin, "2090-01-03 09:00+00"))
    assert found["joblastrun"] is not None
    assert step_results(pgadmin, job, "one") == [("s", 1)]
    assert step_results(pgadmin, job, "script") == [("s", 0)]
    assert step_results(pgadmin, job, "remote") == [("i", -1)]

    pgadmin.edit_job(job, jsteps={"changed": [{"jstid": pgadmin.step(job, "one"), "jstcode": "SELECT 1/0"}]})
    pgadmin.run_now(job)
    jobs.wait_for_runs(job, 2, one)
    jobs.wait_until_settled(one)
    assert pgadmin.job(job)["jlgstatus"] == "f"
    assert step_results(pgadmin, job, "one") == [("f", -1), ("s", 1)]
    assert [(row["Status"], row["End time"] >= row["Start time"]) for row in pgadmin.send(sent.job_statistics(job))] == [
        ("f", True), ("s", True)]

    held = HeldSql(installed)
    pgadmin.edit_job(job, jsteps={"changed": [{"jstid": pgadmin.step(job, "one"), "jstconntype": True, "jstdbname": installed.name,
                                               "jstcode": held.step["code"]}]})
    pgadmin.run_now(job)
    jobs.wait_for_running(job, one)
    assert pgadmin.job(job)["jagagent"] is not None
    pgadmin.delete_job(job)
    assert pgadmin.send(sent.job_nodes()) == []
    held.release()
    after = pgadmin.create_job(jsteps=[ONE])
    pgadmin.run_now(after)
    assert jobs.wait_for_runs(after, agent=one)[0][0] == "s"


def test_a_running_step_is_deleted(installed, pgadmin, agent):
    """Its history goes with it; the run ends, and the job runs again."""
    one = agent()
    jobs = Jobs(installed)
    held = HeldSql(installed)
    job = pgadmin.create_job(jsteps=[{**ONE, "jstname": "held", "jstdbname": installed.name, "jstcode": held.step["code"]}, SCRIPT])
    pgadmin.run_now(job)
    jobs.wait_for_running(job, one)
    pgadmin.send(sent.delete_step(job, pgadmin.step(job, "held")))
    held.release()
    jobs.wait_for_runs(job, agent=one)
    pgadmin.run_now(job)
    assert jobs.wait_for_runs(job, 2, one)[1][0] == "s"
    jobs.wait_until_settled(one)
    assert step_results(pgadmin, job, "script")[0] == ("s", 0)


ROUNDS = 12


def edit_all_the_time(pgadmin, jobs, rounds):
    """All kinds of edits, one after the other, each with a look as the dialogs do it; every job is asked for in each round."""
    for number in range(rounds):
        for job in jobs:
            found = pgadmin.edit_job(job, jobname=f"round {number}", jobdesc=f"round {number}",
                                     jsteps={"changed": [{"jstid": pgadmin.step(job, "one"), "jstcode": f"SELECT {number}"}]})
            assert found["jobname"].startswith("round")
            pgadmin.run_now(job)
            pgadmin.edit_job(job, jschedules={
                "deleted": [{"jscid": schedule["jscid"]} for schedule in found["jschedules"] if schedule["jscname"] == "later"],
                "changed": [{"jscid": pgadmin.schedule(job, "nine"), "jschours": flags(24, number % 24),
                             "jscexceptions": {"added": [{"jexdate": None, "jextime": f"{number % 24:02}:{number % 59 + 1:02}"}]}}],
                "added": [{**LATER, "jscstart": f"{2091 + number}-01-01 00:00:00 +00:00"}]})
            pgadmin.edit_job(job, jobenabled=number % 2 == 1)
            pgadmin.run_now(job)
            pgadmin.send(sent.job_statistics(job))
        other = pgadmin.create_job(jobname="other", **WHOLE)
        pgadmin.run_now(other)
        pgadmin.delete_job(other)


def test_edits_beside_busy_agents(installed, clicker, agent):
    """Two people edit the same jobs, some every minute due, that two agents claim and close all the time."""
    jobs = Jobs(installed)
    people = [clicker(), clicker()]
    edited = [people[0].create_job(jobname=f"job {number}", jsteps=[{**ONE, "jstdbname": installed.name}], jschedules=[NINE, LATER])
              for number in range(3)]
    agents = [agent("--log-level", "1"), agent("--log-level", "1")]
    problems = []

    def work(person, order):
        try:
            edit_all_the_time(person, order, ROUNDS)
        except Exception as error:  # the main thread says so
            problems.append(error)

    threads = [threading.Thread(target=work, args=(person, order)) for person, order in
               zip(people, (edited, edited[::-1]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []

    asked = {job: only(people[0].send("SELECT now()")) for job in edited}
    for job in edited:
        people[0].run_now(job)
    jobs.wait_until_settled(agents[0])
    wait_until(lambda: not installed.value("SELECT count(*) FROM pgagent.pga_request"), "no wish is left", agents[0])
    jobs.wait_until_settled(agents[0])
    for job in edited:
        found = people[0].job(job)
        assert found["jobname"] == found["jobdesc"] == f"round {ROUNDS - 1}"
        assert found["jsteps"][0]["jstcode"] == f"SELECT {ROUNDS - 1}"
        runs = people[0].send(sent.job_statistics(job, rows=9999))
        assert {run["Status"] for run in runs} == {"s"}
        assert runs[0]["Start time"] >= asked[job]
        assert len(step_results(people[0], job, "one")) >= min(len(runs), 250)
    assert installed.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0, \
        [line for line in installed.cluster.log().split("\n2026") if "eadlock" in line]
    problems = [line for one in agents for line in one.log().splitlines() if "WARNING" in line or "ERROR" in line]
    assert [line for line in problems if 'of job "other" ended' not in line] == []  # those were deleted while they ran

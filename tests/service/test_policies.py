# SPDX-License-Identifier: PostgreSQL
"""What becomes of slots that nobody could run in time (jobmissed, jobgrace) or that come while the job runs (jobbusy)."""
import pathlib
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from harness.holding import HeldSql
from harness.jobs import sql
from harness.waiting import wait_until

QUERIES = pathlib.Path(__file__).parents[2] / "sql" / "query"
NEWEST = "(SELECT at FROM newest)"
SKIPPED = (f"SELECT skpreason, skpslots, extract(epoch FROM skpfrom - {NEWEST})::int / 3600,"
           f" extract(epoch FROM skpto - {NEWEST})::int / 3600, skpdetail FROM pgagent.pga_skipped ORDER BY skpid")


@pytest.fixture(name="newest")
def fixture_newest(installed):
    """The newest slot of hourly jobs, for NEWEST: half an hour ago, so that none comes while a test runs."""
    return installed.value("CREATE TABLE newest AS SELECT date_trunc('minute', now() - interval '30 min') AS at;"
                           "SELECT at AT TIME ZONE 'UTC' FROM newest")


@pytest.fixture(name="hourly")
def fixture_hourly(jobs, installed, newest):
    """hourly(**columns): a job of every hour, whose plan is three hours older than its newest slot; all of them are due."""
    def make(*steps, **columns):
        job = jobs.job("hourly", *(steps or [sql("SELECT 1")]), **columns)
        jobs.schedule(job, minutes=[newest.minute])
        installed.execute_as_agent(
            f"UPDATE pgagent.pga_job SET jobplanned = {NEWEST} - interval '3 h', jobnextrun = {NEWEST} - interval '3 h',"
            f" joblastslot = {NEWEST} - interval '4 h' WHERE jobid = %s", job)
        return job
    return make


def slots(installed):
    """(slot in hours before the newest, trigger, how many it stands for) of each run."""
    return installed.query(
        f"SELECT extract(epoch FROM jlgscheduled - {NEWEST})::int / 3600, jlgtrigger, jlgslots"
        " FROM pgagent.pga_joblog ORDER BY jlgid")


def wait_until_planned_on(installed, job, agent):
    wait_until(lambda: installed.value("SELECT jobnextrun > now() FROM pgagent.pga_job WHERE jobid = %s", job),
               "its plan is in the future", agent)


@pytest.mark.core
def test_missed_once(hourly, agent, installed, jobs):
    job = hourly()
    one = agent()
    jobs.wait_for_runs(job, agent=one)
    assert slots(installed) == [(0, "missed", 4)]
    (reason, count, first, last, detail), = installed.query(SKIPPED)
    assert (reason, count, first, last) == ("missed", 3, -3, -1) and "stands for them" in detail


@pytest.mark.core
@pytest.mark.parametrize("columns, why", [({"jobmissed": "skip", "jobgrace": "0.001 s"}, "grace"),
                                          ({"jobgrace": "0.001 s"}, "grace")], ids=["skip", "grace"])
def test_missed_and_not_run(hourly, agent, installed, jobs, columns, why):
    job = hourly(**columns)
    one = agent()
    wait_until_planned_on(installed, job, one)
    assert slots(installed) == []
    (reason, count, first, last, detail), = installed.query(SKIPPED)
    assert (reason, count, first, last) == ("missed", 4, -3, 0) and why in detail
    jobs.wait_until_settled(one)


@pytest.mark.core
def test_missed_skip_with_a_grace_that_lets_the_newest_run(hourly, agent, installed, jobs):
    job = hourly(jobmissed="skip", jobgrace="90 min")
    one = agent()
    jobs.wait_for_runs(job, agent=one)
    (slot, _, stands_for), = slots(installed)
    assert (slot, stands_for) == (0, 1)
    (reason, count, first, last, detail), = installed.query(SKIPPED)
    assert (reason, count, first, last) == ("missed", 3, -3, -1) and "skipped" in detail


@pytest.mark.core
def test_missed_all(hourly, agent, installed, jobs):
    """Each is run, one after the other, in order."""
    job = hourly(jobmissed="all")
    one = agent()
    jobs.wait_for_runs(job, 4, one)
    wait_until_planned_on(installed, job, one)
    assert [slot[0] for slot in slots(installed)] == [-3, -2, -1, 0]
    assert {slot[2] for slot in slots(installed)} == {1}
    assert installed.query(SKIPPED) == []


def test_missed_all_while_the_first_of_them_runs(hourly, agent, installed, jobs):
    """Those that were missed before the run wait for its end; they are not skipped as busy."""
    held = HeldSql(installed)
    job = hourly(held.step, jobmissed="all")
    one = agent("-t", "1")
    jobs.wait_for_running(job, one)
    looks = installed.value("SELECT count(*) FROM pgagent.pga_joblog")
    installed.execute("NOTIFY pgalmanac")
    other = jobs.job("other", sql("SELECT 1"))
    assert jobs.run(other, one)[0] == "s"  # the agent has looked
    assert looks == 1 and installed.query(SKIPPED) == []
    held.release()
    jobs.wait_for_runs(job, 4, one)
    wait_until_planned_on(installed, job, one)
    assert installed.query(SKIPPED) == []


@pytest.mark.parametrize("policy, runs, skipped", [("all", [(-3, 1), (-1, 1), (0, 1)], []), ("once", [(0, 3)], [("missed", 2)])])
def test_what_was_left_out_was_not_missed(hourly, agent, installed, jobs, policy, runs, skipped):
    job = hourly(jobmissed=policy)
    installed.execute("INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpreason)"
                      f" VALUES (%s, {NEWEST} - interval '2 h', {NEWEST} - interval '2 h', 'skipped')", job)
    one = agent()
    jobs.wait_for_runs(job, len(runs), one)
    wait_until_planned_on(installed, job, one)
    assert [(slot, count) for slot, _, count in slots(installed)] == runs
    assert installed.query("SELECT skpreason, skpslots FROM pgagent.pga_skipped WHERE skpreason <> 'skipped'") == skipped


@pytest.mark.core
def test_a_wish_among_missed_slots(hourly, agent, installed, jobs):
    """It does not wait for all of them: at most one run more than the one that it finds goes before it."""
    held = HeldSql(installed)
    job = hourly(held.step, jobmissed="all")
    one = agent("-t", "300")
    jobs.wait_for_running(job, one)
    jobs.run_now(job)
    held.release()
    jobs.wait_for_runs(job, 5, one)
    assert slots(installed) == [(-3, "missed", 1), (-2, "missed", 1), (None, "manual", 1), (-1, "missed", 1), (0, "missed", 1)]
    assert installed.query(SKIPPED) == []


@pytest.mark.parametrize("waits_since, runs", [("3.5 h", [-3.5, -3, -2, -1, 0]), ("2.5 h", [-3, -2.5, -2, -1, 0])])
def test_a_queued_slot_among_missed_slots(hourly, agent, installed, jobs, waits_since, runs):
    """The oldest goes first, and what a run has passed over goes next."""
    job = hourly(jobmissed="all", jobbusy="queue")
    installed.execute_as_agent("INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqdue, reqtrigger)"
                               f" VALUES ('run', %s, {NEWEST} - %s::interval, 'queue')", job, waits_since)
    jobs.wait_for_runs(job, 5, agent())
    assert [float(hours) for hours, in installed.query(
        f"SELECT extract(epoch FROM jlgscheduled - {NEWEST}) / 3600 FROM pgagent.pga_joblog ORDER BY jlgid")] == runs
    assert installed.query(SKIPPED) == []


def test_a_rule_after_the_last_run_goes_on_after_what_was_missed(installed, jobs, agent, newest):
    """No run ends that it could be counted from."""
    job = jobs.job("ruled", sql("SELECT 1"), jobgrace="1 min")
    jobs.rule(job, "after", rulperiod="1 hour", rulstart="2020-01-01 03:00+00")
    installed.execute_as_agent(
        f"UPDATE pgagent.pga_job SET jobplanned = {NEWEST} - interval '3 h', jobnextrun = {NEWEST} - interval '3 h', jobreplan = false,"
        f" joblastend = {NEWEST} - interval '4 h', joblastslot = {NEWEST} - interval '4 h'")
    one = agent()
    wait_until_planned_on(installed, job, one)
    assert installed.query("SELECT skpreason, skpslots FROM pgagent.pga_skipped") == [("missed", 1)]
    assert installed.value("SELECT jobnextrun BETWEEN skpat + interval '1 hour' AND skpat + interval '61 min'"
                           " FROM pgagent.pga_job, pgagent.pga_skipped")
    assert jobs.runs(job) == []


def test_slots_that_cannot_be_skipped_are_not_looked_at_without_a_pause(hourly, agent, installed):
    """Somebody has their jobs locked, and there are as many as one look lists."""
    for _ in range(20):
        hourly(jobgrace="0.001 s")
    looked = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
    with closing(installed.connect(autocommit=False)) as person:
        person.cursor().execute("SELECT FROM pgagent.pga_job FOR UPDATE")
        one = agent("--max-runs", "10")
        wait_until(lambda: installed.value("SELECT count(*) FROM pgagent.pga_jobagent"), "it is there", one)
        before, asked = installed.value(looked), 0

        def is_renewed(lease):
            nonlocal asked
            asked += 1
            return installed.value("SELECT jaglease FROM pgagent.pga_jobagent") > lease
        for _ in range(2):
            lease = installed.value("SELECT jaglease FROM pgagent.pga_jobagent")
            wait_until(lambda lease=lease: is_renewed(lease), "a heartbeat", one)
        assert installed.value(looked) - before - asked < 1000
        assert installed.query(SKIPPED) == []
    wait_until(lambda: len(installed.query(SKIPPED)) == 20, "they are skipped", one)


@pytest.mark.core
def test_busy_queue(jobs, agent, installed):
    """One slot waits for the run's end, later ones are skipped; each has its run or lies in an episode."""
    one = agent()
    held = HeldSql(installed)
    job = jobs.job("queue", held.step, jobbusy="queue")
    jobs.yearly(job)
    jobs.make_due(job)
    jobs.wait_for_running(job, one)
    jobs.make_due(job)
    wait_until(lambda: installed.value("SELECT count(*) FROM pgagent.pga_request WHERE reqtrigger = 'queue'"),
               "a slot waits", one)
    waiting = installed.value("SELECT reqdue FROM pgagent.pga_request")
    assert installed.query("SELECT FROM pgagent.pga_skipped") == []
    jobs.make_due(job)
    wait_until(lambda: installed.query("SELECT skpreason, skpslots FROM pgagent.pga_skipped") == [("busy", 1)],
               "the next one is skipped", one)
    held.release()
    runs = jobs.wait_for_runs(job, 2, one)
    assert [run[:2] for run in runs[:2]] == [("s", "schedule"), ("s", "queue")]
    assert installed.value("SELECT jlgscheduled FROM pgagent.pga_joblog WHERE jlgtrigger = 'queue'") == waiting


@pytest.mark.core
def test_busy_replace(jobs, agent, installed):
    one = agent("-t", "300")  # nothing of it waits for the next look
    held = HeldSql(installed)
    job = jobs.job("replace", held.step, jobbusy="replace")
    jobs.yearly(job)
    jobs.make_due(job)
    jobs.wait_for_running(job, one)
    jobs.make_due(job)
    status, _, reason, _ = jobs.wait_for_runs(job, 1, one)[0]
    assert status == "d" and "replaced" in reason
    held.release()
    assert jobs.wait_for_runs(job, 2, one)[1][:2] == ("s", "queue")
    wait_until(lambda: installed.query("SELECT count(*) FROM pgagent.pga_request WHERE reqkind = 'cancel'") == [(0,)],
               "no request to cancel is left", one)


def test_a_slot_is_skipped_by_one_agent(jobs, agent, installed):
    """Another has looked before: the next run, that of the slot that waits, is the same afterwards."""
    for name in ("one", "two", "three"):
        agent(name=name)
    held = HeldSql(installed)
    job = jobs.job("queue", held.step, jobbusy="queue")
    jobs.rule(job, "every", rulperiod="0.2 s")
    wait_until(lambda: installed.value("SELECT sum(skpslots) >= 8 FROM pgagent.pga_skipped"), "some are skipped")
    installed.execute("UPDATE pgagent.pga_job SET jobbusy = 'skip', jobenabled = false")
    assert installed.query("SELECT a.skpid, b.skpid FROM pgagent.pga_skipped a JOIN pgagent.pga_skipped b ON a.skpid < b.skpid"
                           " WHERE a.skpfrom <= b.skpto AND b.skpfrom <= a.skpto") == []
    held.release()
    jobs.wait_until_settled()


def test_a_queued_slot_of_a_rule_counts(jobs, agent, installed):
    one = agent()
    held = HeldSql(installed)
    job = jobs.job("counted", held.step, jobbusy="queue")
    rule = jobs.rule(job, "every", rulperiod="0.2 s", rulendcount=3)
    jobs.wait_for_running(job, one)
    wait_until(lambda: installed.value("SELECT count(*) FROM pgagent.pga_request WHERE reqrulid = %s", rule), "one waits", one)
    held.release()
    wait_until(lambda: installed.value("SELECT rulruncount FROM pgagent.pga_rule") == 3, "all have run", one)
    jobs.wait_until_settled(one)
    assert installed.value("SELECT count(*) FROM pgagent.pga_joblog") == 3


@pytest.fixture(name="queued")
def fixture_queued(jobs, agent, installed):
    """(agent, held step, job): the job runs, and the slot of this minute waits for the end of the run."""
    one = agent("-t", "300")
    held = HeldSql(installed)
    job = jobs.job("queue", held.step, jobbusy="queue")
    jobs.yearly(job)
    jobs.make_due(job)
    jobs.wait_for_running(job, one)
    jobs.make_due(job)
    wait_until(lambda: installed.value("SELECT count(*) FROM pgagent.pga_request WHERE reqtrigger = 'queue'"), "a slot waits", one)
    return one, held, job


def test_a_slot_that_has_waited_for_too_long(jobs, installed, queued):
    one, held, job = queued
    due = installed.value("SELECT reqdue FROM pgagent.pga_request")
    installed.execute("UPDATE pgagent.pga_job SET jobgrace = '0.001 s'")
    held.release()
    wait_until(lambda: installed.query("SELECT skpreason, skpslots, skpfrom, skpto FROM pgagent.pga_skipped")
               == [("busy", 1, due, due)], "it is left out", one)
    jobs.wait_until_settled(one)
    assert len(jobs.runs(job)) == 1
    assert installed.value("SELECT count(*) FROM pgagent.pga_request") == 0
    assert installed.value("SELECT jobnextrun > now() FROM pgagent.pga_job")
    assert installed.query("SELECT * FROM pgagent.pga_agentlog") == []


def test_a_slot_waits_when_the_job_is_to_be_replaced_from_now_on(jobs, installed, queued):
    """The next slot cancels the run, although one waits already; that one is run."""
    one, held, job = queued
    due = installed.value("SELECT reqdue FROM pgagent.pga_request")
    installed.execute("UPDATE pgagent.pga_job SET jobbusy = 'replace'")
    jobs.make_due(job)
    status, _, reason, _ = jobs.wait_for_runs(job, 1, one)[0]
    assert status == "d" and "replaced" in reason
    held.release()
    assert jobs.wait_for_runs(job, 2, one)[1][:2] == ("s", "queue")
    assert installed.value("SELECT jlgscheduled FROM pgagent.pga_joblog WHERE jlgtrigger = 'queue'") == due


@pytest.mark.parametrize("busy, triggers", [("skip", ["schedule", "queue"]), ("parallel", ["schedule", "queue"])])
def test_a_slot_waits_when_slots_are_not_queued_any_more(jobs, installed, queued, busy, triggers):
    """It was promised: it is run after the run or beside it."""
    one, held, job = queued
    installed.execute("UPDATE pgagent.pga_job SET jobmaxruns = 2, jobbusy = %s", busy)
    installed.execute("NOTIFY pgalmanac")
    if busy == "parallel":
        wait_until(lambda: len(jobs.runs(job)) == 2, "it runs beside the other", one)
    held.release()
    assert [run[:2] for run in jobs.wait_for_runs(job, 2, one)] == [("s", trigger) for trigger in triggers]


def test_all_rules_count_a_slot_that_waits(jobs, agent, installed):
    one = agent()
    held = HeldSql(installed)
    job = jobs.job("counted", held.step, jobbusy="queue")
    for _ in range(3):
        jobs.rule(job, "every", rulperiod="1 hour", rulstart="2020-01-01 00:00+00")
    wait_until(lambda: not installed.value("SELECT jobreplan FROM pgagent.pga_job"), "it is planned", one)
    for count in (1, 2):
        installed.execute_as_agent("UPDATE pgagent.pga_job SET jobplanned = date_trunc('hour', now()), jobnextrun = date_trunc('hour', now())")
        installed.execute("NOTIFY pgalmanac")
        if count == 1:
            jobs.wait_for_running(job, one)
        else:
            wait_until(lambda: installed.value("SELECT count(*) FROM pgagent.pga_request"), "one waits", one)
    held.release()
    jobs.wait_for_runs(job, 2, one)
    assert installed.query("SELECT rulruncount FROM pgagent.pga_rule") == [(2,)] * 3


def test_a_next_run_that_nothing_asks_for(jobs, agent, installed):
    """Nobody could ever take it: it goes, that is said, and the job is planned."""
    one = agent()
    planned = jobs.job("planned", sql("SELECT 1"))
    jobs.schedule(planned, minutes=[0])
    bare = jobs.job("bare", sql("SELECT 1"))
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobplanned = NULL, jobnextrun = now() - interval '1 h'")
    installed.execute("NOTIFY pgalmanac")
    wait_until(lambda: installed.query("SELECT jobid, jobnextrun > now() FROM pgagent.pga_job ORDER BY 1")
               == [(planned, True), (bare, None)], "they are right again", one)
    assert installed.query("SELECT agljobid, agllevel FROM pgagent.pga_agentlog ORDER BY 1") == [(planned, "warning"), (bare, "warning")]
    assert jobs.runs(planned) + jobs.runs(bare) == []


def test_a_job_is_disabled_while_a_slot_waits(jobs, installed, queued):
    """The slot was due and not claimed yet: it does not run, but not silently."""
    one, held, job = queued
    waiting = installed.value("SELECT reqdue FROM pgagent.pga_request")
    installed.execute("UPDATE pgagent.pga_job SET jobenabled = false")
    assert installed.query("SELECT skpreason, skpslots, skpfrom, skpto FROM pgagent.pga_skipped") == [("disabled", 1, waiting, waiting)]
    held.release()
    jobs.wait_until_settled(one)
    assert jobs.run(jobs.job("other", sql("SELECT 1")), one)[0] == "s"
    assert len(jobs.runs(job)) == 1


# Beside itself

def open_runs(installed, job):
    return installed.value("SELECT count(*) FROM pgagent.pga_joblog WHERE jlgjobid = %s AND jlgstatus = 'r'", job)


@pytest.fixture(name="parallel")
def fixture_parallel(jobs, installed):
    """(job, held step): a job that may run twice at once."""
    held = HeldSql(installed)
    job = jobs.job("parallel", held.step, jobbusy="parallel", jobmaxruns=2)
    jobs.yearly(job)
    return job, held


@pytest.mark.core
def test_busy_parallel(jobs, agent, installed, parallel):
    """Up to so many runs at once; a slot that comes then is skipped, and the last run to end frees the job."""
    job, held = parallel
    one = agent()
    for count in (1, 2):
        jobs.make_due(job)
        wait_until(lambda count=count: open_runs(installed, job) == count, f"{count} run at once", one)
    jobs.make_due(job)
    wait_until(lambda: installed.query("SELECT skpreason, skpslots FROM pgagent.pga_skipped") == [("busy", 1)],
               "the next one is skipped", one)
    jobs.run_now(job)
    held.release()
    jobs.wait_for_runs(job, 3, one)
    jobs.wait_until_settled(one)
    assert [run[1] for run in jobs.runs(job)] == ["schedule", "schedule", "manual"]


@pytest.mark.parametrize("dies", ["the first", "the last"])
def test_parallel_runs_of_two_agents(jobs, agent, installed, parallel, dies):
    """Whichever ends last frees the job, also if the other agent has died or gone meanwhile. Until then somebody has it."""
    job, held = parallel
    one, two = agent(), agent()
    for count, other in ((1, two), (2, one)):
        other.signal(signal.SIGSTOP)
        jobs.make_due(job)
        wait_until(lambda count=count: open_runs(installed, job) == count, f"{count} run at once", one)
        other.signal(signal.SIGCONT)
    assert {name for name, in installed.query("SELECT jlgagent FROM pgagent.pga_joblog")} == {one.name, two.name}
    dead, alive = (one, two) if dies == "the first" else (two, one)
    dead.kill()
    wait_until(lambda: open_runs(installed, job) == 1, "the dead agent's run is closed", alive)
    assert installed.value("SELECT jagname FROM pgagent.pga_job LEFT JOIN pgagent.pga_jobagent ON jagpid = jobagentid") == alive.name
    held.release()
    jobs.wait_until_settled(alive)
    assert sorted(run[0] for run in jobs.runs(job)) == ["d", "s"]


@pytest.mark.parametrize("busy", ["parallel", "skip"])
@pytest.mark.parametrize("end", ["closes", "dies"])
def test_parallel_runs_end_in_the_order_of_their_claims(jobs, agent, installed, parallel, busy, end):
    """The last one frees the job, which another agent has claimed since; also if it is not to run beside itself any more."""
    job, held = parallel
    first, second = agent(), None
    jobs.make_due(job)
    wait_until(lambda: open_runs(installed, job) == 1, "it runs once", first)
    second = agent()
    first.signal(signal.SIGSTOP)
    jobs.make_due(job)
    wait_until(lambda: open_runs(installed, job) == 2, "and once more elsewhere", second)
    installed.execute("UPDATE pgagent.pga_job SET jobbusy = %s", busy)
    held.release()
    wait_until(lambda: open_runs(installed, job) == 1, "the later one has ended", second)
    assert installed.value("SELECT jobagentid IS NOT NULL FROM pgagent.pga_job")
    if end == "dies":
        first.kill()
    else:
        first.signal(signal.SIGCONT)
    jobs.wait_until_settled(second)


def test_parallel_runs_that_end_at_the_same_instant(jobs, installed, parallel):
    """The second close has looked before the first one was committed, and locks after it: one of them frees the job."""
    job, _ = parallel
    text = (QUERIES / "runs_close.sql").read_text(encoding="ascii")
    before = "WHERE j.jobid = $6::int4 FOR NO KEY UPDATE"
    assert before in text
    slow = text.replace(before, "WHERE (SELECT pg_advisory_xact_lock(77) IS NOT NULL) AND j.jobid = $6::int4 FOR NO KEY UPDATE")
    one, two, gate = installed.connect(), installed.connect(), installed.connect()
    runs = []
    for epoch, connection in enumerate((one, two), 1):
        installed.execute("INSERT INTO pgagent.pga_jobagent (jagpid, jagstation, jaguuid, jagepoch) VALUES (%s, '', gen_random_uuid(), %s)",
                          connection.get_backend_pid(), epoch)
        installed.execute_as_agent("UPDATE pgagent.pga_job SET jobagentid = %s", connection.get_backend_pid())
        runs.append(installed.value("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgepoch) VALUES (%s, 'r', %s) RETURNING jlgid",
                                    job, epoch))
        connection.cursor().execute("SET pgalmanac.agent = 'on'")
    gate.cursor().execute("SELECT pg_advisory_lock(77)")
    for connection, statement in ((one, text), (two, slow)):
        connection.cursor().execute("PREPARE close (int8, int8, text, int8, text, int4) AS " + statement)

    def close_run(connection, run, epoch):
        with connection.cursor() as cursor:
            cursor.execute("EXECUTE close (%s, %s, 's', 1, NULL, %s)", (run, epoch, job))
            return cursor.rowcount == 1
    with ThreadPoolExecutor() as pool:
        second = pool.submit(close_run, two, runs[1], 2)
        wait_until(lambda: installed.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"), "it has looked")
        assert close_run(one, runs[0], 1)
        gate.close()
        if not second.result():
            assert close_run(two, runs[1], 2)
    assert installed.query("SELECT jlgstatus FROM pgagent.pga_joblog") == [("s",), ("s",)]
    assert installed.value("SELECT jobagentid FROM pgagent.pga_job") is None
    for connection in (one, two):
        connection.close()


def test_a_pgagent_runs_a_job_that_may_run_beside_itself(jobs, agent, installed, parallel):
    """Its slot stays due while a pgAgent runs it: it is not run once more."""
    job, _ = parallel
    with closing(installed.connect()) as stock:
        installed.execute("INSERT INTO pgagent.pga_jobagent (jagpid, jagstation) VALUES (%s, 'stock')", stock.get_backend_pid())
        jobs.make_due(job)
        stock.cursor().execute("UPDATE pgagent.pga_job SET jobagentid = pg_backend_pid(), joblastrun = now() WHERE jobid = %s", (job,))
        assert installed.value("SELECT jobagentid FROM pgagent.pga_job") == stock.get_backend_pid()
        one = agent()
        assert jobs.run(jobs.job("other", sql("SELECT 1")), one)[0] == "s"
        assert jobs.runs(job) == []

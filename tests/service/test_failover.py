# SPDX-License-Identifier: PostgreSQL
"""A primary goes and its standby is promoted: the agent goes on there by itself, and never writes to the former one."""
import pytest

from harness import Database
from harness.holding import HeldBatch
from harness.jobs import Jobs, sql
from harness.waiting import wait_until

SLOTS = """
    SELECT extract(epoch FROM max(last) - min(first)) + 1, sum(slots) FROM (
        SELECT jlgscheduled - (jlgslots - 1) * interval '1 s', jlgscheduled, jlgslots
        FROM pgagent.pga_joblog WHERE jlgjobid = %(job)s
        UNION ALL
        SELECT skpfrom, skpto, skpslots FROM pgagent.pga_skipped WHERE skpjobid = %(job)s) AS all_slots (first, last, slots)"""
ROWS = "SELECT (SELECT array_agg(a::text ORDER BY 1) FROM pgagent.pga_jobagent a), (SELECT count(*) FROM pgagent.pga_joblog)"


class Pair:
    """A primary and its standby, and the database with the tables, on either."""

    def __init__(self, make_cluster):
        self.one = make_cluster().start()
        self.home = Database.create_installed(self.one)
        self.two = make_cluster(standby_of=self.one).start()
        self.there = Database(self.two, self.home.name)

    def conninfo(self, *order):
        hosts = ",".join(server.host for server in order or (self.one, self.two))
        return f"host={hosts} port={self.one.port} user=postgres dbname={self.home.name}"

    def fail_over(self, mode="fast"):
        self.home.close()
        self.one.stop(mode)
        self.two.promote()
        self.there.close()

    def wait_for_replay(self):
        now = self.home.value("SELECT pg_current_wal_lsn()")
        wait_until(lambda: self.there.value("SELECT pg_last_wal_replay_lsn() >= %s", now), "the standby has followed")

    def stop_replication(self):
        self.there.execute("ALTER SYSTEM SET primary_conninfo = ''")
        self.two.reload()
        wait_until(lambda: not self.there.value("SELECT count(*) FROM pg_stat_wal_receiver"), "the standby hears nothing more")


@pytest.fixture
def pair(make_cluster):
    return Pair(make_cluster)


def test_the_agent_goes_on_where_the_standby_was_promoted(agent, pair, directory, pgalmanac):
    """Slots of the outage follow the missed policy; a script goes on meanwhile; steps find the primary among hosts."""
    jobs = Jobs(pair.home)
    pair.home.execute("CREATE TABLE public.written (at timestamptz DEFAULT now())")
    every = jobs.job("every second", sql("INSERT INTO public.written DEFAULT VALUES", connstr=pair.conninfo(pair.two, pair.one)))
    jobs.rule(every, "every", rulperiod="1 s", rulstart="2026-01-01 00:00+00")
    script = HeldBatch(directory)
    long = jobs.job("long", script.step)
    one = agent("-l", "1", conninfo=pair.conninfo(pair.two, pair.one), database=pair.home)
    assert jobs.wait_for_runs(every, agent=one)[0][0] == "s"
    jobs.run_now(long)
    wait_until(script.has_started, "the script runs", one)
    pair.wait_for_replay()
    for command in ("status", "doctor"):
        assert pgalmanac(command, "-d", pair.there.conninfo).returncode == 0
    last = jobs.runs(every)[-1][3]

    pair.fail_over()
    after = Jobs(pair.there)
    wait_until(lambda: [run for run in after.runs(every) if run[3] > last + 1 and run[0] == "s"], "it runs there", one)
    script.release()
    assert after.wait_for_runs(long, agent=one)[0][0] == "s"
    assert after.steps_of(long)[0][:3] == ("s", 0, "done")
    pair.there.execute("UPDATE pgagent.pga_job SET jobenabled = false WHERE jobid = %s", every)
    after.wait_until_settled(one)
    span, slots = pair.there.query(SLOTS.replace("%(job)s", str(every)))[0]
    assert span == slots, pair.there.query("SELECT * FROM pgagent.pga_history ORDER BY 1 DESC")
    assert one.log().count("control connection lost") == 1

    pair.one.follow(pair.two)  # and the former primary, now a standby, is first to be tried again
    one.signal(1)
    pair.there.execute("SELECT pg_terminate_backend(jagpid) FROM pgagent.pga_jobagent")
    wait_until(lambda: one.log().count("works on") >= 3, "it is back", one)
    assert after.run(after.job("later", sql("SELECT 1")), one)[0] == "s"


def test_a_former_primary_beside_the_promoted_one(agent, pair):
    """Whoever has seen the later timeline writes nothing there."""
    jobs = Jobs(pair.home)
    job = jobs.job("job", sql("SELECT 1"))
    one = agent("-l", "1", conninfo=pair.conninfo(), database=pair.home)
    pair.wait_for_replay()
    pair.fail_over()
    one.wait_until_ready(pair.there)
    after = Jobs(pair.there)
    assert after.run(job, one)[0] == "s"
    pair.there.close()
    pair.two.stop()
    pair.one.start()
    before = pair.home.query(ROWS)
    jobs.run_now(job)
    one.wait_for_log("is a former primary (timeline 1)")
    assert pair.home.query(ROWS) == before
    pair.two.start()
    assert after.run(job, one)[0] == "s"
    assert pair.home.query(ROWS) == before
    assert one.log().count("is a former primary") == 1


def test_claims_that_the_standby_had_not_heard_of(agent, pair, directory):
    """What runs is stopped: the job is free there and may run again. The rest of the old epoch is buried."""
    jobs = Jobs(pair.home)
    lost, known = HeldBatch(directory), HeldBatch(directory)
    lost_job, known_job = jobs.job("lost", lost.step), jobs.job("known", known.step)
    one = agent("-l", "1", "--lease", "3", "--grace", "1", conninfo=pair.conninfo(), database=pair.home)
    jobs.run_now(known_job)
    wait_until(known.has_started, "the script runs", one)
    pair.wait_for_replay()
    pair.stop_replication()
    jobs.run_now(lost_job)
    wait_until(lost.has_started, "the script runs", one)
    pair.fail_over("immediate")
    one.wait_for_log("has 1 runs in hand that this server does not know")
    one.wait_until_ready(pair.there)
    wait_until(lambda: not lost.is_alive() and not known.is_alive(), "both scripts are stopped", one)
    after = Jobs(pair.there)
    assert after.runs(lost_job) == []
    assert after.wait_for_runs(known_job, agent=one)[0][0] == "d"
    after.wait_until_settled(one)
    assert after.run(after.job("new", sql("SELECT 1")), one)[0] == "s"
    assert pair.there.value("SELECT count(*) FROM pgagent.pga_jobagent") == 1


def test_ends_that_the_standby_had_not_heard_of(agent, pair, directory):
    """There the run is open and the job claimed by an agent that lives, but has it in hand no more: nobody else would close it."""
    jobs = Jobs(pair.home)
    script = HeldBatch(directory)
    job = jobs.job("ended", script.step)
    one = agent("-l", "1", "--lease", "3", conninfo=pair.conninfo(), database=pair.home)
    jobs.run_now(job)
    wait_until(script.has_started, "the script runs", one)
    pair.wait_for_replay()
    pair.stop_replication()
    script.release()
    assert jobs.wait_for_runs(job, agent=one)[0][0] == "s"
    pair.fail_over("immediate")
    one.wait_until_ready(pair.there)
    after = Jobs(pair.there)
    status, _, reason, _ = after.wait_for_runs(job, agent=one)[0]
    assert status == "d" and "not known" in reason
    after.wait_until_settled(one)
    assert after.steps_of(job)[0][0] == "d"


def test_a_server_that_is_only_started_again(agent, make_cluster, directory):
    """Nothing that was committed is lost there: a log row that is missing was deleted by somebody. What runs goes on."""
    server = make_cluster().start()
    home = Database.create_installed(server)
    jobs = Jobs(home)
    known, deleted = HeldBatch(directory), HeldBatch(directory)
    kept, dropped = jobs.job("kept", known.step), jobs.job("dropped", deleted.step)
    one = agent("-l", "1", database=home)
    for job, script in ((kept, known), (dropped, deleted)):
        jobs.run_now(job)
        wait_until(script.has_started, "the script runs", one)
    epoch = home.value("SELECT jagepoch FROM pgagent.pga_jobagent")
    home.execute("DELETE FROM pgagent.pga_joblog WHERE jlgjobid = %s", dropped)
    home.close()
    server.stop()
    server.start()
    wait_until(lambda: one.log().count("control connection to") >= 2, "it is back", one)
    for script in (known, deleted):
        assert script.is_alive()
        script.release()
    assert jobs.wait_for_runs(kept, agent=one)[0][0] == "s"
    jobs.wait_until_settled(one)
    assert home.value("SELECT jagepoch FROM pgagent.pga_jobagent") == epoch


def test_uris_with_several_hosts(agent, pair):
    """Whatever they say about the kind of server, the agent's own connections need one that can be written."""
    hosts = ",".join(f"{server.host.replace('/', '%2F')}:{server.port}" for server in (pair.two, pair.one))
    jobs = Jobs(pair.home)
    for attrs in ("any", "read-write", "prefer-standby"):
        uri = f"postgresql://postgres@{hosts}/{pair.home.name}?target_session_attrs={attrs}"
        one = agent("-l", "1", conninfo=uri, database=pair.home)
        assert jobs.run(jobs.job(attrs, sql("CREATE TEMPORARY TABLE here ()")), one)[0] == "s"
        assert one.terminate() == 0
        assert "ERROR" not in one.log() and "WARNING" not in one.log()

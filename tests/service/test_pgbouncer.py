# SPDX-License-Identifier: PostgreSQL
"""Behind pgbouncer: steps run in transaction mode; agents and commands need a server process of their own, and say so."""
import itertools
import os
from contextlib import closing

import psycopg2
import pytest

from harness.jobs import sql
from harness.pgbouncer import PROGRAM, Pgbouncer
from harness.waiting import wait_until

pytestmark = pytest.mark.skipif(not os.path.exists(PROGRAM), reason="pgbouncer is not installed")
REFUSED = "gives each transaction another server process"
SETTINGS = """SELECT current_setting('search_path'), current_setting('statement_timeout'), current_setting('pgalmanac.agent', true),
                     current_setting('client_connection_check_interval', true), current_setting('default_transaction_read_only')"""
numbers = itertools.count(1)


@pytest.fixture
def pgbouncer(cluster, directory):
    made = []

    def make(**settings):
        made.append(Pgbouncer(os.path.join(directory, f"b{next(numbers)}"), cluster, **settings))
        return made[-1]

    yield make
    for one in made:
        one.end()


def settings_of_others(conninfo):
    """What somebody finds who is given the same server process."""
    with closing(psycopg2.connect(conninfo)) as connection, connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        return cursor.fetchall()


def test_steps_in_transaction_mode(agent, jobs, installed, pgbouncer):
    """Nothing is left set for others who get the same server process, nothing of theirs is discarded."""
    pooled = pgbouncer(default_pool_size=1).conninfo(installed.name)
    before = settings_of_others(pooled)
    with closing(psycopg2.connect(pooled)) as other, other.cursor() as cursor:
        other.autocommit = True
        cursor.execute("PREPARE kept AS SELECT 1")
        one = agent("-l", "1")
        job = jobs.job("pooled", sql("CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1; SELECT * FROM t", connstr=pooled),
                       sql("SELECT 2", connstr=pooled))
        for _ in range(3):
            assert jobs.run(job, one)[0] == "s"
        cursor.execute("EXECUTE kept")
    assert settings_of_others(pooled) == before
    long = jobs.job("long", sql("SELECT pg_sleep(300)", connstr=pooled))
    jobs.run_now(long)
    wait_until(lambda: installed.value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%%'"
                                       " AND state = 'active'"), "it runs", one)
    installed.execute("SELECT pgagent.cancel_job('long')")
    assert jobs.wait_for_runs(long, agent=one)[0][0] == "d"
    failed = jobs.job("failed", sql("SELECT 1", connstr=pooled + " options='-c work_mem=1MB'"))
    assert "unsupported startup parameter: options" in jobs.run(failed, one)[2][0][2]
    assert "ERROR" not in one.log()


def test_agents_and_commands_in_transaction_mode(agent, installed, pgbouncer, pgalmanac):
    for settings in ({}, {"server_round_robin": 1, "min_pool_size": 3}):
        pooled = pgbouncer(**settings).conninfo(installed.name)
        before = settings_of_others(pooled)
        one = agent(conninfo=pooled, ready=False)
        assert one.wait() == 3
        assert one.log().count("ERROR") == 1 and REFUSED in one.log() and "pool_mode = session" in one.log()
        for command in ("setup", "status", "doctor"):
            said = pgalmanac(command, "-d", pooled)
            assert said.returncode == 3 and REFUSED in said.stderr
        assert settings_of_others(pooled) == before
    assert installed.value("SELECT count(*) FROM pgagent.pga_jobagent") == 0


def test_agents_and_commands_in_session_mode(agent, installed, jobs, pgbouncer, pgalmanac):
    """That something is to be done is heard there, too: nobody looks again for a long time."""
    pooled = pgbouncer(pool_mode="session").conninfo(installed.name)
    one = agent("-l", "1", "-t", "300", conninfo=pooled)
    jobs.wait_until_settled(one)
    assert jobs.run(jobs.job("works", sql("SELECT 1")), one)[0] == "s"
    assert pgalmanac("status", "-d", pooled).returncode == 0
    assert "ERROR" not in one.log() and "WARNING" not in one.log()

# SPDX-License-Identifier: PostgreSQL
"""Jobs run where their tables were set up, and not in a copy, until setup accepts it."""
import json
from contextlib import closing

import pytest

from harness import Database
from harness.jobs import Jobs, sql

IDENTITY = "SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'identity'"
REFUSED = "are a copy, or were moved"


@pytest.fixture
def home(database, pgalmanac):
    assert pgalmanac("setup", "-d", database.conninfo).returncode == 0
    return database


@pytest.fixture
def copy(home):
    home.close()
    made = Database.create(home.cluster, home.name + "_copy", template=home.name)
    yield made
    made.drop()


@pytest.mark.core
def test_a_copy_runs_nothing_until_it_is_accepted(agent, home, copy, pgalmanac):
    jobs = Jobs(copy)
    job = jobs.job("due", sql("SELECT 1"))
    jobs.run_now(job)
    one = agent(conninfo=copy.conninfo, ready=False)
    assert one.wait() == 3
    assert one.log().count("ERROR") == 1 and REFUSED in one.log() and f'belong to database "{home.name}"' in one.log()

    status = pgalmanac("status", "-d", copy.conninfo)
    assert status.returncode == 0 and REFUSED in status.stderr
    findings = json.loads(pgalmanac("doctor", "--json", "-d", copy.conninfo).stdout)["findings"]
    assert [finding["severity"] for finding in findings if finding["check"] == "home"] == ["error"]
    plain = pgalmanac("setup", "-d", copy.conninfo)
    assert plain.returncode == 3 and "setup --accept" in plain.stderr
    assert copy.value(IDENTITY) == home.value(IDENTITY) and jobs.runs(job) == []

    assert "from now on the jobs run here" in pgalmanac("setup", "--accept", "-d", copy.conninfo).stdout
    assert copy.value(IDENTITY) != home.value(IDENTITY)
    two = agent(database=copy)
    assert jobs.wait_for_runs(job, agent=two)[0][0] == "s"
    assert pgalmanac("status", "-d", copy.conninfo).stderr == ""
    assert pgalmanac("setup", "-d", home.conninfo).returncode == 0


def test_what_the_original_runs_goes_on(agent, home, copy, pgalmanac):
    """Runs that were open when the copy was made are closed there; the processes in their rows are the original's."""
    jobs = Jobs(copy)
    job = jobs.job("copied", sql("SELECT 1"))
    with closing(home.connect()) as step:
        copy.execute("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgepoch) VALUES (%s, 'r', 0)", job)
        copy.execute("INSERT INTO pgagent.pga_jobsteplog (jsljlgid, jsljstid, jslstatus, jslpid, jslpidstart)"
                     " SELECT jlgid, jstid, 'r', pid, backend_start FROM pgagent.pga_joblog, pgagent.pga_jobstep,"
                     " pg_stat_activity WHERE pid = %s", step.get_backend_pid())
        assert pgalmanac("setup", "--accept", "-d", copy.conninfo).returncode == 0
        one = agent(database=copy)
        assert jobs.wait_for_runs(job, agent=one)[0][0] == "d"
        jobs.wait_until_settled(one)
        with step.cursor() as cursor:
            cursor.execute("SELECT 1")


def test_an_agent_that_comes_back_to_a_copy(agent, home, pgalmanac, systemd):
    """It waits, says so once and to systemd, and goes on when the copy is accepted; another system identifier is another server."""
    jobs = Jobs(home)
    one = agent("-l", "1", database=home, environment=systemd.environment)
    one.wait_for_log("works on")  # before that it would end
    home.execute("UPDATE pgagent.pga_setting SET setvalue = '1' || substr(setvalue, strpos(setvalue, '/'))"
                 " WHERE setname = 'identity'")
    job = jobs.job("due", sql("SELECT 1"))
    home.execute("SELECT pg_terminate_backend(jagpid) FROM pgagent.pga_jobagent")
    one.wait_for_log("control connection is of no use, will keep trying")
    assert one.log().count(REFUSED) == 1 and "of another server" in one.log()
    jobs.run_now(job)
    systemd.wait_for("STATUS=waiting: ", REFUSED, agent=one)
    assert jobs.runs(job) == []
    assert pgalmanac("setup", "--accept", "-d", home.conninfo).returncode == 0
    systemd.wait_for("STATUS=0 jobs running", agent=one)
    assert jobs.wait_for_runs(job, agent=one)[0][0] == "s"


def test_where_the_system_identifier_may_not_be_read(agent, home, pgalmanac):
    """Number and name of the database tell; a role that knows less leaves what is known."""
    kept = home.value(IDENTITY)
    home.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
    home.execute("CREATE ROLE plain_owner LOGIN")
    home.execute("GRANT USAGE ON SCHEMA pgagent TO plain_owner")
    home.execute("GRANT ALL ON ALL TABLES IN SCHEMA pgagent TO plain_owner")
    home.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA pgagent TO plain_owner")
    try:
        mine = home.cluster.conninfo(home.name, "plain_owner")
        assert pgalmanac("setup", "-d", mine).returncode == 0
        assert home.value(IDENTITY) == kept
        one = agent(conninfo=mine, database=home)
        assert one.terminate() == 0 and "ERROR" not in one.log()
        home.execute("UPDATE pgagent.pga_setting SET setvalue = '?/' || oid || '/other' FROM pg_database"
                     " WHERE setname = 'identity' AND datname = current_database()")
        assert REFUSED in pgalmanac("setup", "-d", mine).stderr
        assert pgalmanac("setup", "--accept", "-d", mine).returncode == 0
        assert home.value(IDENTITY).startswith("?/") and home.value(IDENTITY).endswith("/" + home.name)
        assert pgalmanac("setup", "-d", home.conninfo).returncode == 0
        assert home.value(IDENTITY) == kept
    finally:
        home.execute("DROP OWNED BY plain_owner")
        home.execute("DROP ROLE plain_owner")

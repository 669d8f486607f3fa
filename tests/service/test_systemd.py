# SPDX-License-Identifier: PostgreSQL
"""What systemd is told. What waits for something else than a server says so in the tests of that: standbys, copies."""
import signal

from harness import Database
from harness.holding import HeldBatch
from harness.jobs import Jobs
from harness.waiting import wait_until

NOWHERE = "host=/nonexistent dbname=x"


def test_it_is_ready_before_the_database_answers(agent, systemd):
    """Then it says what it waits for, and the watchdog hears of it."""
    one = agent(conninfo=NOWHERE, ready=False, environment={**systemd.environment, "WATCHDOG_USEC": "200000"})
    assert systemd.wait_for("", agent=one) == "READY=1"
    systemd.wait_for("WATCHDOG=1", agent=one)
    systemd.wait_for("STATUS=waiting: ", "/nonexistent", agent=one)
    systemd.wait_for("WATCHDOG=1", agent=one)
    one.signal(signal.SIGTERM)
    systemd.wait_for("STOPPING=1", agent=one)
    assert one.wait() == 0


def test_the_status_while_the_database_goes_and_comes(agent, make_cluster, systemd, directory):
    server = make_cluster().start()
    home = Database.create_installed(server)
    jobs = Jobs(home)
    script = HeldBatch(directory)
    job = jobs.job("long", script.step)
    one = agent("-l", "1", database=home, environment=systemd.environment)
    assert systemd.wait_for("", agent=one) == "READY=1"
    systemd.wait_for("STATUS=0 jobs running", agent=one)
    jobs.run_now(job)
    wait_until(script.has_started, "the script runs", one)

    home.close()
    server.stop()
    systemd.wait_for("STATUS=waiting: ", agent=one)
    server.start()
    systemd.wait_for("STATUS=1 jobs running", agent=one)

    one.signal(signal.SIGHUP)
    systemd.wait_for("RELOADING=1\nMONOTONIC_USEC=", agent=one)
    systemd.wait_for("READY=1", agent=one)
    one.signal(signal.SIGTERM)
    systemd.wait_for("STOPPING=1", agent=one)
    script.release()
    assert one.wait() == 0
    assert jobs.wait_for_runs(job)[0][0] == "s"
    assert systemd.told.count("READY=1") == 2 and systemd.told.count("STOPPING=1") == 1

# SPDX-License-Identifier: PostgreSQL
"""jobtimeout and jsttimeout: asked to stop, then ended; 'd' with the reason."""
import pytest

from harness.jobs import batch, sql
from harness.waiting import wait_until


@pytest.mark.core
@pytest.mark.parametrize("kind", [sql("SELECT pg_sleep(300)"), batch("sleep 300")])
def test_a_step_that_takes_too_long(jobs, agent, kind):
    one = agent()
    goes_on = jobs.job("goes on", {**kind, "timeout": "0.2 s", "on_error": "i"}, sql("SELECT 1"))
    status, _, steps = jobs.run(goes_on, one)
    assert (status, [step[0] for step in steps]) == ("s", ["d", "s"])
    assert steps[0][2].splitlines()[-1] == "the step took longer than its time limit of 0.2 s"
    fails = jobs.job("fails", {**kind, "timeout": "0.2 s"}, sql("SELECT 1"))
    status, reason, steps = jobs.run(fails, one)
    assert (status, [step[0] for step in steps]) == ("f", ["d"])
    assert reason == 'step "step 1" failed: the step took longer than its time limit of 0.2 s'


@pytest.mark.core
@pytest.mark.parametrize("kind", [sql("SELECT pg_sleep(300)"), batch("sleep 300")])
def test_a_job_that_takes_too_long(jobs, agent, kind, installed):
    one = agent()
    job = jobs.job("too long", {**kind, "on_error": "i"}, sql("SELECT 1"), jobtimeout="0.2 s")
    status, reason, steps = jobs.run(job, one)
    assert (status, reason) == ("d", "the job took longer than its time limit of 0.2 s")
    assert [step[0] for step in steps] == ["d"]
    wait_until(lambda: not installed.value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%%pg_sleep(300)'"
                                           " AND pid <> pg_backend_pid() AND state = 'active'"), "the server has stopped", one)


def test_a_script_that_does_not_listen(jobs, agent):
    """SIGTERM is ignored, also by its children: they are killed all the same."""
    one = agent()
    job = jobs.job("deaf", batch("trap '' TERM; sh -c 'trap \"\" TERM; sleep 300' & echo $!; wait", timeout="0.2 s"))
    status, _, steps = jobs.run(job, one)
    assert status == "f" and steps[0][0] == "d"
    pid = steps[0][2].splitlines()[0]
    wait_until(lambda: not is_alive(pid), "the child is gone", one)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_sql_that_swallows_the_cancel(jobs, agent):
    one = agent()
    job = jobs.job("deaf", sql("DO $x$ BEGIN LOOP BEGIN PERFORM pg_sleep(1);"
                               " EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $x$", timeout="0.2 s"))
    status, _, steps = jobs.run(job, one)
    assert status == "f" and steps[0][0] == "d"
    assert "time limit" in steps[0][2]

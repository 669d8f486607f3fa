# SPDX-License-Identifier: PostgreSQL
"""Batch steps: scripts as child processes."""
import os
import tempfile

import pytest

from harness.jobs import batch
from harness.users import give_away
from harness.waiting import wait_until


def run_one(jobs, agent, code, **more):
    """(status, result, output) of a step that runs alone."""
    job = jobs.job("one step", batch(code, **more))
    return jobs.run(job, agent)[2][-1][:3]


@pytest.mark.core
def test_output_and_exit_code(jobs, agent):
    one = agent()
    assert run_one(jobs, one, "echo out; echo err >&2") == ("s", 0, "out\nScript Error:\nerr")
    assert run_one(jobs, one, "echo sorry; exit 3") == ("f", 3, "sorry")
    assert run_one(jobs, one, "echo windows\r\nexit 0\r\n") == ("s", 0, "windows")


def test_the_first_line_chooses_the_program(jobs, agent):
    assert run_one(jobs, agent(), "#!/usr/bin/perl\nprint $] > 5 ? 'perl' : '?', qq(\\n);") == ("s", 0, "perl")


def test_a_program_that_is_not_there(jobs, agent):
    status, result, output = run_one(jobs, agent(), "#!/no/such/program\n")
    assert (status, result) == ("f", -1)
    assert output.startswith("ERROR:  could not start step: ") and "does not exist" in output


def test_a_user_who_is_not_there(jobs, agent, installed):
    """Seen before a step needs him: such an agent runs no batch steps."""
    one = agent("--batch-user", "nosuch")
    assert installed.value("SELECT jagbatch FROM pgagent.pga_jobagent") == "off"
    status, _, output = run_one(jobs, one, "echo")
    assert status == "f" and 'there is no user "nosuch" on this machine' in output


def test_a_script_that_is_killed(jobs, agent):
    status, result, output = run_one(jobs, agent(), "echo before; kill -9 $$")
    assert (status, result) == ("f", -1) and output == "before\nthe script was ended by signal 9 (Killed)"


def test_bytes_that_are_not_text(jobs, agent):
    status, _, output = run_one(jobs, agent(), r"printf 'a\377b\000c'")
    assert (status, output) == ("s", "a\ufffdb\ufffdc")


def test_much_output(jobs, agent):
    one = agent("--output-limit", "4096")
    status, _, output = run_one(jobs, one, "seq 1 100000")
    assert status == "s" and len(output.encode()) < 5000 and "bytes left out" in output
    assert output.startswith("1\n2\n") and output.endswith("\n100000")


def test_what_it_finds_about_itself(jobs, agent):
    """A private directory, no secrets, its own session; nothing is left."""
    one = agent(environment={"PGPASSWORD": "geheim", "NOTIFY_SOCKET": "/nowhere", "KEPT": "yes"})
    status, _, output = run_one(
        jobs, one, 'stat -c %a .; pwd; echo "$PGPASSWORD$NOTIFY_SOCKET$KEPT"; [ "$(cut -d" " -f6 /proc/$$/stat)" -eq $$ ] && echo own;'
        'readlink /proc/self/fd/0; ls /proc/self/fd | wc -l; touch left; mkdir d; touch d/left')
    lines = output.splitlines()
    assert status == "s" and lines[0] == "700" and lines[2:5] == ["yes", "own", "/dev/null"]
    assert int(lines[5]) <= 5
    assert os.path.basename(lines[1]).startswith("pgalmanac_")
    wait_until(lambda: not os.path.exists(lines[1]), "its folder is gone", one)


def test_background_children_do_not_hold_up_the_step(jobs, agent):
    one = agent()
    status, _, output = run_one(jobs, one, "sleep 300 & echo $!")
    assert status == "s"
    os.kill(int(output), 9)


def test_scripts_side_by_side_do_not_mix(jobs, agent):
    one = agent()
    made = [jobs.job(f"side {n}", batch(f"for i in 1 2 3 4 5; do echo out{n}; echo err{n} >&2; done")) for n in range(20)]
    for job in made:
        jobs.run_now(job)
    for n, job in enumerate(made):
        jobs.wait_for_runs(job, agent=one)
        assert jobs.steps_of(job)[0][2] == "\n".join([f"out{n}"] * 5 + ["Script Error:"] + [f"err{n}"] * 5)


def test_an_agent_that_runs_no_scripts(jobs, agent, directory):
    scratch = tempfile.mkdtemp(dir=directory)
    give_away(scratch)
    one = agent("--batch", "off", environment={"TMPDIR": scratch})
    status, _, output = run_one(jobs, one, "echo hello")
    assert status == "f" and output == "ERROR:  could not start step: this agent does not run batch steps (--batch off)"
    assert os.listdir(scratch) == []

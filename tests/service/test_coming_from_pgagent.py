# SPDX-License-Identifier: PostgreSQL
"""docs/coming-from-pgagent.md: its commands work in their order, and what it names is there."""
import os
import re
import shlex

from adopting import add_step, make_empty, stock, stock_jobs  # noqa: F401 (fixtures)
from harness.database import TOP
from harness.jobs import Jobs

with open(os.path.join(TOP, "docs", "coming-from-pgagent.md"), encoding="utf-8") as file:
    PAGE = file.read()
COMMANDS = [line for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
            for line in block.splitlines()]
CODE = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL))
FORMER = {"pga_is_leap_year"}  # none of ours


def words_of(command, conninfo):
    return shlex.split(command.replace("$DB", conninfo), comments=True)


def test_the_commands_in_their_order(pgalmanac, agent, stock, stock_jobs):
    job = stock_jobs.job("nightly")
    add_step(stock, job, "SELECT 1")
    stock_jobs.schedule(job, hours=[2], minutes=[30])
    one = None
    ran = []
    for command in COMMANDS:
        words = words_of(command, stock.conninfo)
        assert words[0] == "pgalmanac"
        if words[1] == "-f":
            one = agent(database=stock)
            assert Jobs(stock).run(job, one)[0] == "s"
            continue
        if "--release" in words and "--dry-run" not in words and one:
            one.terminate()
        done = pgalmanac(*words[1:])
        assert done.returncode in ((0, 2) if words[1] == "doctor" else (0,)), (command, done.stderr)
        ran.append(words[1])
    assert one and {"doctor", "setup", "status", "jobs"} <= set(ran)
    assert stock.value("SELECT count(*) FROM information_schema.columns WHERE table_schema = 'pgagent'"
                       " AND column_name = 'jobplanned'") == 0


def test_what_it_names_is_there(pgalmanac, installed):
    words = pgalmanac("--help").stdout
    for command in [code.split() for code in CODE if code.startswith("pgalmanac ")]:
        assert command[1].startswith("-") or f"\n  {command[1]} " in words, command
    names = {name for code in CODE for name in re.findall(r"\bpga_[a-z_]+|(?<=pgagent\.)[a-z_]+", code)} - FORMER
    assert {"pga_rule", "pga_skipped", "why", "cancel_job"} <= names
    for name in names:
        assert installed.value(
            "SELECT (SELECT count(*) FROM pg_class WHERE relname = %s) + (SELECT count(*) FROM pg_proc WHERE proname = %s)",
            name, name), name

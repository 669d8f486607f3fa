# SPDX-License-Identifier: PostgreSQL
"""The examples of the man page and the README give what they show, and their SQL makes rules without a problem."""
import os
import re
import shlex

import pytest

from harness.waiting import wait_until

TOP = os.path.join(os.path.dirname(__file__), "..", "..")
ESCAPES = {r"\(aq": "'", r"\e": "\\", r"\-": "-", r"\&": ""}


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


def unescape(text):
    return re.sub(r"\\(?:\(..|.)", lambda match: ESCAPES[match.group()], text)


def examples_of(blocks):
    """(command, what it prints) of blocks in which each command begins with a dollar sign."""
    for block in blocks:
        for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = example.partition("\n")
            yield command, shown


MANUAL = re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", read("man", "pgalmanac-schedules.7"), re.MULTILINE | re.DOTALL)
README = re.findall(r"^```\n(.*?)^```$", read("README.md"), re.MULTILINE | re.DOTALL)
SQL = [*filter(re.compile("INSERT").match, map(unescape, MANUAL)),
       *re.findall(r"^```sql\n(.*?)^```$", read("README.md"), re.MULTILINE | re.DOTALL)]
EXAMPLES = [*examples_of(map(unescape, MANUAL)), *examples_of(README)]


def test_there_are_examples():
    assert len(EXAMPLES) >= 15 and len(SQL) == 3


@pytest.mark.parametrize("command, shown", EXAMPLES, ids=[command for command, _ in EXAMPLES])
def test_example(pgalmanac, command, shown):
    words = shlex.split(command)
    assert words[:2] == ["pgalmanac", "next"] and "--from" in words and "--zone" in words
    done = pgalmanac(*words[1:])
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout == shown


@pytest.mark.parametrize("statements", SQL)
def test_sql(jobs, agent, installed, statements):
    agent()
    job = jobs.job("nightly")
    installed.execute(statements)
    wait_until(lambda: not installed.value("SELECT jobreplan FROM pgagent.pga_job WHERE jobid = %s", job), "the job is planned")
    rules, problems, texts = installed.query("SELECT count(*), count(rulproblem), count(rultext) FROM pgagent.pga_rule")[0]
    assert rules == statements.count("INSERT") and problems == 0
    plan = installed.value("SELECT jobplanned AT TIME ZONE setvalue FROM pgagent.pga_job, pgagent.pga_setting"
                           " WHERE setname = 'timezone' AND jobid = %s", job)
    assert (plan is not None and plan.strftime("%H:%M") == "02:30" and plan.weekday() < 5) if texts else plan is None

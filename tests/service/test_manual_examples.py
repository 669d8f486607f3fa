# SPDX-License-Identifier: PostgreSQL
"""The examples of the man page and the README give what they show, and their SQL and comments make rules without a problem."""
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
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", read("README.md"), re.MULTILINE | re.DOTALL)
README = [text for language, text in BLOCKS if not language]
SQL = [*filter(re.compile("INSERT").match, map(unescape, MANUAL)),
       *(text for language, text in BLOCKS if language == "sql")]
COMMENTS = [block for block in [*map(unescape, MANUAL), *README] if re.search("^@rule ", block, re.MULTILINE)]
EXAMPLES = [*examples_of(map(unescape, MANUAL)), *examples_of(README)]


def test_there_are_examples():
    assert len(EXAMPLES) >= 15 and len(SQL) == 3 and len(COMMENTS) == 2


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


@pytest.mark.parametrize("comment", COMMENTS)
def test_comments(jobs, agent, installed, comment):
    agent()
    job = jobs.job("nightly", jobdesc=comment)
    wait_until(lambda: not installed.value("SELECT jobreplan FROM pgagent.pga_job WHERE jobid = %s", job), "the job is planned")
    rules = installed.query("SELECT ruldesc, rulproblem FROM pgagent.pga_rule ORDER BY rulid")
    assert rules == [(line, None) for line in comment.splitlines() if re.match("@(rule|except) ", line)]
    zone, limit, plan = installed.query("SELECT jobtimezone, jobtimeout::text, jobplanned FROM pgagent.pga_job")[0]
    assert (zone, limit) == ("Europe/Berlin", "00:10:00") and plan is not None

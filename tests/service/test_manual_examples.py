# SPDX-License-Identifier: PostgreSQL
"""The examples of the man page and the README give what they show."""
import os
import re
import shlex

import pytest

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
EXAMPLES = [*examples_of(map(unescape, MANUAL)), *examples_of(README)]


def test_there_are_examples():
    assert len(EXAMPLES) >= 15


@pytest.mark.parametrize("command, shown", EXAMPLES, ids=[command for command, _ in EXAMPLES])
def test_example(pgalmanac, command, shown):
    words = shlex.split(command)
    assert words[:2] == ["pgalmanac", "next"] and "--from" in words and "--zone" in words
    done = pgalmanac(*words[1:])
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout == shown

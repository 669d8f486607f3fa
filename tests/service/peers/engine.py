# SPDX-License-Identifier: PostgreSQL
"""What our engine says, asked through tests/tools/next-slots; and how two answers are compared."""
import os
import subprocess
from collections import namedtuple
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

BUILD = os.environ.get("PGALMANAC_BUILDDIR") or os.path.join(os.path.dirname(__file__), "..", "..", "..")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)
FOREVER = datetime.max
# Rules are compared in labels: the peers know no zones, so days on which the clocks change are left out.
STEADY_ZONES = ["Asia/Tokyo", "Asia/Kolkata", "America/Phoenix", "Pacific/Kiritimati"]
CHANGING_ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago"]

# slots: labels of the question's zone, in order, no more than were wanted. until: the label up to which (inclusive) there
# are no others. error: None, or why there is no answer.
Answer = namedtuple("Answer", "slots until error")


def tool_line(dialect, zone, after, wanted, rule):
    written = rule.replace("\n", "\\n")
    return f"{dialect}\t{zone}\t{after.isoformat()}\t{wanted}\t{written}"


def known_until(slots, wanted, otherwise):
    """Who has found as many as were wanted has looked no further."""
    return slots[-1] if len(slots) >= wanted else otherwise


def read_answer(line, zone, wanted):
    if line.startswith("error:"):
        return Answer([], FOREVER, line)
    local = ZoneInfo(zone)
    instants = [int(word) for word in line.split() if word not in ("never", "beyond")]
    slots = [(EPOCH + at * MICROSECOND).astimezone(local).replace(tzinfo=None) for at in instants]
    return Answer(slots, known_until(slots, wanted, FOREVER), None)


def ask_engine(questions):
    """questions: (dialect, zone, after, wanted, rule) each, `after` being a label of the zone."""
    done = subprocess.run([os.path.join(BUILD, "tests", "tools", "next-slots")],
                          input="".join(tool_line(*question) + "\n" for question in questions),
                          stdout=subprocess.PIPE, text=True, check=True, timeout=250)
    answers = done.stdout.splitlines()
    assert len(answers) == len(questions)
    return [read_answer(line, zone, wanted)
            for line, (_, zone, _, wanted, _) in zip(answers, questions)]


@lru_cache(maxsize=100000)
def is_near_change(zone, day):
    """Whether the clocks change within a day of it. What labels mean there is no matter of the rule."""
    local = ZoneInfo(zone)
    begin = datetime(day.year, day.month, day.day)
    return len({(begin + n * DAY).replace(tzinfo=local).utcoffset() for n in (-1, 0, 1, 2)}) > 1


def differs(zone, ours, theirs, is_left_out=lambda label: False):
    """None if two answers agree as far as both have looked, else what each of them has. Labels close to a change of the
    clocks are left out, and those that is_left_out says."""
    if ours.error or theirs.error:
        return (ours.error, theirs.error) if bool(ours.error) != bool(theirs.error) else None
    until = min(ours.until, theirs.until)
    a, b = ([label for label in answer.slots
             if label <= until and not is_near_change(zone, label.date()) and not is_left_out(label)]
            for answer in (ours, theirs))
    return None if a == b else (a, b)

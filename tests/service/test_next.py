# SPDX-License-Identifier: PostgreSQL
"""pgalmanac next: rules in, instants out. Needs no server."""
import json
import re
import subprocess
from datetime import datetime, timedelta, timezone

import pytest

FROM = ["--zone", "Europe/Berlin", "--from", "2026-03-27T12:00"]
UTC = ["--zone", "UTC", "--from", "2026-01-01T00:00"]


@pytest.fixture
def ask(pgalmanac):
    """The lines that --format tsv gives; nothing may go wrong."""
    def run(*words, zone="UTC", **more):
        done = pgalmanac("next", "--format", "tsv", "--zone", zone, *words, **more)
        assert done.returncode == 0 and done.stderr == ""
        return done.stdout.splitlines()

    return run


# ---- Formats ----

def test_text(pgalmanac):
    done = pgalmanac("next", *FROM, "--count", "3", "30 2 * * *")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout == """\
rule: 30 2 * * *
Sat 2026-03-28 02:30:00+01:00 Europe/Berlin  2026-03-28 01:30:00 UTC
Sun 2026-03-29 03:30:00+02:00 Europe/Berlin  2026-03-29 01:30:00 UTC  02:30 does not exist then
Mon 2026-03-30 02:30:00+02:00 Europe/Berlin  2026-03-30 00:30:00 UTC
"""


def test_text_of_several_lines_and_fractions(pgalmanac):
    done = pgalmanac("next", *UTC, "DTSTART:20260101T090000\\nRRULE:FREQ=DAILY;COUNT=1")
    assert done.stdout == """\
rule: DTSTART:20260101T090000
      RRULE:FREQ=DAILY;COUNT=1
Thu 2026-01-01 09:00:00+00:00 UTC  2026-01-01 09:00:00 UTC
why: that was the last one
never
"""
    done = pgalmanac("next", *UTC, "--count", "2", "@every 1.5s")
    assert done.stdout.splitlines()[1:] == [
        "Thu 2026-01-01 00:00:01.500000+00:00 UTC  2026-01-01 00:00:01.500000 UTC",
        "Thu 2026-01-01 00:00:03+00:00        UTC  2026-01-01 00:00:03        UTC"]


def test_gap_in_the_zone_of_the_rule(pgalmanac):
    rule = "DTSTART;TZID=America/New_York:20260308T023000\\nRRULE:FREQ=DAILY"
    done = pgalmanac("next", "--zone", "UTC", "--from", "2026-03-08T00:00", "--count", "1", rule)
    assert done.stdout.splitlines()[-1].endswith("  02:30 in America/New_York does not exist then")


def test_tsv(ask):
    assert ask("--from", "2026-10-25T01:45", "--count", "4", "*/30 * * * *", zone="Europe/Berlin") == [
        "2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00",
        "2026-10-25T02:30:00+01:00"]
    assert len(ask("--from", "2026-01-01T00:00", "@daily")) == 10


def test_json(pgalmanac):
    done = pgalmanac("next", *FROM, "--count", "2", "--format", "json", "30 2 29 * *")
    assert json.loads(done.stdout) == {
        "rule": "30 2 29 * *", "zone": "Europe/Berlin", "from": "2026-03-27T12:00:00+01:00", "end": None, "reason": None,
        "slots": [
            {"local": "2026-03-29T03:30:00+02:00", "utc": "2026-03-29T01:30:00Z", "label": "2026-03-29 02:30 Europe/Berlin"},
            {"local": "2026-04-29T02:30:00+02:00", "utc": "2026-04-29T00:30:00Z", "label": "2026-04-29 02:30 Europe/Berlin"}]}
    done = pgalmanac("next", *FROM, "--format", "json", "RRULE:FREQ=DAILY;COUNT=1\\nDTSTART:20200101T000000")
    answer = json.loads(done.stdout)
    assert answer["slots"] == [] and answer["end"] == "never"
    assert answer["rule"] == "DTSTART:20200101T000000\nRRULE:FREQ=DAILY;COUNT=1"


# ---- When nothing more comes ----

@pytest.mark.parametrize("rule, slots, end, reason", [
    ("0 9 30 2 *", 0, "never", "why: no date fits"),
    ("kind=daily start=2020-01-01T09:00 end=2025-01-01T00:00", 0, "never", "why: its end has passed"),
    ("kind=once start=2020-01-01T09:00", 0, "never", "why: it has no slot after that instant"),
    ("kind=daily start=2026-01-01T09:00 count=3", 3, "never", "why: that was the last one"),
    ("kind=once start=2026-01-31T09:00 end=9999-12-31T23:59:59", 1, "never", "why: that was the last one"),
    ("kind=daily start=9999-12-30T09:00", 2, "beyond", "why: none was found up to the end of year 9999"),
])
def test_end(pgalmanac, ask, rule, slots, end, reason):
    lines = ask("--from", "2026-01-01T00:00", rule)
    assert len(lines) == slots + 1 and lines[-1] == end
    text = pgalmanac("next", *UTC, rule).stdout.splitlines()
    assert len(text) == slots + 3 and text[-2].startswith(reason) and text[-1] == end
    answer = json.loads(pgalmanac("next", *UTC, "--format", "json", rule).stdout)
    assert answer["end"] == end and answer["reason"] and len(answer["slots"]) == slots


@pytest.mark.parametrize("rule, words", [
    ("@after 90 min", "runs 90min after its last run has ended"),
    ("@reboot", "runs once at each start of an agent"),
])
def test_no_slots(pgalmanac, ask, rule, words):
    done = pgalmanac("next", *UTC, rule)
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == words
    assert ask(rule) == []
    answer = json.loads(pgalmanac("next", "--format", "json", rule).stdout)
    assert answer["slots"] == [] and answer["end"] == "event" and answer["reason"] == words


# ---- Where it begins ----

def test_default_is_now(ask):
    before = datetime.now(timezone.utc)
    answers = ask("--count", "2", "* * * * * *")
    first, second = map(datetime.fromisoformat, answers)
    assert before < first < datetime.now(timezone.utc) + timedelta(seconds=2)
    assert second - first == timedelta(seconds=1)


def test_from(ask):
    assert ask("--from", "2026-01-31T09:00+02:00", "--count", "1", "0 * * * *") == ["2026-01-31T08:00:00+00:00"]
    assert ask("--from", "2026-01-31 09:00", "--count", "1", "0 9 * * *", zone="Asia/Tokyo") == ["2026-02-01T09:00:00+09:00"]
    # Strictly after, to the microsecond.
    assert ask("--from", "2026-01-31T08:59:59.999999", "--count", "1", "0 9 * * *") == ["2026-01-31T09:00:00+00:00"]


def test_start_is_from(ask):
    assert ask("--from", "2026-01-31T09:00:30.7", "--count", "2", "RRULE:FREQ=DAILY") == [
        "2026-02-01T09:00:30+00:00", "2026-02-02T09:00:30+00:00"]
    assert ask("--from", "2026-01-31T09:00", "--count", "1", "kind=weekly") == ["2026-02-07T09:00:00+00:00"]
    assert ask("--from", "2026-01-31T09:00", "--count", "1", "@every 90min") == ["2026-01-31T10:30:00+00:00"]


def test_system_zone(pgalmanac):
    def zone(**environment):
        done = pgalmanac("next", "--format", "json", "@daily", environment=environment)
        return json.loads(done.stdout)["zone"]

    assert zone(TZ="Asia/Tokyo") == "Asia/Tokyo"
    assert zone(TZ=":Europe/Berlin") == "Europe/Berlin"
    assert zone(TZ="JST-9") == zone(TZ="")


# ---- Words ----

def test_words_are_joined(ask):
    words = ["kind=monthly", "start=2026-01-31T09:00", "every=1", "monthdays=31,-1"]
    expected = ["2026-01-31T09:00:00+00:00", "2026-02-28T09:00:00+00:00"]
    options = ["--from", "2026-01-01T00:00", "--count", "2"]
    assert ask(*options, *words) == ask(*options, " ".join(words)) == ask(*options, "--", *words) == expected
    assert ask(*words, *options) == expected
    assert ask(*options, "30", "2", "*", "*", "mon") == ["2026-01-05T02:30:00+00:00", "2026-01-12T02:30:00+00:00"]


def test_line_feeds(ask):
    options = ["--from", "2026-01-01T00:00", "--count", "1"]
    lines = ["DTSTART:20260131T090000", "RRULE:FREQ=DAILY"]
    assert ask(*options, "\n".join(lines)) == ask(*options, "\\n".join(lines)) == ["2026-01-31T09:00:00+00:00"]


def test_dialect(ask, pgalmanac):
    assert ask("--dialect", "ical", "--from", "2026-01-01T00:00", "--count", "1", "FREQ=DAILY") == ["2026-01-02T00:00:00+00:00"]
    assert pgalmanac("next", "--dialect", "cron", "FREQ=DAILY").returncode == 2
    assert pgalmanac("next", "--dialect", "typed", "30 2 * * *").returncode == 2


def test_day_fields(ask, pgalmanac):
    def days(*options):
        return [line[:10] for line in ask("--from", "2026-03-27T12:00", "--count", "3", *options, "0 0 13 * 5")]

    assert days() == days("--dom-dow", "or") == ["2026-04-03", "2026-04-10", "2026-04-13"]
    assert days("--dom-dow", "and") == ["2026-11-13", "2027-08-13", "2028-10-13"]
    done = pgalmanac("next", *UTC, "--dom-dow", "and", "0 0 13 * 5")
    assert done.stdout.splitlines()[0] == "rule: 0 0 13 * 5  (both day fields have to fit)"


def test_help(pgalmanac):
    done = pgalmanac("next", "--help")
    assert done.returncode == 0
    for option in ["--zone", "--from", "--count", "--dialect", "--dom-dow", "--calendar", "--format"]:
        assert option + "=" in done.stdout


# ---- What is wrong ----

@pytest.mark.parametrize("words, message", [
    ([], "there is no rule; pgalmanac next --help shows some"),
    (["--"], "there is no rule"),
    (["--nonsense", "@daily"], "--nonsense"),
    (["--count", "0", "@daily"], "option --count: numbers from 1 to 1000000 are allowed"),
    (["--count", "many", "@daily"], "many"),
    (["--format", "xml", "@daily"], 'option --format: "xml" is not allowed: text, tsv and json are'),
    (["--dialect", "systemd", "@daily"], 'option --dialect: "systemd" is not allowed'),
    (["--dom-dow", "xor", "@daily"], 'option --dom-dow: "xor" is not allowed: and, or are'),
    (["--dom-dow", "and", "RRULE:FREQ=DAILY"], "--dom-dow is for cron text only"),
    (["--from", "yesterday", "@daily"], 'option --from: "yesterday" is no date and time'),
])
def test_wrong_options(pgalmanac, words, message):
    done = pgalmanac("next", *words)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("pgalmanac next: ") and message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("words, message", [
    (["--zone", "Europe/Atlantis", "@daily"], 'time zone "Europe/Atlantis" does not exist'),
    (["--zone", "../etc/passwd", "@daily"], 'time zone "../etc/passwd" does not exist'),
    (["--dialect", "quartz", "0 0 9 ? * MON"], "cannot read the cron text of Quartz yet"),
    (["--calendar", "x.ics:exclude", "@daily"], "cannot read calendar files yet"),
])
def test_refused(pgalmanac, words, message):
    done = pgalmanac("next", *words)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("pgalmanac next: ") and message in done.stderr


@pytest.mark.parametrize("rule, shown", [
    ("0 25 * * *", ["0 25 * * *", "  ^^"]),
    ("0\t25 * * *", ["0\t25 * * *", " \t^^"]),
    ("kind=daily every=0", ["kind=daily every=0", "                 ^"]),
    ("kind=weekly weekdays=mön,8", ["kind=weekly weekdays=mön,8", "                     ^^^"]),
    ("kind=weekly\tweekdays=", ["kind=weekly\tweekdays=", "           \t         ^"]),
    ("kind=every", ["kind=every", "          ^"]),
    ("@every soon", ["@every soon", "       ^^^^"]),
    ("FREQ=DAILY;BYHOUR=25", ["FREQ=DAILY;BYHOUR=25", "                  ^^"]),
    ("DTSTART:20260101T090000\nRRULE:FREQ=DAILY;BYHOUR=25\nEXDATE:20260101T090000",
     ["RRULE:FREQ=DAILY;BYHOUR=25", "                        ^^"]),
    ("DTSTART;TZID=Europe/Atlantis:20260101T090000",
     ["DTSTART;TZID=Europe/Atlantis:20260101T090000", "             ^^^^^^^^^^^^^^^"]),
])
def test_caret(pgalmanac, rule, shown):
    done = pgalmanac("next", *UTC, rule)
    assert done.returncode == 2 and done.stdout == ""
    lines = done.stderr.split("\n")
    assert re.match("pgalmanac next: .", lines[0])
    assert lines[1:] == ["    " + shown[0], "    " + shown[1], ""]


def test_rule_that_is_no_text(program):
    done = subprocess.run([program, "next", b"30 2 * * \xff"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert done.returncode == 2 and b"the rule is not UTF-8 text" in done.stderr


def test_answer_that_cannot_be_written(program):
    with open("/dev/full", "w") as full:
        done = subprocess.run([program, "next", "@daily"], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 3 and b"could not write the answer: No space left" in done.stderr

# SPDX-License-Identifier: PostgreSQL
"""Our calendar against engines that nobody here wrote: python-dateutil for iCalendar text, croniter for cron text, Python's
own week numbers.

Rules are random; the seed is printed. PGALMANAC_SEED=n repeats a run, PGALMANAC_PEER_RULES=n says how many rules there
are of each language. What differs is made as small as possible before it is shown. Where the peers are wrong, or we differ
on purpose, peers/ says so in one place each, and DECISIONS below holds our answer."""
import os
import random
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from functools import lru_cache

import pytest

from harness.chance import choose_seed
from peers import cron_texts, croniter_peer, dateutil_peer, ical_texts
from peers.engine import ask_engine, differs
from peers.shrinking import shrink

SEED = choose_seed()
N_RULES = int(os.environ.get("PGALMANAC_PEER_RULES", "2000"))
N_SHOWN = 5


# ---- Random rules ----

def ical_difference(question, ours):
    theirs = dateutil_peer.ask_dateutil(question)
    return differs(question.zone, ours, theirs, dateutil_peer.is_wrong_about(question))


def cron_difference(question, ours):
    if croniter_peer.is_wrong_about(question):
        return None
    return differs(question.zone, ours, croniter_peer.ask_croniter(question))


def kind_of(difference):
    """While a case is made smaller it has to stay what it is: a wrong answer, or an error."""
    if not difference:
        return "none"
    return difference[0] if isinstance(difference[0], str) else "slots"


def shown(language, find_difference, question):
    def difference_of(candidate):
        return find_difference(candidate, ask_engine([language.engine_question(candidate)])[0])

    def kind_of_candidate(candidate):
        try:
            return kind_of(difference_of(candidate))
        except Exception:  # The peer cannot be asked everything.
            return None

    kind = kind_of(difference_of(question))
    small = shrink(question, language.simpler, lambda candidate: kind_of_candidate(candidate) == kind)
    ours, theirs = difference_of(small)
    return (f"{language.text_of(small)}\n  of {language.text_of(question)!r}\n"
            f"  {language.engine_question(small)[:2]} after {small.after}\n  ours    {say(ours)}\n  theirs  {say(theirs)}")


def say(answer):
    return ", ".join(map(str, answer)) if isinstance(answer, list) else answer


def compare(language, find_difference):
    chance = random.Random(SEED)
    print(f"seed {SEED}")
    questions = [language.question_by_chance(chance) for _ in range(N_RULES)]
    answers = ask_engine([language.engine_question(question) for question in questions])
    failed = []
    for question, ours in zip(questions, answers):
        try:
            if find_difference(question, ours):
                failed.append(question)
        except Exception as error:
            raise AssertionError(f"with seed {SEED} the peer cannot be asked {language.engine_question(question)}") from error
    report = "\n".join(shown(language, find_difference, question) for question in failed[:N_SHOWN])
    assert not failed, f"with seed {SEED} {len(failed)} of {N_RULES} differ, among them\n{report}"
    # Comparing nothing with nothing would prove little.
    assert sum(bool(ours.slots) for ours in answers) > N_RULES // 2


def test_ical_rules_as_dateutil():
    compare(ical_texts, ical_difference)


def test_cron_rules_as_croniter():
    compare(cron_texts, cron_difference)


def test_croniter_is_mostly_asked():
    chance = random.Random(SEED)
    reasons = Counter(croniter_peer.is_wrong_about(cron_texts.question_by_chance(chance)) for _ in range(500))
    print(f"seed {SEED}: {reasons}")
    assert reasons[None] > 250


# ---- Weeks ----

@lru_cache(maxsize=None)
def days_of_weeks():
    """The days of each week of the year, by its number and by its negative one, in a whole cycle of the calendar."""
    found = defaultdict(list)
    for n in range(146097):
        day = date(2000, 1, 1) + timedelta(days=n)
        year, number, _ = day.isocalendar()
        found[number].append(day)
        found[number - 1 - weeks_in(year)].append(day)
    return found


@lru_cache(maxsize=None)
def weeks_in(year):
    return date(year, 12, 28).isocalendar()[1]


@pytest.mark.parametrize("week", [*range(1, 54), *range(-53, 0)])
def test_weeks_as_python(week):
    """dateutil has some of those at the edges of years wrong: 400 years of ISO 8601 by Python's own date."""
    rule = f"DTSTART:20000101T000000\nRRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYWEEKNO={week}"
    answer, = ask_engine([("ical", "UTC", datetime(1999, 12, 31), 2900, rule)])
    assert [slot.date() for slot in answer.slots if slot.year < 2400] == days_of_weeks()[week]


# ---- What we decided ----

# What it is; dialect; from; rule; how many slots are asked for; the slots, as far as there are any.
DECISIONS = [
    ("numbered and plain weekdays are a union; dateutil wants both at once",
     "ical", "2026-01-01", "DTSTART:20260101T090000\nRRULE:FREQ=MONTHLY;BYDAY=1MO,WE",
     "2026-01-05 09:00, 2026-01-07 09:00, 2026-01-14 09:00, 2026-01-21 09:00"),
    ("weeks without a weekday: that of DTSTART; dateutil takes all seven",
     "ical", "2026-01-01", "DTSTART:20260101T090000\nRRULE:FREQ=YEARLY;BYWEEKNO=20,21",
     "2026-05-14 09:00, 2026-05-21 09:00, 2027-05-20 09:00"),
    ("weekly positions count in the whole week of DTSTART; dateutil begins with DTSTART",
     "ical", "2026-01-01", "DTSTART:20260107T090000\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2",
     "2026-01-07 09:00, 2026-01-14 09:00"),
    ("a weekly position that lies before DTSTART",
     "ical", "2026-01-01", "DTSTART:20260107T090000\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1;COUNT=2",
     "2026-01-12 09:00, 2026-01-19 09:00, none"),
    ("a whole day as UNTIL; dateutil takes its midnight",
     "ical", "2026-01-01", "DTSTART:20260101T090000\nRRULE:FREQ=DAILY;UNTIL=20260102",
     "2026-01-01 09:00, 2026-01-02 09:00, none"),
    ("second 60 is accepted and never comes; dateutil fails",
     "ical", "2026-01-01", "DTSTART:20260101T090000\nRRULE:FREQ=MINUTELY;BYSECOND=60,30",
     "2026-01-01 09:00:30, 2026-01-01 09:01:30"),
    ("DTSTART does not fit: it is no slot and does not count",
     "ical", "2026-01-01", "DTSTART:20260101T090000\nRRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=2",
     "2026-01-05 09:00, 2026-01-12 09:00, none"),
    ("COUNT counts what EXDATE hides",
     "ical", "2026-01-01", "DTSTART:20260101T090000\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20260102T090000",
     "2026-01-01 09:00, 2026-01-03 09:00, none"),
    ("without a rule DTSTART is a slot",
     "ical", "2026-01-01", "DTSTART:20260101T090000\nRDATE:20260105T100000",
     "2026-01-01 09:00, 2026-01-05 10:00, none"),
    ("RDATE before DTSTART",
     "ical", "2025-12-01", "DTSTART:20260101T090000\nRRULE:FREQ=YEARLY\nRDATE:20251224T100000",
     "2025-12-24 10:00, 2026-01-01 09:00"),
    ("an interval counts calendar years, not those of weeks, as in dateutil",
     "ical", "2024-12-01", "DTSTART:20240101T000000\nRRULE:FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1;BYDAY=MO,TU,WE,TH",
     "2024-12-30 00:00, 2024-12-31 00:00, 2026-01-01 00:00, 2028-01-03 00:00, 2028-01-04 00:00, 2028-01-05 00:00, 2028-01-06 00:00"),
    ("week 1 from the end of its year begins in December; dateutil misses those days",
     "ical", "2024-12-28", "DTSTART:20240101T000000\nRRULE:FREQ=YEARLY;BYWEEKNO=-52;BYDAY=MO,TU,WE",
     "2024-12-30 00:00, 2024-12-31 00:00, 2025-01-01 00:00, 2026-01-05 00:00"),
    ("week 52 of the year before; dateutil takes the wrong year's length",
     "ical", "2044-12-30T12:00", "DTSTART:20240101T000000\nRRULE:FREQ=YEARLY;BYWEEKNO=52;BYDAY=FR,SA,SU",
     "2044-12-31 00:00, 2045-01-01 00:00, 2045-12-29 00:00, 2045-12-30 00:00"),
    ("a position that is in no period",
     "ical", "2026-01-01", "DTSTART:20260101T090000\nRRULE:FREQ=HOURLY;BYMINUTE=0,30;BYSETPOS=3",
     "none"),
    ("steps of weekdays end on Saturday; croniter goes on to Sunday",
     "cron", "2026-01-04T12:00", "0 0 * * 4/3",
     "2026-01-08 00:00, 2026-01-15 00:00"),
    ("steps of weekdays from 7 begin on Sunday",
     "cron", "2026-01-03T12:00", "0 0 * * 7/3",
     "2026-01-04 00:00, 2026-01-07 00:00, 2026-01-10 00:00, 2026-01-11 00:00"),
    ("every weekday from 0 to 7",
     "cron", "2026-01-03T12:00", "0 0 * * */7",
     "2026-01-04 00:00, 2026-01-11 00:00"),
    ("Sunday is 7 beside seconds, too; croniter never comes to it",
     "cron", "2026-01-01", "0 0 0 * * 7",
     "2026-01-04 00:00, 2026-01-11 00:00"),
    ("0-0 is Sunday only",
     "cron", "2026-01-01", "0 0 * * 0-0",
     "2026-01-04 00:00, 2026-01-11 00:00"),
    ("7-7 is Sunday only",
     "cron", "2026-01-01", "0 0 * * 7-7",
     "2026-01-04 00:00, 2026-01-11 00:00"),
    ("a wrapped range of weekdays",
     "cron", "2026-01-01", "0 0 * * fri-mon",
     "2026-01-02 00:00, 2026-01-03 00:00, 2026-01-04 00:00, 2026-01-05 00:00, 2026-01-09 00:00"),
    ("a wrapped range of hours; croniter refuses it",
     "cron", "2026-01-01", "0 22-2 * * *",
     "2026-01-01 01:00, 2026-01-01 02:00, 2026-01-01 22:00, 2026-01-01 23:00, 2026-01-02 00:00, 2026-01-02 01:00"),
    ("steps through a wrapped range",
     "cron", "2026-01-01", "0 22-4/3 * * *",
     "2026-01-01 01:00, 2026-01-01 04:00, 2026-01-01 22:00, 2026-01-02 01:00"),
    ("OR with the second Monday; croniter forgets the days of the month",
     "cron-or", "2026-01-01", "0 0 5 * mon#2",
     "2026-01-05 00:00, 2026-01-12 00:00, 2026-02-05 00:00"),
    ("OR with the last Friday",
     "cron-or", "2026-01-01", "0 0 5 * 5L",
     "2026-01-05 00:00, 2026-01-30 00:00, 2026-02-05 00:00"),
    ("OR with a day that never comes; croniter gives up",
     "cron-or", "2026-01-01", "0 0 31 apr mon",
     "2026-04-06 00:00, 2026-04-13 00:00"),
    ("OR with every day written out is every day; croniter takes it for a star",
     "cron-or", "2026-01-01", "0 0 1-31 * mon",
     "2026-01-02 00:00, 2026-01-03 00:00, 2026-01-04 00:00"),
    ("OR with every weekday written out is every day",
     "cron-or", "2026-01-01", "0 0 13 * 0-6",
     "2026-01-02 00:00, 2026-01-03 00:00, 2026-01-04 00:00"),
    ("a list of days beyond February does not step over the first of March; croniter's does",
     "cron", "2026-02-05", "0 0 1,2,30 * *",
     "2026-03-01 00:00, 2026-03-02 00:00, 2026-03-30 00:00"),
    ("L beside 31 in February",
     "cron", "2026-02-05", "0 0 31,L * *",
     "2026-02-28 00:00, 2026-03-31 00:00"),
    ("L beside all other days is no star",
     "cron", "2026-01-31", "0 0 2-31,L * *",
     "2026-02-02 00:00, 2026-02-03 00:00"),
    ("a day field that begins with a star wants both, as in Vixie's cron",
     "cron", "2026-01-01", "0 0 */10 * mon",
     "2026-05-11 00:00, 2026-06-01 00:00"),
    ("the same with OR, croniter's default",
     "cron-or", "2026-01-01", "0 0 */10 * mon",
     "2026-01-05 00:00, 2026-01-11 00:00, 2026-01-12 00:00"),
    ("a star with AND",
     "cron-and", "2026-01-01", "0 0 13 * fri",
     "2026-02-13 00:00, 2026-03-13 00:00"),
]


@pytest.mark.parametrize("dialect, after, rule, expected", [row[1:] for row in DECISIONS], ids=[row[0] for row in DECISIONS])
def test_decision(dialect, after, rule, expected):
    slots = expected.split(", ")
    wanted = len(slots)
    answer, = ask_engine([(dialect, "UTC", datetime.fromisoformat(after), wanted, rule)])
    found = [slot.strftime("%Y-%m-%d %H:%M:%S" if slot.second else "%Y-%m-%d %H:%M") for slot in answer.slots]
    assert answer.error is None
    assert found + ["none"] * (len(found) < wanted) == slots

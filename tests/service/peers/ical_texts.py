# SPDX-License-Identifier: PostgreSQL
"""iCalendar texts by chance: every rule that RFC 5545 allows, and how to make one simpler."""
from collections import namedtuple
from datetime import datetime, timedelta
from functools import partial

from .engine import CHANGING_ZONES, STEADY_ZONES, is_near_change
from .shrinking import without_one

FREQUENCIES = ["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"]
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
LENGTHS = {"YEARLY": timedelta(days=365), "MONTHLY": timedelta(days=30), "WEEKLY": timedelta(days=7),
           "DAILY": timedelta(days=1), "HOURLY": timedelta(hours=1), "MINUTELY": timedelta(minutes=1),
           "SECONDLY": timedelta(seconds=1)}
SUB_DAILY = FREQUENCIES[4:]

# parts: pairs of a name and a tuple of values, all of them text. RDATE and EXDATE have one part, without a name.
Line = namedtuple("Line", "name parts")
Question = namedtuple("Question", "zone after wanted start lines")


def stamp(label):
    return label.strftime("%Y%m%dT%H%M%S")


def line_text(line):
    return f"{line.name}:" + ";".join((f"{name}=" if name else "") + ",".join(values) for name, values in line.parts)


def text_of(question):
    return "\n".join([f"DTSTART:{stamp(question.start)}", *map(line_text, question.lines)])


def engine_question(question):
    return "ical", question.zone, question.after, question.wanted, text_of(question)


# ---- Chance ----

def signed(chance, most, least=1):
    return chance.choice([1, 1, -1]) * chance.randint(least, most)


def numbers(chance, pick, most=4):
    """Some different values that pick() gives, mostly few, in any order."""
    n = chance.choice([1, 1, 2, 3, chance.randint(1, most)])
    return tuple(map(str, dict.fromkeys(pick() for _ in range(n))))


def weekday_value(chance, most):
    """most: how far its number may go; 0 = it has none."""
    number = signed(chance, chance.choice([5, most]) if most > 5 else 5) if most and chance.random() < 0.6 else ""
    return f"{number}{chance.choice(WEEKDAYS)}"


def year_day(chance):
    return chance.choice([signed(chance, 366), signed(chance, 366), signed(chance, 366, 360), signed(chance, 62, 57)])


def month_day(chance):
    return chance.choice([signed(chance, 31), signed(chance, 31, 28), chance.randint(1, 12)])


def day_parts(chance, frequency):
    parts = []

    def maybe(likelihood, name, pick, most=4):
        if chance.random() < likelihood:
            parts.append((name, numbers(chance, pick, most)))

    maybe(0.35, "BYMONTH", lambda: chance.randint(1, 12), 6)
    has_months = bool(parts)
    if frequency == "YEARLY":
        maybe(0.2, "BYWEEKNO", lambda: chance.choice([signed(chance, 53), signed(chance, 53, 51), signed(chance, 2)]))
    has_weeks = any(name == "BYWEEKNO" for name, _ in parts)
    if frequency == "YEARLY" or frequency in SUB_DAILY:
        maybe(0.15, "BYYEARDAY", lambda: year_day(chance), 8)
    if frequency != "WEEKLY":
        maybe(0.3, "BYMONTHDAY", lambda: month_day(chance), 8)
    in_months = frequency == "MONTHLY" or (frequency == "YEARLY" and has_months)
    most = 0 if has_weeks else 5 if in_months else 53 if frequency == "YEARLY" else 0
    maybe(0.5 if frequency in ("WEEKLY", "MONTHLY", "YEARLY") else 0.3, "BYDAY", lambda: weekday_value(chance, most), 6)
    return parts


def time_parts(chance, frequency):
    # dateutil goes through every second of a day that hours leave out.
    rarely = 0.3 if frequency == "SECONDLY" else 1
    wanted = [("BYHOUR", 0.3 * rarely, 23), ("BYMINUTE", 0.25 * rarely, 59), ("BYSECOND", 0.15, 59)]
    return [(name, numbers(chance, partial(chance.randint, 0, last), 8))
            for name, likelihood, last in wanted if chance.random() < likelihood]


def is_at_edge_of_year(parts):
    """Where dateutil's numbers of weeks are wrong: see dateutil_peer."""
    return any(name == "BYWEEKNO" and any(abs(int(value)) >= 52 for value in values) for name, values in parts)


def interval(chance):
    return chance.choice([1, 1, 1, 1, 2, 3, chance.randint(2, 12), chance.randint(2, 100), chance.randint(100, 3000)])


def rule_line(chance, name, frequency, start, may_count):
    parts = day_parts(chance, frequency) + time_parts(chance, frequency)
    may_count = may_count and not is_at_edge_of_year(parts)
    if parts and not is_at_edge_of_year(parts) and chance.random() < 0.25:
        parts.append(("BYSETPOS", numbers(chance, lambda: signed(chance, chance.choice([1, 2, 3, 10, 366])))))
    every = interval(chance)
    if every > 1:
        parts.append(("INTERVAL", (str(every),)))
    if chance.random() < 0.3:
        parts.append(("WKST", (chance.choice(WEEKDAYS),)))
    length = LENGTHS[frequency] * every
    if may_count and chance.random() < 0.15:
        parts.append(("COUNT", (str(chance.choice([1, 2, 5, chance.randint(1, 60), chance.randint(1, 400)])),)))
    elif chance.random() < 0.2:
        last = later(start, length * chance.randint(0, 40) + timedelta(seconds=chance.randint(0, 90000)))
        parts.append(("UNTIL", (chance.choice([stamp(last), last.strftime("%Y%m%d"), stamp(last) + "Z"]),)))
    chance.shuffle(parts)
    parts.insert(chance.choice([0, 0, len(parts)]), ("FREQ", (frequency,)))
    return Line(name, tuple(parts))


def date_line(chance, name, start, length):
    dates = [stamp(later(start, length * chance.randint(-3, 12) + timedelta(seconds=chance.choice([0, 0, 0, 3600]))))
             for _ in range(chance.choice([1, 2, 5]))]
    return Line(name, (("", tuple(dict.fromkeys(dates))),))


def later(label, length):
    """No further than people plan."""
    try:
        return min(label + length, datetime(2400, 1, 1))
    except OverflowError:
        return datetime(2400, 1, 1)


def start_label(chance, zone):
    while True:
        day = datetime(chance.choice([1999, 2024, 2026, chance.randint(1975, 2060)]), 1, 1) + timedelta(
            days=chance.choice([chance.randint(0, 364), chance.choice([0, 1, 30, 58, 59, 363, 364])]))
        if not is_near_change(zone, day.date()):
            break
    return day + timedelta(seconds=chance.choice([chance.randint(0, 86399), 3600 * chance.randint(0, 23), 0, 86399]))


def after_label(chance, start, length):
    """Before, at, near and long after the start."""
    return chance.choice([
        start - timedelta(seconds=1), start, start - timedelta(days=chance.randint(1, 1000)),
        later(start, length * chance.randint(0, 8) + timedelta(seconds=chance.randint(0, 90000))),
        later(start, timedelta(days=chance.randint(0, 7400), seconds=chance.randint(0, 86399))),
        later(start, timedelta(days=7305))])


def question_by_chance(chance):
    zone = chance.choice(["UTC"] * 6 + [chance.choice(STEADY_ZONES), chance.choice(CHANGING_ZONES)])
    start = start_label(chance, zone)
    frequency = chance.choice(FREQUENCIES[:6] + FREQUENCIES)

    def rule(name, which):
        # A rule of all hours runs in both passes of an hour, and COUNT counts both.
        may_count = which not in SUB_DAILY or zone not in CHANGING_ZONES
        return rule_line(chance, name, which, start, may_count)

    lines = [rule("RRULE", frequency)]
    if chance.random() < 0.3:
        length = min(LENGTHS[frequency], timedelta(days=30))
        lines += [rule("RRULE", chance.choice(FREQUENCIES[:5])) for _ in range(chance.choice([0, 0, 1, 2]))]
        lines += [rule("EXRULE", chance.choice(FREQUENCIES[:5])) for _ in range(chance.choice([0, 0, 1, 2]))]
        lines += [date_line(chance, name, start, length) for name in ("RDATE", "EXDATE", "EXDATE") if chance.random() < 0.5]
        if chance.random() < 0.1:
            lines = [line for line in lines if line.name != "RRULE"]
        chance.shuffle(lines)
    return Question(zone, after_label(chance, start, LENGTHS[frequency]), chance.choice([3, 8, 20]), start, tuple(lines))


# ---- Simpler ones ----

def simpler_parts(parts):
    for i, (name, values) in enumerate(parts):
        if name not in ("FREQ", ""):
            yield parts[:i] + parts[i + 1:]
        if len(values) > 1:
            yield from (parts[:i] + ((name, fewer),) + parts[i + 1:] for fewer in without_one(values))
        if name in ("INTERVAL", "COUNT") and int(values[0]) > 2:
            yield from (parts[:i] + ((name, (str(n),)),) + parts[i + 1:]
                        for n in (2, int(values[0]) // 2, int(values[0]) - 1) if n < int(values[0]))


def simpler(question):
    lines = question.lines
    yield from (question._replace(lines=fewer) for fewer in without_one(lines))
    for i, line in enumerate(lines):
        yield from (question._replace(lines=lines[:i] + (Line(line.name, parts),) + lines[i + 1:])
                    for parts in simpler_parts(line.parts))
    if question.zone != "UTC":
        yield question._replace(zone="UTC")
    midnight = question.start.replace(hour=0, minute=0, second=0)
    if question.start != midnight:
        yield question._replace(start=midnight)
    before = question.start - timedelta(seconds=1)
    if question.after != before:
        yield question._replace(after=before)
    if question.wanted > 1:
        yield question._replace(wanted=question.wanted // 2)

# SPDX-License-Identifier: PostgreSQL
"""Cron texts by chance, and how to make one simpler."""
from collections import namedtuple
from datetime import datetime, timedelta

from .engine import CHANGING_ZONES, STEADY_ZONES
from .shrinking import without_one

Field = namedtuple("Field", "name first last words")
SECOND = Field("second", 0, 59, ())
FIELDS = [Field("minute", 0, 59, ()), Field("hour", 0, 23, ()), Field("day", 1, 31, ()),
          Field("month", 1, 12, tuple("jan feb mar apr may jun jul aug sep oct nov dec".split())),
          Field("weekday", 0, 7, tuple("sun mon tue wed thu fri sat".split()))]
DIALECTS = ["cron", "cron-or", "cron-and"]

# fields: five tuples of list elements, or six with seconds first, as we write them.
Question = namedtuple("Question", "dialect zone after wanted fields")


def text_of(question):
    return " ".join(map(",".join, question.fields))


def engine_question(question):
    return question.dialect, question.zone, question.after, question.wanted, text_of(question)


# ---- Chance ----

def word(chance, field, number):
    """The number, or its name in any case."""
    if field.words and number - field.first < len(field.words) and chance.random() < 0.3:
        return chance.choice([str.lower, str.upper, str.capitalize])(field.words[number - field.first])
    return chance.choice([str(number)] * 5 + [f"{number:02}"])


def step(chance, field):
    size = field.last - field.first + (field.name != "weekday")
    return f"/{chance.choice([1, 2, 3, chance.randint(1, size), chance.randint(1, size)])}"


def stretch(chance, field):
    """a-b; it may wrap around."""
    a, b = chance.randint(field.first, field.last), chance.randint(field.first, field.last)
    if chance.random() < 0.7:
        a, b = min(a, b), max(a, b)
    return f"{word(chance, field, a)}-{word(chance, field, b)}"


def element(chance, field):
    kind = chance.randint(0, 9)
    if kind < 5:
        return word(chance, field, chance.randint(field.first, field.last))
    if kind < 8:
        return stretch(chance, field) + (step(chance, field) if kind == 7 else "")
    if kind == 8:
        return f"{chance.randint(field.first, field.last)}{step(chance, field)}"
    if field.name == "day":
        return chance.choice(["L", "l"])
    return word(chance, field, chance.randint(field.first, field.last))


def counted_weekday(chance):
    weekday = word(chance, FIELDS[4], chance.randint(0, 7))
    return chance.choice([f"{weekday}#{chance.randint(1, 5)}", f"{chance.randint(0, 7)}L"])


def field_by_chance(chance, field):
    star = {"minute": 0.2, "second": 0.2, "hour": 0.3, "day": 0.35, "month": 0.6, "weekday": 0.35}[field.name]
    if chance.random() < star:
        return (chance.choice(["*", "*", "*", "?"]) if field.name in ("day", "weekday") else "*",)
    if chance.random() < 0.2:
        return ("*" + step(chance, field),)
    many = chance.choice([1, 1, 1, 2, 3, 5])
    if field.name == "weekday" and chance.random() < 0.2:
        return tuple(dict.fromkeys(counted_weekday(chance) for _ in range(min(many, 3))))
    return tuple(dict.fromkeys(element(chance, field) for _ in range(many)))


def question_by_chance(chance):
    fields = ([SECOND] if chance.random() < 0.3 else []) + FIELDS
    after = datetime(chance.choice([1999, 2024, 2026, chance.randint(1971, 2100)]), 1, 1) + timedelta(
        days=chance.choice([chance.randint(0, 366), 27, 30, 57, 58, 59, 363]),
        seconds=chance.choice([0, 86399, chance.randint(0, 86399)]))
    zone = chance.choice(["UTC", "UTC", chance.choice(STEADY_ZONES + CHANGING_ZONES)])
    return Question(chance.choice(DIALECTS), zone, after, chance.choice([2, 4, 8]),
                    tuple(field_by_chance(chance, field) for field in fields))


# ---- Simpler ones ----

def simpler_element(text):
    """Without its step, or one end of its range only."""
    if "/" in text:
        yield text.split("/")[0]
    elif "-" in text:
        yield from text.split("-")


def simpler(question):
    fields = question.fields

    def with_field(i, field):
        return question._replace(fields=fields[:i] + (field,) + fields[i + 1:])

    if len(fields) == 6:
        yield question._replace(fields=fields[1:])
    for i, field in enumerate(fields):
        if field != ("*",):
            yield with_field(i, ("*",))
        if field not in (("*",), ("0",), ("1",)):
            yield with_field(i, ("1",))
        if len(field) > 1:
            yield from (with_field(i, fewer) for fewer in without_one(field))
        for j, text in enumerate(field):
            yield from (with_field(i, field[:j] + (less,) + field[j + 1:]) for less in simpler_element(text))
    if question.zone != "UTC":
        yield question._replace(zone="UTC")
    day = question.after.replace(hour=0, minute=0, second=0)
    if question.after != day:
        yield question._replace(after=day)
    if question.wanted > 1:
        yield question._replace(wanted=question.wanted // 2)

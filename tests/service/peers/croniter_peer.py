# SPDX-License-Identifier: PostgreSQL
"""What croniter says to cron text: put in its words, and without what it gets wrong."""
import re
from datetime import datetime

from croniter import CroniterBadDateError, croniter

from .cron_texts import FIELDS, SECOND
from .engine import FOREVER, Answer, known_until

YEARS = 40  # without a slot, until it gives up


# ---- In other words ----

def number(field, text):
    lower = text.lower()
    return field.words.index(lower) + field.first if lower in field.words else int(text)


def unwrapped(field, text):
    """22-2/3 as 22,1: of wrapped ranges croniter knows only those that end on Sunday."""
    match = re.fullmatch(r"(\w+)-(\w+)(?:/(\d+))?", text)
    if not match or not (match[2].isdigit() or match[2].lower() in field.words):
        return text
    a, b, step = number(field, match[1]), number(field, match[2]), int(match[3] or 1)
    if a <= b:
        return text
    last = 6 if field.name == "weekday" else field.last
    if a > last:
        a -= 7
        return f"{a}-{b}/{step}"
    around = list(range(a, last + 1)) + list(range(field.first, b + 1))
    return ",".join(map(str, around[::step]))


def last_weekday(text):
    """5L is the last Friday; croniter writes L5."""
    return f"L{text[0]}" if re.fullmatch("[0-7]L", text) else text


def to_saturday(field, text):
    """4/2 as 4-6/2, and 7/3 as 0-6/3: with us a week of steps begins on Sunday and ends on Saturday; croniter goes on to the
    next Sunday."""
    match = re.fullmatch(r"(\w+)/(\d+)", text)
    return f"{number(field, match[1]) % 7}-6/{match[2]}" if match else text


def reworded(field, elements):
    if elements == ("?",):
        return "*"
    elements = [unwrapped(field, text) for text in elements]
    if field.name == "weekday":
        elements = [to_saturday(field, last_weekday(text)) for text in elements]
    return ",".join(elements)


def croniter_text(question):
    """Its seconds come last. Beside them it knows 7 as a weekday no more, so numbers are written out."""
    texts = [reworded(field, elements) for field, elements in zip(FIELDS, question.fields[-5:])]
    if len(question.fields) == 6:
        texts.append(reworded(SECOND, question.fields[0]))
        if not is_counted(question):
            texts[4] = ",".join(map(str, croniter.expand(" ".join(texts[:5]))[0][4]))
    return " ".join(texts)


def is_counted(question):
    return any("#" in text or "L" in text for text in question.fields[-1])


def either_day(question):
    """croniter's day_or. Vixie's rule is that both have to fit if one begins with a star."""
    begins_with_star = any(question.fields[i][0][0] in "*?" for i in (-3, -1))
    return {"cron-or": True, "cron-and": False, "cron": not begins_with_star}[question.dialect]


# ---- Where it is wrong ----

def is_either_of_two(question):
    return either_day(question) and all(question.fields[i][0] not in "*?" for i in (-3, -1))


def selected(question, i):
    return croniter.expand(croniter_text(question))[0][i]


def is_wrong_about(question):
    """Why croniter cannot be asked that, or None."""
    days, weekdays = question.fields[-3], question.fields[-1]
    is_either = is_either_of_two(question)
    if is_either and is_counted(question):
        return "OR with 1#2 or 5L: it forgets the days of the month"
    selects_all = [["*"] == selected(question, i) for i in (2, 4)]
    if is_either and any(selects_all):
        return "OR with all days written out: it takes them for a star"
    if days[0] not in "*?" and selects_all[0] and "L" in "".join(days).upper():
        return "L beside thirty other days: it takes them for a star"
    numbers = [n for n in selected(question, 2) if n not in ("*", "l")]
    if numbers and min(numbers) <= 2 and max(numbers) >= 30:
        return "30 or 31 beside 1 or 2: it steps over the first of March"
    if numbers and max(numbers) >= 29 and "l" in selected(question, 2):
        return "29 to 31 beside L: it steps over the last of February"
    return None


# ---- The answer ----

def ask_croniter(question):
    slots = []
    search = croniter(croniter_text(question), question.after, ret_type=datetime, day_or=either_day(question),
                      max_years_between_matches=YEARS)
    try:
        while len(slots) < question.wanted:
            slots.append(search.get_next())
    except CroniterBadDateError:
        last = slots[-1] if slots else question.after
        if is_either_of_two(question):
            # 31 April or a Monday: it gives up with the first of the two that never comes.
            return Answer(slots, last, None)
        return Answer(slots, last.replace(year=last.year + YEARS, month=1, day=1), None)
    return Answer(slots, known_until(slots, question.wanted, FOREVER), None)

# SPDX-License-Identifier: PostgreSQL
"""What python-dateutil says to an iCalendar text.

Its answers are bounded: it counts what it looks at, so that a rule that selects nothing ends the search at the same place
on every machine. Where it is wrong, or we differ on purpose, the rule is put to it in other words: see REWORDED."""
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from dateutil import rrule as dateutil_rrule
from dateutil.rrule import SECONDLY, rrulestr, rruleset

from .engine import FOREVER, Answer, known_until
from .ical_texts import LENGTHS, WEEKDAYS, Line, is_at_edge_of_year, line_text, stamp

BUDGET = 30000  # days looked at, and slots
SECOND = timedelta(seconds=1)


class TooLong(Exception):
    def __init__(self, reached):
        super().__init__(reached)
        self.reached = reached  # the first label that was not looked at


class CountedDays(dateutil_rrule._iterinfo):
    """dateutil asks it for the days of each period."""

    def __init__(self, rule):
        super().__init__(rule)
        self.left = BUDGET
        self.has_times = bool(rule._byhour or rule._byminute)

    def count(self, cost, year, month, day):
        # From one day to the next it goes through all seconds, or minutes.
        if self.has_times and self.rrule._freq == SECONDLY:
            cost *= 150
        self.left -= cost
        if self.left < 0:
            raise TooLong(datetime(year, month, day))

    def ydayset(self, year, month, day):
        self.count(376, year, 1, 1)
        return super().ydayset(year, month, day)

    def mdayset(self, year, month, day):
        self.count(41, year, month, 1)
        return super().mdayset(year, month, day)

    def wdayset(self, year, month, day):
        self.count(17, year, month, day)
        return super().wdayset(year, month, day)

    def ddayset(self, year, month, day):
        self.count(11, year, month, day)
        return super().ddayset(year, month, day)


dateutil_rrule._iterinfo = CountedDays


# ---- In other words ----

def all_weekdays_by_number(parts, start, zone):
    """BYDAY=1MO,WE is the first Monday and every Wednesday; dateutil asks for both at once and gives nothing."""
    days = parts.get("BYDAY", ())
    if len({len(day) == 2 for day in days}) == 2:
        most = 5 if parts["FREQ"] == ("MONTHLY",) or "BYMONTH" in parts else 53
        numbered = [f"{n}{day}" for day in days if len(day) == 2 for n in range(1, most + 1)]
        parts["BYDAY"] = tuple([day for day in days if len(day) > 2] + numbered)


def weekday_of_weeks(parts, start, zone):
    """YEARLY;BYWEEKNO without days is DTSTART's weekday; dateutil takes all seven."""
    if "BYWEEKNO" in parts and not {"BYDAY", "BYMONTHDAY", "BYYEARDAY"} & set(parts):
        parts["BYDAY"] = (WEEKDAYS[start.weekday()],)


def until_the_end_of_the_day(parts, start, zone):
    """UNTIL with a date includes all of that day; dateutil takes its midnight."""
    if len(parts.get("UNTIL", ("",))[0]) == 8:
        parts["UNTIL"] = (parts["UNTIL"][0] + "T235959",)


def until_a_label(parts, start, zone):
    """UNTIL in UTC is an instant; we ask dateutil without zones."""
    if parts.get("UNTIL", ("",))[0].endswith("Z"):
        at = datetime.strptime(parts["UNTIL"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
        parts["UNTIL"] = (stamp(at.astimezone(ZoneInfo(zone))),)


REWORDED = [all_weekdays_by_number, weekday_of_weeks, until_the_end_of_the_day, until_a_label]


def spell_out(parts, start):
    """Says what a WEEKLY rule takes from DTSTART."""
    parts.setdefault("BYDAY", (WEEKDAYS[start.weekday()],))
    parts.setdefault("BYHOUR", (str(start.hour),))
    parts.setdefault("BYMINUTE", (str(start.minute),))
    parts.setdefault("BYSECOND", (str(start.second),))


def week_start(parts, start):
    first = WEEKDAYS.index(parts.get("WKST", ("MO",))[0])
    return start.replace(hour=0, minute=0, second=0) - timedelta(days=(start.weekday() - first) % 7)


class WholeWeeks:
    """BYSETPOS of a WEEKLY rule counts in the whole week that DTSTART lies in; dateutil counts from DTSTART. So let it
    begin with the week, and leave out what comes before DTSTART."""

    def __init__(self, parts, start, near):
        self.left = int(parts.pop("COUNT", ("1000000",))[0])
        spell_out(parts, start)
        self.start = start
        self.rule = plain_rule(parts, week_start(parts, near))

    def __iter__(self):
        for slot in self.rule:
            if slot < self.start:
                continue
            self.left -= 1
            if self.left < 0:
                return
            yield slot


def plain_rule(parts, start):
    rule = line_text(Line("RRULE", tuple(parts.items())))
    return rrulestr(f"DTSTART:{stamp(start)}\n{rule}")


def start_near(parts, start, after):
    """dateutil goes through all slots from DTSTART on. A later DTSTART that a whole number of intervals leads to means the
    same."""
    frequency = parts["FREQ"][0]
    if "COUNT" in parts or frequency in ("YEARLY", "MONTHLY"):
        return start
    step = LENGTHS[frequency] * int(parts.get("INTERVAL", ("1",))[0])
    return start + max((after - start) // step - 2, 0) * step


def rule_of(question, line):
    parts, start = dict(line.parts), question.start
    for reword in REWORDED:
        reword(parts, start, question.zone)
    near = start_near(parts, start, question.after)
    try:
        if parts["FREQ"] == ("WEEKLY",) and "BYSETPOS" in parts:
            return WholeWeeks(parts, start, near)
        return plain_rule(parts, near)
    except ValueError as error:
        if "empty set" in str(error):
            return []
        raise


def is_wrong_about(question):
    """Of which labels dateutil is known to be wrong. It finds weeks of the neighbouring year by the length of the wrong one,
    and those before the first by no negative number; weeks by their numbers are tested for themselves."""
    if any(is_at_edge_of_year(line.parts) for line in question.lines):
        return lambda label: not (1, 7) < (label.month, label.day) < (12, 25)
    return lambda label: False


# ---- The answer ----

def slots_of(rule):
    try:
        yield from rule
    except ValueError as error:
        # It found out that no time of day is ever reached.
        if "resulting in empty" not in str(error):
            raise


class Slots:
    """What rruleset iterates over."""

    def __init__(self, rule):
        self.rule = rule

    def __iter__(self):
        return slots_of(self.rule)


def all_of(question):
    rules = rruleset()
    for line in question.lines:
        if line.name == "RRULE":
            rules.rrule(Slots(rule_of(question, line)))
        elif line.name == "EXRULE":
            rules.exrule(Slots(rule_of(question, line)))
        else:
            add = rules.rdate if line.name == "RDATE" else rules.exdate
            for value in line.parts[0][1]:
                add(datetime.strptime(value, "%Y%m%dT%H%M%S"))
    # Without any RRULE DTSTART is a slot, as in RFC 5545.
    if not any(line.name == "RRULE" for line in question.lines):
        rules.rdate(question.start)
    return rules


def ask_dateutil(question):
    is_one_rule = len(question.lines) == 1 and question.lines[0].name == "RRULE"
    slots, seen, last = [], 0, min(question.after, question.start) - SECOND
    try:
        for slot in all_of(question):
            seen += 1
            last = slot
            if slot > question.after:
                slots.append(slot)
            if len(slots) == question.wanted:
                break
            if seen > BUDGET // 3:
                raise TooLong(slot + SECOND)
    except TooLong as stop:
        # Of several rules the others may not have got so far.
        until = stop.reached - SECOND if is_one_rule else last
        return Answer(slots, known_until(slots, question.wanted, until), None)
    return Answer(slots, known_until(slots, question.wanted, FOREVER), None)

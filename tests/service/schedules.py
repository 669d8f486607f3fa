# SPDX-License-Identifier: PostgreSQL
"""Schedules as tests write them, the question put to SQL, and an oracle that answers it by brute force.

The oracle shares nothing with the SQL: it looks at every minute of every day that may match, with Python's own zones."""
from collections import namedtuple
from datetime import datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

UTC = timezone.utc
SIZES = {"minutes": 60, "hours": 24, "weekdays": 7, "monthdays": 32, "months": 12}
FIRST = {"minutes": 0, "hours": 0, "weekdays": 0, "monthdays": 1, "months": 1}
AFTER = """
    SELECT pgagent.pga_schedule_after(%s, %s, %s, %s, %s::bool[], %s::bool[], %s::bool[], %s::bool[], %s::bool[],
                                      %s::date[], %s::time[])"""

# The five fields are sets of numbers as people say them: weekdays 0 = Sunday, monthdays 32 = the last day.
# Exceptions are pairs (date or None, time or None). start may be None: since ever.
Schedule = namedtuple("Schedule", "zone start end minutes hours weekdays monthdays months exceptions")


def schedule(zone="UTC", start=None, end=None, minutes=(), hours=(), weekdays=(), monthdays=(), months=(), exceptions=()):
    return Schedule(zone, start, end, frozenset(minutes), frozenset(hours), frozenset(weekdays),
                    frozenset(monthdays), frozenset(months), tuple(exceptions))


def array(field, numbers):
    """pgAgent's array of a field."""
    return [n + FIRST[field] in numbers for n in range(SIZES[field])]


def arrays(self):
    return [array(field, getattr(self, field)) for field in SIZES]


def ask(cursor, after, self):
    """What SQL says: the first slot after an instant, or None."""
    dates = [date for date, _ in self.exceptions] or None
    times = [time for _, time in self.exceptions] or None
    start = "-infinity" if self.start is None else self.start
    cursor.execute(AFTER, [after, self.zone, start, self.end, *arrays(self), dates, times])
    found = cursor.fetchone()[0]
    return found and found.astimezone(UTC)


def is_running(self):
    """Takes every real minute; the others run once per label."""
    return len(self.hours) in (0, 24)


def matches_day(self, day):
    is_last = (day + timedelta(days=1)).month != day.month
    return ((not self.months or day.month in self.months)
            and (not self.weekdays or day.isoweekday() % 7 in self.weekdays)
            and (not self.monthdays or day.day in self.monthdays or (is_last and 32 in self.monthdays))
            and (day, None) not in self.exceptions)


def minutes_of_day(self):
    """The minutes of a day that hours, minutes and the exceptions of every day leave."""
    gone = {(moment.hour, moment.minute) for day, moment in self.exceptions if day is None and moment is not None}
    return [time(hour, minute) for hour in sorted(self.hours or range(24)) for minute in sorted(self.minutes or range(60))
            if (hour, minute) not in gone]


@lru_cache(maxsize=2000)
def real_minutes(zone, day):
    """Every real minute whose local date that is: its label's time -> instants."""
    local = ZoneInfo(zone)
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=16)
    found = {}
    for n in range(54 * 60):
        label = (begin + timedelta(minutes=n)).astimezone(local)
        if label.date() == day:
            found.setdefault(time(label.hour, label.minute), []).append(begin + timedelta(minutes=n))
    return found


def instants_of(self, day, moment):
    """When a local minute is a slot."""
    if is_running(self):
        return real_minutes(self.zone, day).get(moment, [])
    label = datetime.combine(day, moment, tzinfo=ZoneInfo(self.zone))  # the first of two, or as before the gap
    return [label.astimezone(UTC)]


def oracle(after, self, days=800):
    """The first slot within so many days after an instant, or None."""
    earliest = max(after, self.start or after)
    day = earliest.astimezone(ZoneInfo(self.zone)).date() - timedelta(days=2)
    best, stop = None, day + timedelta(days=days)
    moments = minutes_of_day(self)
    while day < stop:
        if matches_day(self, day):
            gone = {(moment.hour, moment.minute) for date, moment in self.exceptions if date == day and moment is not None}
            for moment in moments:
                if (moment.hour, moment.minute) not in gone:
                    slots = [at for at in instants_of(self, day, moment) if at > after and at >= earliest]
                    best = min([*slots, best] if best else slots, default=None)
            if best:
                stop = min(stop, best.astimezone(ZoneInfo(self.zone)).date() + timedelta(days=3))
        day += timedelta(days=1)
    return None if best is None or (self.end is not None and best > self.end) else best


@lru_cache
def turns(zone, first_year, last_year):
    """The instants, to the minute, at which a zone's offset changes."""
    local = ZoneInfo(zone)
    at, end, found = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC), []
    while at < end:
        later = at + timedelta(days=1)
        if at.astimezone(local).utcoffset() != later.astimezone(local).utcoffset():
            low, high = 0, 1440
            while high - low > 1:
                middle = (low + high) // 2
                same = (at + timedelta(minutes=middle)).astimezone(local).utcoffset() == at.astimezone(local).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(at + timedelta(minutes=high))
        at = later
    return found

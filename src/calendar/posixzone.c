/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/posixzone.h"

#include <glib.h>

#include "calendar/civil.h"

typedef struct {
    const char *at;
    const char *end;
} Reader;

static bool
read_char(Reader *reader, char wanted)
{
    if (reader->at == reader->end || *reader->at != wanted)
        return false;
    reader->at++;
    return true;
}

static bool
read_number(Reader *reader, int minimum, int maximum, int *number)
{
    if (reader->at == reader->end || !g_ascii_isdigit(*reader->at))
        return false;
    int value = 0;
    while (reader->at < reader->end && g_ascii_isdigit(*reader->at)) {
        value = value * 10 + (*reader->at++ - '0');
        if (value > maximum)
            return false;
    }
    if (value < minimum)
        return false;
    *number = value;
    return true;
}

/* "CET", or "<+0530>" when the name has other characters than letters. */
static bool
read_name(Reader *reader)
{
    bool quoted = read_char(reader, '<');
    const char *from = reader->at;
    while (reader->at < reader->end &&
           (g_ascii_isalpha(*reader->at) ||
            (quoted && (g_ascii_isdigit(*reader->at) || *reader->at == '+' || *reader->at == '-'))))
        reader->at++;
    return reader->at - from >= 3 && (!quoted || read_char(reader, '>'));
}

/* [+|-]hh[:mm[:ss]] */
static bool
read_time(Reader *reader, int max_hours, int32_t *seconds)
{
    bool negative = read_char(reader, '-');
    if (!negative)
        (void)read_char(reader, '+');

    int hours, minutes = 0, rest = 0;
    if (!read_number(reader, 0, max_hours, &hours))
        return false;
    if (read_char(reader, ':')) {
        if (!read_number(reader, 0, 59, &minutes))
            return false;
        if (read_char(reader, ':') && !read_number(reader, 0, 59, &rest))
            return false;
    }
    int32_t value = hours * 3600 + minutes * 60 + rest;
    *seconds = negative ? -value : value;
    return true;
}

static bool
read_day(Reader *reader, PosixChange *change)
{
    if (read_char(reader, 'M')) {
        change->kind = POSIX_DAY_OF_MONTH;
        return read_number(reader, 1, 12, &change->month) && read_char(reader, '.') &&
               read_number(reader, 1, 5, &change->week) && read_char(reader, '.') &&
               read_number(reader, 0, 6, &change->day);
    }
    if (read_char(reader, 'J')) {
        change->kind = POSIX_DAY_JULIAN;
        return read_number(reader, 1, 365, &change->day);
    }
    change->kind = POSIX_DAY_OF_YEAR;
    return read_number(reader, 0, 365, &change->day);
}

/* ",date[/time]" */
static bool
read_change(Reader *reader, PosixChange *change)
{
    *change = (PosixChange){.seconds = 2 * 3600};
    if (!read_char(reader, ',') || !read_day(reader, change))
        return false;
    return !read_char(reader, '/') || read_time(reader, 167, &change->seconds);
}

static bool
read_daylight(Reader *reader, PosixZone *zone)
{
    zone->has_daylight = true;
    zone->daylight_offset = zone->standard_offset + 3600;
    if (!read_name(reader))
        return false;
    if (reader->at < reader->end && *reader->at != ',') {
        int32_t west;
        if (!read_time(reader, 24, &west))
            return false;
        zone->daylight_offset = -west;
    }
    return read_change(reader, &zone->start) && read_change(reader, &zone->end);
}

bool
posix_zone_parse(const char *text, size_t length, PosixZone *zone)
{
    Reader reader = {text, text + length};
    PosixZone result = {0};
    int32_t west;
    if (!read_name(&reader) || !read_time(&reader, 24, &west))
        return false;
    result.standard_offset = -west;
    if (reader.at < reader.end && !read_daylight(&reader, &result))
        return false;
    if (reader.at < reader.end)
        return false;
    *zone = result;
    return true;
}

static int64_t
change_days(const PosixChange *change, int32_t year)
{
    switch (change->kind) {
    case POSIX_DAY_JULIAN: {
        bool after_leap_day = civil_is_leap_year(year) && change->day >= 60;
        return civil_days(year, 1, 1) + change->day - 1 + after_leap_day;
    }
    case POSIX_DAY_OF_YEAR:
        return civil_days(year, 1, 1) + change->day;
    case POSIX_DAY_OF_MONTH:
        break;
    }
    int64_t first = civil_days(year, change->month, 1);
    int day = (change->day - civil_weekday(first) + 7) % 7 + 7 * (change->week - 1);
    if (day >= civil_month_length(year, change->month))
        day -= 7;
    return first + day;
}

int64_t
posix_zone_start(const PosixZone *self, int32_t year)
{
    return change_days(&self->start, year) * 86400 + self->start.seconds - self->standard_offset;
}

int64_t
posix_zone_end(const PosixZone *self, int32_t year)
{
    return change_days(&self->end, year) * 86400 + self->end.seconds - self->daylight_offset;
}

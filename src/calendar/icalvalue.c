/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/icalvalue.h"

#include <inttypes.h>

#include "calendar/civil.h"

#define DATE_LENGTH 8
#define TIME_LENGTH 7 /* with the T */

static const char wanted[] =
    "a date like 19970902, or a date and time like 19970902T090000, with Z behind it for UTC";

/* Digits only, unlike piece_number. */
static bool
read_digits(const Piece *piece, size_t from, size_t n, int *number)
{
    *number = 0;
    for (size_t i = from; i < from + n; i++) {
        char c = piece->text[piece->offset + i];
        if (!g_ascii_isdigit(c))
            return false;
        *number = 10 * *number + (c - '0');
    }
    return true;
}

static const char *
read_date(const Piece *piece, int64_t *label)
{
    int year, month, day;
    if (!read_digits(piece, 0, 4, &year) || !read_digits(piece, 4, 2, &month) ||
        !read_digits(piece, 6, 2, &day))
        return wanted;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > civil_month_length(year, month))
        return "a day of the calendar, from 00010101 to 99991231";
    *label = civil_days(year, month, day) * CIVIL_US_PER_DAY;
    return NULL;
}

static const char *
read_time(const Piece *piece, int64_t *time)
{
    int hour, minute, second;
    if (g_ascii_toupper(piece->text[piece->offset + DATE_LENGTH]) != 'T' ||
        !read_digits(piece, 9, 2, &hour) || !read_digits(piece, 11, 2, &minute) ||
        !read_digits(piece, 13, 2, &second))
        return wanted;
    if (hour > 23 || minute > 59 || second > 60)
        return "a time of day from T000000 to T235959";
    /* RFC 5545 3.3.12: whoever knows no leap seconds reads them as the second before. */
    *time = (hour * 3600 + minute * 60 + MIN(second, 59)) * CIVIL_US_PER_SECOND;
    return NULL;
}

const char *
ical_value_parse(const Piece *piece, IcalValue *value)
{
    bool is_utc = piece->length == DATE_LENGTH + TIME_LENGTH + 1 &&
                  g_ascii_toupper(piece->text[piece->offset + piece->length - 1]) == 'Z';
    bool is_date = piece->length == DATE_LENGTH;
    if (!is_utc && !is_date && piece->length != DATE_LENGTH + TIME_LENGTH)
        return wanted;

    int64_t label, time = 0;
    const char *problem = read_date(piece, &label);
    if (!problem && !is_date)
        problem = read_time(piece, &time);
    if (problem)
        return problem;
    *value = (IcalValue){label + time, is_date, is_utc};
    return NULL;
}

void
ical_value_append(GString *text, int64_t label, bool is_date)
{
    int64_t days = civil_label_days(label);
    CivilDate date = civil_date(days);
    g_string_append_printf(text, "%04" PRId32 "%02d%02d", date.year, date.month, date.day);
    if (is_date)
        return;
    int64_t second = (label - days * CIVIL_US_PER_DAY) / CIVIL_US_PER_SECOND;
    g_string_append_printf(text, "T%02d%02d%02d", (int)(second / 3600), (int)(second / 60 % 60),
                           (int)(second % 60));
}

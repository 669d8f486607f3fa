/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/instant.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "calendar/civil.h"

/* Exactly so many digits; moves on. */
static bool
read_digits(const char **text, int n, int *value)
{
    *value = 0;
    for (; n > 0; n--, (*text)++) {
        if (!g_ascii_isdigit(**text))
            return false;
        *value = *value * 10 + (**text - '0');
    }
    return true;
}

static bool
read_char(const char **text, const char *choices)
{
    if (**text == '\0' || !strchr(choices, **text))
        return false;
    (*text)++;
    return true;
}

static bool
read_date(const char **text, int64_t *days)
{
    int year, month, day;
    if (!read_digits(text, 4, &year) || !read_char(text, "-") || !read_digits(text, 2, &month) ||
        !read_char(text, "-") || !read_digits(text, 2, &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > civil_month_length(year, month))
        return false;
    *days = civil_days(year, month, day);
    return true;
}

/* Behind the point: one to six digits. */
static bool
read_fraction(const char **text, int64_t *us)
{
    int digit;
    int64_t unit = CIVIL_US_PER_SECOND / 10;
    for (*us = 0; unit > 0 && read_digits(text, 1, &digit); unit /= 10)
        *us += digit * unit;
    return unit < CIVIL_US_PER_SECOND / 10 && !g_ascii_isdigit(**text);
}

static bool
read_time(const char **text, int64_t *us)
{
    int hour, minute, second = 0;
    int64_t fraction = 0;
    if (!read_digits(text, 2, &hour) || !read_char(text, ":") || !read_digits(text, 2, &minute))
        return false;
    bool has_seconds = read_char(text, ":");
    if (has_seconds && !read_digits(text, 2, &second))
        return false;
    if (has_seconds && read_char(text, ".") && !read_fraction(text, &fraction))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *us = (hour * 3600 + minute * 60 + second) * CIVIL_US_PER_SECOND + fraction;
    return true;
}

/* "Z", "+02", "-05:30", "+00:53:28" */
static bool
read_offset(const char **text, int64_t *seconds)
{
    *seconds = 0;
    if (read_char(text, "Zz"))
        return true;
    bool is_west = **text == '-';
    int hours, minutes = 0, rest = 0;
    if (!read_char(text, "+-") || !read_digits(text, 2, &hours))
        return false;
    if (read_char(text, ":") && !read_digits(text, 2, &minutes))
        return false;
    if (read_char(text, ":") && !read_digits(text, 2, &rest))
        return false;
    if (hours > 25 || minutes > 59 || rest > 59)
        return false;
    *seconds = hours * 3600 + minutes * 60 + rest;
    if (is_west)
        *seconds = -*seconds;
    return true;
}

static bool
read_instant(const char *text, const Zone *zone, int64_t *at)
{
    int64_t days, time, offset, second;
    if (!read_date(&text, &days) || !read_char(&text, "Tt ") || !read_time(&text, &time))
        return false;
    int64_t label = days * CIVIL_US_PER_DAY + time;
    int64_t found;
    if (*text == '\0')
        (void)zone_resolve(zone, label, &found, &second);
    else if (read_offset(&text, &offset) && *text == '\0')
        found = label - offset * CIVIL_US_PER_SECOND;
    else
        return false;
    *at = CLAMP(found, CIVIL_MIN_AT, CIVIL_MAX_AT);
    return true;
}

bool
instant_parse(const char *text, const Zone *zone, int64_t *at, GError **error)
{
    if (read_instant(text, zone, at))
        return true;
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT,
                "\"%s\" is no date and time: 2026-01-31T09:00 is one, seconds (:30) and an offset "
                "from UTC (+02:00, or Z) may follow",
                text);
    return false;
}

static void
append_date(GString *text, int64_t label)
{
    CivilDate date = civil_date(civil_label_days(label));
    g_string_append_printf(text, "%04d-%02d-%02d", date.year, date.month, date.day);
}

static void
append_time(GString *text, int64_t label, bool with_seconds)
{
    int64_t time = label - civil_label_days(label) * CIVIL_US_PER_DAY;
    int minutes = (int)(time / CIVIL_US_PER_MINUTE);
    int seconds = (int)(time % CIVIL_US_PER_MINUTE / CIVIL_US_PER_SECOND);
    int fraction = (int)(time % CIVIL_US_PER_SECOND);
    g_string_append_printf(text, "%02d:%02d", minutes / 60, minutes % 60);
    if (with_seconds || time % CIVIL_US_PER_MINUTE != 0)
        g_string_append_printf(text, ":%02d", seconds);
    if (fraction != 0)
        g_string_append_printf(text, ".%06d", fraction);
}

char *
instant_print_label(int64_t label, char between)
{
    GString *text = g_string_new(NULL);
    append_date(text, label);
    g_string_append_c(text, between);
    append_time(text, label, true);
    return g_string_free(text, FALSE);
}

char *
instant_print_offset(int32_t seconds)
{
    int size = abs(seconds);
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%c%02d:%02d", seconds < 0 ? '-' : '+', size / 3600,
                           size / 60 % 60);
    if (size % 60 != 0)
        g_string_append_printf(text, ":%02d", size % 60);
    return g_string_free(text, FALSE);
}

/* At the ends of the calendar a zone's labels can lie outside it: UTC's never do. */
static int32_t
offset_to_show(int64_t at, const Zone *zone)
{
    int32_t offset = zone_offset(zone, at);
    int64_t label = at + offset * CIVIL_US_PER_SECOND;
    return label < CIVIL_MIN_AT || label > CIVIL_MAX_AT ? 0 : offset;
}

char *
instant_print(int64_t at, const Zone *zone)
{
    at = CLAMP(at, CIVIL_MIN_AT, CIVIL_MAX_AT);
    int32_t offset = offset_to_show(at, zone);
    int64_t label = at + offset * CIVIL_US_PER_SECOND;
    int64_t first, second;
    GString *text = g_string_new(NULL);
    append_date(text, label);
    g_string_append_c(text, 'T');
    append_time(text, label, false);

    (void)zone_resolve(zone, label, &first, &second);
    if (first != at) {
        g_autofree char *behind = instant_print_offset(offset);
        g_string_append(text, behind);
    }
    return g_string_free(text, FALSE);
}

char *
instant_print_full(int64_t at, const Zone *zone)
{
    at = CLAMP(at, CIVIL_MIN_AT, CIVIL_MAX_AT);
    int32_t offset = offset_to_show(at, zone);
    g_autofree char *label = instant_print_label(at + offset * CIVIL_US_PER_SECOND, 'T');
    g_autofree char *behind = instant_print_offset(offset);
    return g_strconcat(label, behind, NULL);
}

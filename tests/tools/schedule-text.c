/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "schedule-text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calendar/bitmap.h"
#include "calendar/civil.h"

typedef struct {
    const char *names; /* of three letters each, in a row; NULL = numbers only */
    int first;         /* the value of bit 0 */
    int last;
} Field;

static const Field fields[] = {
    [SCHEDULE_TEXT_MINUTES] = {NULL, 0, 59},
    [SCHEDULE_TEXT_HOURS] = {NULL, 0, 23},
    [SCHEDULE_TEXT_WEEKDAYS] = {"SunMonTueWedThuFriSat", 0, 6},
    [SCHEDULE_TEXT_MONTH_DAYS] = {NULL, 1, 32},
    [SCHEDULE_TEXT_MONTHS] = {"JanFebMarAprMayJunJulAugSepOctNovDec", 1, 12},
};

static bool
is_nothing(const char *text)
{
    return *text == '\0' || g_str_equal(text, "*") || g_str_equal(text, "-");
}

static bool
read_value(const char **text, const Field *field, int *value)
{
    if (g_str_has_prefix(*text, "last") && field->last == 32) {
        *text += 4;
        *value = 31;
        return true;
    }
    if (field->names && g_ascii_isalpha(**text)) {
        for (int i = 0; i <= field->last - field->first; i++) {
            if (g_ascii_strncasecmp(*text, field->names + 3 * i, 3) == 0) {
                *text += 3;
                *value = i;
                return true;
            }
        }
        return false;
    }
    char *end;
    long number = strtol(*text, &end, 10);
    if (end == *text || number < field->first || number > field->last)
        return false;
    *text = end;
    *value = (int)number - field->first;
    return true;
}

/* "0,15,30-45", "Mon-Fri", "1,last"; "*" sets no bit. */
static bool
read_bits(const char *text, const Field *field, uint64_t *bits)
{
    *bits = 0;
    if (is_nothing(text))
        return true;
    for (;;) {
        int from, to;
        if (!read_value(&text, field, &from))
            return false;
        to = from;
        if (*text == '-') {
            text++;
            if (!read_value(&text, field, &to) || to < from)
                return false;
        }
        for (int i = from; i <= to; i++)
            *bits |= UINT64_C(1) << i;
        if (*text != ',')
            return *text == '\0';
        text++;
    }
}

static bool
read_date(const char **text, int64_t *days)
{
    int year, month, day, length = 0;
    if (sscanf(*text, "%4d-%2d-%2d%n", &year, &month, &day, &length) < 3 || length == 0)
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > civil_month_length(year, month))
        return false;
    *days = civil_days(year, month, day);
    *text += length;
    return true;
}

/* hh:mm[:ss[.ffffff]] */
static bool
read_time(const char **text, int64_t *time)
{
    int hour, minute, length = 0;
    if (sscanf(*text, "%2d:%2d%n", &hour, &minute, &length) < 2 || length == 0 || hour < 0 ||
        hour > 23 || minute < 0 || minute > 59)
        return false;
    *text += length;
    *time = hour * 60 * CIVIL_US_PER_MINUTE + minute * CIVIL_US_PER_MINUTE;
    if (**text != ':')
        return true;
    char *end;
    double seconds = g_ascii_strtod(*text + 1, &end);
    if (seconds < 0 || seconds >= 60 || end < *text + 3)
        return false;
    *time += (int64_t)(seconds * 1e6 + 0.5);
    *text = end;
    return true;
}

/* "Z", "+02", "-05:30", "+00:53:28"; microseconds east. */
static bool
read_offset(const char *text, int64_t *offset)
{
    if (g_str_equal(text, "Z")) {
        *offset = 0;
        return true;
    }
    int hours, minutes = 0, seconds = 0;
    if ((*text != '+' && *text != '-') ||
        sscanf(text + 1, "%2d:%2d:%2d", &hours, &minutes, &seconds) < 1)
        return false;
    int64_t value = (hours * 3600 + minutes * 60 + seconds) * CIVIL_US_PER_SECOND;
    *offset = *text == '-' ? -value : value;
    return true;
}

bool
schedule_text_read_instant(const char *text, const Zone *zone, int64_t *at)
{
    if (*text == '@') {
        char *end;
        *at = g_ascii_strtoll(text + 1, &end, 10);
        return end > text + 1 && *end == '\0';
    }
    int64_t days, time, offset, second;
    if (!read_date(&text, &days) || *text++ != ' ' || !read_time(&text, &time))
        return false;
    int64_t label = days * CIVIL_US_PER_DAY + time;
    if (*text == '\0') {
        (void)zone_resolve(zone, label, at, &second);
        return true;
    }
    if (!read_offset(text, &offset))
        return false;
    *at = label - offset;
    return true;
}

char *
schedule_text_print_instant(int64_t at, const Zone *zone)
{
    int32_t offset = zone_offset(zone, at);
    int64_t label = at + offset * CIVIL_US_PER_SECOND;
    int64_t days = civil_label_days(label);
    int64_t time = label - days * CIVIL_US_PER_DAY;
    CivilDate date = civil_date(days);
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%04d-%02d-%02d %02d:%02d", date.year, date.month, date.day,
                           (int)(time / CIVIL_US_PER_MINUTE / 60),
                           (int)(time / CIVIL_US_PER_MINUTE % 60));
    int64_t rest = time % CIVIL_US_PER_MINUTE;
    if (rest > 0)
        g_string_append_printf(text, ":%02d", (int)(rest / CIVIL_US_PER_SECOND));
    if (rest % CIVIL_US_PER_SECOND > 0)
        g_string_append_printf(text, ".%06d", (int)(rest % CIVIL_US_PER_SECOND));
    int size = abs(offset);
    g_string_append_printf(text, "%c%02d", offset < 0 ? '-' : '+', size / 3600);
    if (size % 3600)
        g_string_append_printf(text, ":%02d", size / 60 % 60);
    if (size % 60)
        g_string_append_printf(text, ":%02d", size % 60);
    return g_string_free(text, FALSE);
}

/* "2030-01-07", "2030-01-07 09:15", "* 09:15", "*" (which hides nothing). */
static bool
read_exception(const char *text, ScheduleException *exception)
{
    *exception = (ScheduleException){SCHEDULE_ANY_DATE, SCHEDULE_ANY_MINUTE};
    if (*text == '*')
        text++;
    else if (!read_date(&text, &exception->date))
        return false;
    if (*text == '\0')
        return true;
    int64_t time;
    if (*text++ != ' ' || !read_time(&text, &time) || *text)
        return false;
    exception->minute = (int32_t)(time / CIVIL_US_PER_MINUTE);
    return true;
}

/* Exceptions separated by semicolons; "-" = none. */
static GArray *
read_exceptions(const char *text)
{
    g_autoptr(GArray) exceptions = g_array_new(FALSE, FALSE, sizeof(ScheduleException));
    if (*text == '\0' || g_str_equal(text, "-"))
        return g_steal_pointer(&exceptions);
    g_auto(GStrv) parts = g_strsplit(text, ";", -1);
    for (char **part = parts; *part; part++) {
        ScheduleException exception;
        if (!read_exception(g_strstrip(*part), &exception))
            return NULL;
        g_array_append_val(exceptions, exception);
    }
    return g_steal_pointer(&exceptions);
}

static Schedule *
refuse(char **problem, const char *what, const char *text)
{
    *problem = g_strdup_printf("cannot read %s \"%s\"", what, text);
    return NULL;
}

Schedule *
schedule_text_read(char *const *columns, int id, char **problem)
{
    uint64_t bits[SCHEDULE_TEXT_MONTHS + 1];
    for (int i = 0; i <= SCHEDULE_TEXT_MONTHS; i++) {
        if (!read_bits(columns[i], &fields[i], &bits[i]))
            return refuse(problem, "list", columns[i]);
    }

    g_autoptr(Zone) zone = zone_load(columns[SCHEDULE_TEXT_ZONE], NULL, NULL);
    if (!zone)
        return refuse(problem, "time zone", columns[SCHEDULE_TEXT_ZONE]);

    int64_t start_at = INT64_MIN, end_at = SCHEDULE_NO_END;
    if (!is_nothing(columns[SCHEDULE_TEXT_START]) &&
        !schedule_text_read_instant(columns[SCHEDULE_TEXT_START], zone, &start_at))
        return refuse(problem, "start", columns[SCHEDULE_TEXT_START]);
    if (!is_nothing(columns[SCHEDULE_TEXT_END]) &&
        !schedule_text_read_instant(columns[SCHEDULE_TEXT_END], zone, &end_at))
        return refuse(problem, "end", columns[SCHEDULE_TEXT_END]);

    g_autoptr(GArray) exceptions = read_exceptions(columns[SCHEDULE_TEXT_EXCEPTIONS]);
    if (!exceptions)
        return refuse(problem, "exceptions", columns[SCHEDULE_TEXT_EXCEPTIONS]);

    Rule rule;
    bitmap_rule(bits[SCHEDULE_TEXT_MINUTES], bits[SCHEDULE_TEXT_HOURS],
                bits[SCHEDULE_TEXT_WEEKDAYS], bits[SCHEDULE_TEXT_MONTH_DAYS],
                bits[SCHEDULE_TEXT_MONTHS], &rule);
    return schedule_new(id, &rule, zone, start_at, end_at,
                        (const ScheduleException *)(const void *)exceptions->data, exceptions->len);
}

/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/cronfield.h"

#include <glib.h>

#define LISTS "lists, ranges (a-b) and steps (/n)"

static const char *const month_words[] = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december",
};

static const char *const weekday_words[] = {
    "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
};

const CronField cron_fields[N_CRON_FIELDS] = {
    {CRON_SECOND, "second", "seconds", 0, 59, NULL, "0 to 59, *, " LISTS},
    {CRON_MINUTE, "minute", "minutes", 0, 59, NULL, "0 to 59, *, " LISTS},
    {CRON_HOUR, "hour", "hours", 0, 23, NULL, "0 to 23, *, " LISTS},
    {CRON_DAY, "day of month", "days", 1, 31, NULL,
     "1 to 31, *, ? alone, L or $ (the last), L-n, nW, LW, " LISTS},
    {CRON_MONTH, "month", NULL, 1, 12, month_words, "1 to 12, JAN to DEC, *, " LISTS},
    {CRON_WEEKDAY, "weekday", "days", 0, 6, weekday_words,
     "0 to 7 (Sunday is 0 and 7), SUN to SAT, *, ? alone, n#k (the kth of the month), "
     "nL (the last of the month), " LISTS},
};

int
cron_field_size(const CronField *self)
{
    return self->last - self->first + 1;
}

uint64_t
cron_field_get(const CronField *self, const Rule *rule)
{
    switch (self->kind) {
    case CRON_SECOND:
        return rule->seconds;
    case CRON_MINUTE:
        return rule->minutes;
    case CRON_HOUR:
        return rule->hours;
    case CRON_DAY:
        return rule->month_days;
    case CRON_MONTH:
        return rule->months;
    case CRON_WEEKDAY:
        return rule->weekdays;
    case N_CRON_FIELDS:
        break;
    }
    g_assert_not_reached();
}

void
cron_field_set(const CronField *self, Rule *rule, uint64_t bits)
{
    switch (self->kind) {
    case CRON_SECOND:
        rule->seconds = bits;
        return;
    case CRON_MINUTE:
        rule->minutes = bits;
        return;
    case CRON_HOUR:
        rule->hours = (uint32_t)bits;
        return;
    case CRON_DAY:
        rule->month_days = (uint32_t)bits;
        return;
    case CRON_MONTH:
        rule->months = (uint16_t)bits;
        return;
    case CRON_WEEKDAY:
        rule->weekdays = (uint8_t)bits;
        return;
    case N_CRON_FIELDS:
        break;
    }
    g_assert_not_reached();
}

/* SPDX-License-Identifier: PostgreSQL */
/* Schedules and instants as people write them in tables of cases: see tests/data/calendar/README. */
#pragma once

#include "calendar/schedule.h"

/* The columns that say what a schedule is, in this order. */
typedef enum {
    SCHEDULE_TEXT_MINUTES,
    SCHEDULE_TEXT_HOURS,
    SCHEDULE_TEXT_WEEKDAYS,
    SCHEDULE_TEXT_MONTH_DAYS,
    SCHEDULE_TEXT_MONTHS,
    SCHEDULE_TEXT_ZONE,
    SCHEDULE_TEXT_START,
    SCHEDULE_TEXT_END,
    SCHEDULE_TEXT_EXCEPTIONS,
    N_SCHEDULE_TEXT_COLUMNS
} ScheduleTextColumn;

/* Reads the columns; *problem says in words what cannot be read. Free with schedule_free. */
Schedule *schedule_text_read(char *const *columns, int id, char **problem);

/* "2030-01-07 09:00" in the zone, with "+02:00" or "Z" behind it where the clock shows that twice, or "@" and
 * microseconds since 1970. */
bool schedule_text_read_instant(const char *text, const Zone *zone, int64_t *at);
/* "2030-01-07 09:00+02", with seconds and their fractions only if there are any. Free with g_free. */
char *schedule_text_print_instant(int64_t at, const Zone *zone);

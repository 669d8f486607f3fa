/* SPDX-License-Identifier: PostgreSQL */
/* A length of time in PostgreSQL's three parts: months and days of the calendar, and elapsed time. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "calendar/zone.h"

typedef struct {
    int32_t months;
    int32_t days;
    int64_t us;
} Length;

/* `at` and that much later, as PostgreSQL adds an interval to a timestamptz: months, then days by the zone's calendar (the
 * 31st plus a month is that month's last day; a label that exists twice is its second pass), then the elapsed time.
 * Clamped to the years 1 to 9999. */
int64_t length_after(const Length *self, const Zone *zone, int64_t at);
/* With days as 24 hours; months are not looked at. What does not fit becomes INT64_MAX or INT64_MIN. */
int64_t length_elapsed(const Length *self);
bool length_is_positive(const Length *self); /* no part is negative, and one is not 0 */

/* "90 minutes", "1h30m", "2 days 12 hours", "1 month", "01:30:00", "1.5 h": numbers with units, one after the other, which
 * add up; each may have a sign. Units: us ms s sec m min h hr d w mon y yr, and the whole words, also in the plural.
 * Fractions to the millionth; of days and weeks they become hours (1.5 days = 1 day 12 hours), months and years have none.
 * Errors: INPUT. */
bool length_parse(const char *text, Length *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "1 month 2 days 1 hour 30 minutes": reads as the same. Free with g_free. */
char *length_print(const Length *self);

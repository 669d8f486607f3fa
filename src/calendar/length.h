/* SPDX-License-Identifier: PostgreSQL */
/* A length of time in PostgreSQL's three parts: months and days of the calendar, and elapsed time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "calendar/zone.h"

typedef struct {
    int32_t months;
    int32_t days;
    int64_t us;
} Length;

/* `at` and that much later, as PostgreSQL adds an interval to a timestamptz: months and days by the zone's calendar (the
 * 31st plus a month is that month's last day), then the elapsed time. Clamped to the years 1 to 9999. */
int64_t length_after(const Length *self, const Zone *zone, int64_t at);
/* With days as 24 hours; months are not looked at. */
int64_t length_elapsed(const Length *self);
bool length_is_positive(const Length *self); /* no part is negative, and one is not 0 */
/* "90 minutes", "1h30m", "2 days 12 hours", "01:30:00", "1 month": numbers with units (us ms s sec m min h hour d day week month
 * year, and their plurals), one after the other. Errors: INPUT. */
bool length_parse(const char *text, Length *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A text that reads as the same. Free with g_free. */
char *length_print(const Length *self);

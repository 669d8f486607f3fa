/* SPDX-License-Identifier: PostgreSQL */
/* Which days of a month a rule selects: all that it says of days, but for its interval and positions. */
#pragma once

#include <stdint.h>

#include "calendar/rule.h"

/* A month, and where it lies. */
typedef struct {
    int32_t year;
    int month;     /* 1 … 12 */
    int length;    /* days */
    int weekday;   /* of its first day */
    int64_t first; /* that day, since 1970-01-01 */
} Month;

void month_of_day(Month *self, int64_t day);
void month_set(Month *self, int32_t year, int month);
/* Goes on to the next month of which `months` has the bit; there must be one. */
void month_advance(Month *self, uint32_t months);

/* Bit n = day n + 1. The bit after the month's last day is the first of the next month, where SKIP=FORWARD brought a day
 * there. Whether the month itself is selected is not looked at. */
uint32_t days_of_month(const Rule *rule, const Month *month);

/* SPDX-License-Identifier: PostgreSQL */
/* Which periods a rule's interval visits: every nth year, month, week, day, hour, minute or second from that of its
 * anchor on (and before it, at the same distance). */
#pragma once

#include <stdint.h>

#include "calendar/days.h"
#include "calendar/rule.h"

/* Of a period of a day or less. */
int interval_seconds(RuleFrequency frequency);

/* How many periods of its frequency a Gregorian cycle has. */
int64_t interval_cycle(const Rule *rule);

/* The first day at or after that one in a visited period; one after CIVIL_MAX_DAYS if there is none up to then. With periods
 * of less than a day each day is visited. */
int64_t interval_next_day(const Rule *rule, int64_t day);
/* The days of a month in visited periods, as days_of_month has them. */
uint32_t interval_days_of_month(const Rule *rule, const Month *month);
/* The next month that is selected and, if possible, visited. */
void interval_advance_month(const Rule *rule, Month *month);
/* The first second at or after that one in a visited period of less than a day; with longer periods itself. */
int64_t interval_next_second(const Rule *rule, int64_t second);

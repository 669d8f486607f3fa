/* SPDX-License-Identifier: PostgreSQL */
/* pgAgent's schedules: five arrays of flags. */
#pragma once

#include "calendar/rule.h"

/* Bit n of each = its element n (minutes from 0, hours from 0, weekdays from Sunday, days from the 1st and bit 31 = the last
 * day whatever its number, months from January); further bits select nothing. An array without any true means every
 * value. Days AND weekdays must fit. */
void bitmap_rule(uint64_t minutes, uint64_t hours, uint64_t weekdays, uint64_t month_days,
                 uint64_t months, Rule *rule);

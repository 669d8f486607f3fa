/* SPDX-License-Identifier: PostgreSQL */
/* BYSETPOS: of all labels in a period, only those at some places, counted from its beginning or its end. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "calendar/rule.h"

/* In a stretch of a selected day (see times_count): the first second at or after `from` that stands at a position. */
bool positions_in_times(const Rule *rule, int64_t second, int length, int64_t from, int64_t *found);
/* In years, months or weeks: the first second from `from` to `last` at a position of its period. */
RuleOutcome positions_in_periods(const Rule *rule, int64_t from, int64_t last, int *steps,
                                 int64_t *found);

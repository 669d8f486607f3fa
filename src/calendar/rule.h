/* SPDX-License-Identifier: PostgreSQL */
/* The one compiled form of a rule, whatever language it was written in: masks over the fields of a local
 * label. Front ends (pgAgent's arrays; later cron, iCalendar …) fill it in; nothing else searches.
 *
 * Knows no zone and no instants: it maps labels (local microseconds) to labels. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t minutes;    /* bit n = minute n */
    uint32_t hours;      /* bit n = hour n */
    uint32_t month_days; /* bit n = day n + 1; bit 31 = the last day, whatever its number */
    uint16_t months;     /* bit n = month n + 1 */
    uint8_t weekdays;    /* bit n; 0 = Sunday */
} RuleMask;

typedef enum {
    RULE_FOUND,
    RULE_NEVER,  /* proved: nothing in a whole Gregorian cycle */
    RULE_BEYOND, /* not up to the horizon, or the step budget is used up */
} RuleOutcome;

/* Fills a mask from pgAgent's arrays; an array without any true means every value. Days AND weekdays must match. */
RuleMask rule_mask_from_bits(uint64_t minutes, uint64_t hours, uint64_t weekdays,
                             uint64_t month_days, uint64_t months);
/* Wall-clock rules (see DESIGN: what 02:30 means) select a proper subset of the day's hours; others are running. */
bool rule_mask_is_running(const RuleMask *self);
bool rule_mask_matches_day(const RuleMask *self, int64_t days);
/* The first matching day at or after `days`, at or before `last` (both are clamped to the years 1 to 9999). */
RuleOutcome rule_mask_next_day(const RuleMask *self, int64_t days, int64_t last, int64_t *found);
/* The first matching minute of the day at or after `minute`; -1 = none. */
int rule_mask_next_minute(const RuleMask *self, int minute);

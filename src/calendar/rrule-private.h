/* SPDX-License-Identifier: PostgreSQL */
/* What reading and printing of recurrence rules share. */
#pragma once

#include "calendar/rrule.h"

/* In the order in which they are printed. */
typedef enum {
    RRULE_FREQ,
    RRULE_INTERVAL,
    RRULE_COUNT,
    RRULE_UNTIL,
    RRULE_RSCALE,
    RRULE_SKIP,
    RRULE_WKST,
    RRULE_BYMONTH,
    RRULE_BYWEEKNO,
    RRULE_BYYEARDAY,
    RRULE_BYMONTHDAY,
    RRULE_BYDAY,
    RRULE_BYHOUR,
    RRULE_BYMINUTE,
    RRULE_BYSECOND,
    RRULE_BYSETPOS,
    N_RRULE_PARTS
} RrulePart;

extern const char *const rrule_part_names[N_RRULE_PARTS + 1]; /* the last is NULL */
extern const char *const rrule_frequency_names[N_RULE_FREQUENCIES];
extern const char *const rrule_skip_names[3];
extern const char *const rrule_weekday_names[7];

/* A rule of that frequency, with nothing in the fields that the BYxxx parts add to. */
void rrule_begin(Rule *rule, RuleFrequency frequency);
/* Fills the fields whose parts are not given (bit n of given = part n is): with what DTSTART says, or with everything. */
void rrule_supply(Rule *rule, uint32_t given, int64_t dtstart);

/* SPDX-License-Identifier: PostgreSQL */
/* The one compiled form of a rule, whatever language it was written in: which local labels it selects. Front ends
 * (bitmap, cron, rrule, definition) fill it in; nothing else searches.
 *
 * Knows no zone and no instants: it maps labels (local microseconds) to labels. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    RULE_FOUND,
    RULE_NEVER,  /* proved: none, however long one waits */
    RULE_BEYOND, /* not up to the horizon, or the step budget is used up */
} RuleOutcome;

/* What an interval counts, and what positions are counted in. Rules that have neither are SECONDLY: their masks
 * alone say what they select. */
typedef enum {
    RULE_YEARLY,
    RULE_MONTHLY,
    RULE_WEEKLY,
    RULE_DAILY,
    RULE_HOURLY,
    RULE_MINUTELY,
    RULE_SECONDLY,
    N_RULE_FREQUENCIES
} RuleFrequency;

/* What becomes of a month day or year day that does not exist (RFC 7529; YEARLY and MONTHLY only). */
typedef enum {
    RULE_SKIP_OMIT,
    RULE_SKIP_BACKWARD, /* the last day of that month or year */
    RULE_SKIP_FORWARD,  /* the first day of the next one */
} RuleSkip;

/* Numbers 1 to 366: bit n of the whole = the number n. */
typedef struct {
    uint64_t words[6];
} RuleNumbers;

#define RULE_ALL_MONTHS     UINT16_C(0xfff)
#define RULE_ALL_WEEKDAYS   UINT8_C(0x7f)
#define RULE_ALL_MONTH_DAYS UINT32_C(0x7fffffff)
#define RULE_LAST_DAY       (UINT32_C(1) << 31) /* in month_days_back; also in near_weekdays */
#define RULE_ALL_HOURS      UINT32_C(0xffffff)
#define RULE_ALL_60         (UINT64_MAX >> 4)

/* Which labels. A day must fit all fields; a field is a union of its parts:
 *
 *   month          months
 *   day of month   month_days, month_days_back, near_weekdays
 *   weekday        weekdays, nth_of_month, nth_of_year, nth_of_year_back
 *   day of year    year_days, year_days_back       (if has_year_days)
 *   week of year   weeks, weeks_back               (if has_weeks)
 *
 * with the one exception that either_day asks for the day of month OR the weekday. Plain data without padding and
 * without pointers, so that two rules are equal if their bytes are: begin with rule_init, then assign. */
typedef struct {
    /* A label in the first period that the interval counts; 0 where the interval is 1. */
    int64_t anchor;
    uint32_t interval; /* every n periods, from 1 */

    uint32_t hours;   /* bit n = hour n */
    uint64_t minutes; /* bit n = minute n */
    uint64_t seconds;

    uint8_t frequency;  /* RuleFrequency */
    uint8_t skip;       /* RuleSkip */
    uint8_t week_start; /* of WEEKLY periods and of numbered weeks; 0 = Sunday, 1 = Monday … */
    uint8_t either_day; /* bool: cron's OR of its two day fields */
    uint8_t has_year_days;
    uint8_t has_weeks;
    uint8_t has_positions;
    uint8_t weekdays; /* bit n; 0 = Sunday */

    uint16_t months; /* bit n = month n + 1 */
    /* Of each weekday: bit 1 … 5 = the nth, bit 9 … 13 = the nth from the end. */
    uint16_t nth_of_month[7];

    uint32_t month_days; /* bit n = day n + 1 */
    /* Bit 31 = the last day, bit 30 = the one before it … bit 1 = the 31st from the end. */
    uint32_t month_days_back;
    /* Bit n = the Monday to Friday nearest to day n + 1 and in its month, if that has such a day; RULE_LAST_DAY = the last
     * Monday to Friday. */
    uint32_t near_weekdays;
    uint32_t unused; /* 0 */

    /* Of each weekday: bit n = the nth of the year, 1 … 53. */
    uint64_t nth_of_year[7];
    uint64_t nth_of_year_back[7];
    /* Bit n = week n of the year, 1 … 53: the first is the one with four days or more in it (ISO 8601). */
    uint64_t weeks;
    uint64_t weeks_back;
    RuleNumbers year_days;
    RuleNumbers year_days_back; /* bit 1 = the last day of the year */

    /* BYSETPOS: of all labels in a period, only those at these places. */
    RuleNumbers positions;
    RuleNumbers positions_back;
} Rule;

/* Every second. */
void rule_init(Rule *self);
bool rule_equal(const Rule *a, const Rule *b);
void rule_numbers_add(RuleNumbers *self, int number);
bool rule_numbers_has(const RuleNumbers *self, int number);

/* NULL if the rule selects anything at all, in whatever year; else why it cannot, in plain words ("no date fits its
 * months, days of the month and weekdays"). Costs less than a millisecond. */
const char *rule_why_never(const Rule *self);
/* Running rules (see DESIGN: what 02:30 means) select every hour and have no period of a day or more. */
bool rule_is_running(const Rule *self);
/* The first label at or after `from`, at or before `last` (both are clamped to the years 1 to 9999); a whole second.
 * *steps falls by what it cost; RULE_BEYOND with *steps < 0 means that the search was given up. A rule that selects
 * nothing is not found out here: see rule_why_never. */
RuleOutcome rule_next(const Rule *self, int64_t from, int64_t last, int *steps, int64_t *label);

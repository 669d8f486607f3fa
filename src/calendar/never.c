/* SPDX-License-Identifier: PostgreSQL */
/* Proofs that a rule never selects anything. The calendar repeats itself after 400 years, so a search over one such cycle
 * is a proof, unless an interval does not fit into it: then the pattern of visited periods repeats only after many cycles.
 * But over all cycles, an interval visits in a cycle's places just the same as its greatest common divisor with the
 * cycle's number of periods does in a single one. */
#include "config.h"

#include <glib.h>

#include "calendar/civil.h"
#include "calendar/interval.h"
#include "calendar/rule.h"
#include "calendar/times.h"

#define SEARCH_FROM (INT64_C(10957) * CIVIL_US_PER_DAY) /* 2000-01-01 */
#define CYCLE       (CIVIL_CYCLE_DAYS * CIVIL_US_PER_DAY)
#define CYCLE_STEPS                                                                                \
    10000000 /* more than a cycle can cost: a rule is not called impossible for its slowness */

static int64_t
greatest_common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static bool
selects_something(const Rule *rule)
{
    int steps = CYCLE_STEPS;
    int64_t label;
    return rule_next(rule, SEARCH_FROM, SEARCH_FROM + CYCLE - 1, &steps, &label) == RULE_FOUND ||
           steps < 0;
}

/* The rule with an interval that visits the same places of the cycle. */
static void
fit_into_cycle(Rule *rule)
{
    rule->interval = (uint32_t)greatest_common_divisor(rule->interval, interval_cycle(rule));
    int64_t past = (rule->anchor - SEARCH_FROM) % CYCLE;
    rule->anchor = SEARCH_FROM + (past < 0 ? past + CYCLE : past);
}

/* Whether any time of day is in a visited hour, minute or second of some day: cheaper to see than by searching. */
static bool
has_visited_time(const Rule *rule)
{
    if (rule->frequency <= RULE_DAILY)
        return true;
    int length = interval_seconds(rule->frequency);
    int64_t step = greatest_common_divisor(rule->interval, TIMES_PER_DAY / length);
    int64_t anchor = civil_label_seconds(rule->anchor) / length;
    for (int second = times_next(rule, 0); second >= 0;
         second = times_next(rule, (second / length + 1) * length)) {
        if ((second / length - anchor) % step == 0)
            return true;
    }
    return false;
}

/* Whether a period of a day or less has as many labels as one of the positions asks for: they all have the same number, so
 * that there is no need to search (in vain, through every second of 400 years). */
static bool
has_some_position(const Rule *rule)
{
    if (!rule->has_positions || rule->frequency < RULE_DAILY)
        return true;
    int most = times_count(rule, interval_seconds(rule->frequency));
    for (int n = 1; n <= MIN(most, 366); n++) {
        if (rule_numbers_has(&rule->positions, n) || rule_numbers_has(&rule->positions_back, n))
            return true;
    }
    return false;
}

const char *
rule_why_never(const Rule *self)
{
    if (!self->hours || !self->minutes || !self->seconds)
        return "no time of day fits its hours, minutes and seconds";
    if (self->interval == 1 && !self->has_positions)
        return selects_something(self) ? NULL : "no date fits all that it says of days";

    Rule part = *self;
    part.has_positions = 0;
    part.interval = 1;
    if (!selects_something(&part))
        return "no date fits all that it says of days";
    part.interval = self->interval;
    fit_into_cycle(&part);
    if (part.interval > 1 && (!has_visited_time(&part) || !selects_something(&part)))
        return "its interval never meets its days and times";
    part.has_positions = self->has_positions;
    if (!has_some_position(&part) || !selects_something(&part))
        return "none of its periods has a date at any of its positions";
    return NULL;
}

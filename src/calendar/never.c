/* SPDX-License-Identifier: PostgreSQL */
/* Proofs that a rule never selects anything. The calendar repeats itself after 400 years, so a search over one such cycle
 * is a proof, unless an interval does not fit into it: then the pattern of visited periods repeats only after many cycles.
 * But over all cycles, an interval visits in a cycle's places just the same as its greatest common divisor with the
 * cycle's number of periods does in a single one.
 *
 * What makes proofs long are intervals of a week or less, which would visit tens of thousands of days in vain. But such an
 * interval comes to the same days (of those on which it meets a selected time) again after a few, so that it can be
 * laid over each month's map. */
#include "config.h"

#include <glib.h>
#include <limits.h>
#include <string.h>

#include "calendar/civil.h"
#include "calendar/days.h"
#include "calendar/interval.h"
#include "calendar/rule.h"
#include "calendar/times.h"

#define FIRST_DAY   INT64_C(10957) /* 2000-01-01 */
#define SEARCH_FROM (FIRST_DAY * CIVIL_US_PER_DAY)
#define CYCLE       (CIVIL_CYCLE_DAYS * CIVIL_US_PER_DAY)
#define ALL_STEPS   1000000 /* more than a cycle has months and weeks */
#define FEW_STEPS   500

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
search_cycle(const Rule *rule, int *steps)
{
    int64_t label;
    return rule_next(rule, SEARCH_FROM, SEARCH_FROM + CYCLE - 1, steps, &label) == RULE_FOUND;
}

static bool
selects_something(const Rule *rule)
{
    int steps = ALL_STEPS;
    return search_cycle(rule, &steps);
}

/* The rule with an interval that visits the same places of the cycle. */
static void
fit_into_cycle(Rule *rule)
{
    rule->interval = (uint32_t)greatest_common_divisor(rule->interval, interval_cycle(rule));
    int64_t past = (rule->anchor - SEARCH_FROM) % CYCLE;
    rule->anchor = SEARCH_FROM + (past < 0 ? past + CYCLE : past);
}

/* ---- Intervals of a week or less ---- */

/* The days that an interval visits at a selected time; they come again after `length` days, which divides the cycle. */
typedef struct {
    uint32_t length;
    bool *visited; /* of days since 1970, modulo length */
} Pattern;

static void
pattern_of_weeks(Pattern *self, const Rule *rule)
{
    self->length = rule->interval * 7;
    self->visited = g_new0(bool, self->length);
    int64_t day = civil_label_days(rule->anchor);
    int64_t first = day - (civil_weekday(day) - rule->week_start + 7) % 7;
    for (int i = 0; i < 7; i++)
        self->visited[(first + i) % self->length] = true;
}

/* With n units a day, the day d is visited at unit u if d * n + u = the anchor's unit, modulo the interval. So the anchor's
 * unit and u must be equal modulo the part that n and the interval have in common; what remains says which days. */
static void
pattern_of_times(Pattern *self, const Rule *rule)
{
    int length = interval_seconds(rule->frequency);
    int units = TIMES_PER_DAY / length;
    int64_t common = greatest_common_divisor(units, rule->interval);
    int64_t anchor = civil_label_seconds(rule->anchor) / length;
    self->length = (uint32_t)(rule->interval / common);
    self->visited = g_new0(bool, self->length);

    g_autofree bool *remains = g_new0(bool, self->length);
    for (int second = times_next(rule, 0); second >= 0;) {
        int64_t unit = second / length;
        int64_t wait = (anchor - unit) % common;
        if (wait == 0)
            remains[(anchor - unit) / common % self->length] = true;
        second = times_next(rule, (int)(unit + MAX(wait, 1)) * length);
    }
    uint64_t step = (uint64_t)(units / common);
    for (uint32_t day = 0; day < self->length; day++)
        self->visited[day] = remains[day * step % self->length];
}

/* Bit n of the map at place r: whether the day r + n is visited. */
static uint32_t *
pattern_maps(const Pattern *self)
{
    uint32_t *maps = g_new(uint32_t, self->length);
    uint32_t map = 0;
    for (uint32_t day = self->length + 31; day-- > 0;) {
        map = map << 1 | self->visited[day % self->length];
        if (day < self->length)
            maps[day] = map;
    }
    return maps;
}

static bool
meets_a_day(const Rule *rule)
{
    Pattern pattern;
    if (rule->frequency == RULE_WEEKLY)
        pattern_of_weeks(&pattern, rule);
    else
        pattern_of_times(&pattern, rule);
    g_autofree bool *visited = pattern.visited;
    if (!memchr(visited, 1, pattern.length))
        return false;
    g_autofree uint32_t *maps = pattern_maps(&pattern);

    Month month;
    month_of_day(&month, FIRST_DAY);
    for (; month.first < FIRST_DAY + CIVIL_CYCLE_DAYS; month_advance(&month, rule->months)) {
        if (rule->months & 1u << (month.month - 1) &&
            days_of_month(rule, &month) & maps[month.first % pattern.length])
            return true;
    }
    return false;
}

/* Most meet something at once, and some visit only a few days. */
static bool
interval_meets(const Rule *rule)
{
    if (rule->frequency <= RULE_MONTHLY)
        return selects_something(rule);
    int steps = FEW_STEPS;
    return search_cycle(rule, &steps) || (steps < 0 && meets_a_day(rule));
}

/* ---- Positions ---- */

static int
first_number(const RuleNumbers *numbers)
{
    for (int word = 0; word < (int)G_N_ELEMENTS(numbers->words); word++) {
        if (numbers->words[word])
            return word * 64 + __builtin_ctzll(numbers->words[word]);
    }
    return INT_MAX;
}

/* No week has more days. */
static int
most_week_days(const Rule *rule)
{
    bool others = rule->either_day;
    for (int i = 0; i < 7; i++)
        others |= rule->nth_of_month[i] || rule->nth_of_year[i] || rule->nth_of_year_back[i];
    return others ? 7 : __builtin_popcount(rule->weekdays);
}

/* No period has more labels; one of a day or less that has any has so many. */
static int
most_labels(const Rule *rule)
{
    if (rule->frequency >= RULE_DAILY)
        return times_count(rule, interval_seconds(rule->frequency));
    int days = rule->frequency == RULE_WEEKLY ? most_week_days(rule) : 366;
    return days * times_count(rule, TIMES_PER_DAY);
}

static bool
position_exists(const Rule *rule)
{
    int first = MIN(first_number(&rule->positions), first_number(&rule->positions_back));
    if (first > most_labels(rule))
        return false;
    return rule->frequency >= RULE_DAILY || selects_something(rule);
}

const char *
rule_why_never(const Rule *self)
{
    static const char no_date[] = "no date fits all that it says of days";
    if (!self->hours || !self->minutes || !self->seconds)
        return "no time of day fits its hours, minutes and seconds";

    if (self->interval == 1 && !self->has_positions)
        return selects_something(self) ? NULL : no_date;

    Rule part = *self;
    part.has_positions = 0;
    part.interval = 1;
    if (!selects_something(&part))
        return no_date;
    part.interval = self->interval;
    fit_into_cycle(&part);
    if (part.interval > 1 && !interval_meets(&part))
        return "its interval never meets its days and times";
    part.has_positions = self->has_positions;
    if (part.has_positions && !position_exists(&part))
        return "none of its periods has a date at any of its positions";
    return NULL;
}

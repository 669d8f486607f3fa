/* SPDX-License-Identifier: PostgreSQL */
/* A period's labels are its days times the times of day, which are the same on each of them: what stands at a place is
 * found by division, and nothing is listed. */
#include "config.h"

#include "calendar/positions.h"

#include <glib.h>

#include "calendar/civil.h"
#include "calendar/days.h"
#include "calendar/interval.h"
#include "calendar/times.h"

typedef struct {
    int64_t first; /* day */
    uint32_t map;
} DayMap;

/* The selected days of a period. */
typedef struct {
    int64_t end; /* the first day of the next period */
    DayMap maps[12];
    int n_maps;
    int n_days;
} Period;

/* What is at place n, from 0. */
typedef int64_t (*LabelAt)(const Rule *rule, gconstpointer labels, int n);

/* The smallest label at or after `from` of those at the rule's positions among n. */
static bool
first_at_positions(const Rule *rule, gconstpointer labels, int n, LabelAt label_at, int64_t from,
                   int64_t *found)
{
    int64_t best = INT64_MAX;
    for (int word = 0; word < 6; word++) {
        uint64_t forward = rule->positions.words[word];
        uint64_t back = rule->positions_back.words[word];
        for (; forward; forward &= forward - 1) {
            int place = word * 64 + __builtin_ctzll(forward) - 1;
            int64_t label = place < n ? label_at(rule, labels, place) : INT64_MAX;
            if (label >= from)
                best = MIN(best, label);
        }
        for (; back; back &= back - 1) {
            int place = n - word * 64 - __builtin_ctzll(back);
            int64_t label = place >= 0 ? label_at(rule, labels, place) : INT64_MAX;
            if (label >= from)
                best = MIN(best, label);
        }
    }
    if (best == INT64_MAX)
        return false;
    *found = best;
    return true;
}

/* ---- In a day or less ---- */

typedef struct {
    int64_t day;
    int second; /* of the day, in the stretch */
    int length;
} Stretch;

static int64_t
time_at(const Rule *rule, gconstpointer labels, int n)
{
    const Stretch *stretch = labels;
    return stretch->day * TIMES_PER_DAY + times_nth(rule, stretch->second, stretch->length, n);
}

bool
positions_in_times(const Rule *rule, int64_t second, int length, int64_t from, int64_t *found)
{
    int64_t day = civil_second_days(second);
    Stretch stretch = {day, (int)(second - day * TIMES_PER_DAY), length};
    return first_at_positions(rule, &stretch, times_count(rule, length), time_at, from, found);
}

/* ---- In a year, a month or a week ---- */

static void
period_add(Period *period, const Rule *rule, const Month *month, uint32_t wanted)
{
    if (!(rule->months & 1u << (month->month - 1)))
        return;
    uint32_t map = days_of_month(rule, month) & wanted;
    if (!map)
        return;
    period->maps[period->n_maps++] = (DayMap){month->first, map};
    period->n_days += __builtin_popcount(map);
}

static void
period_add_week(Period *period, const Rule *rule, int64_t first)
{
    Month month;
    month_of_day(&month, first);
    int into_month = (int)(first - month.first);
    period_add(period, rule, &month, UINT32_C(0x7f) << into_month);
    int rest = into_month + 7 - month.length;
    if (rest > 0) {
        month_advance(&month, RULE_ALL_MONTHS);
        period_add(period, rule, &month, RULE_ALL_WEEKDAYS >> (7 - rest));
    }
    period->end = first + 7;
}

/* The period that the day lies in. */
static void
period_of_day(Period *period, const Rule *rule, int64_t day)
{
    Month month;
    switch ((RuleFrequency)rule->frequency) {
    case RULE_YEARLY:
        month_set(&month, civil_date(day).year, 1);
        for (int i = 0; i < 12; i++) {
            period_add(period, rule, &month, UINT32_MAX);
            month_advance(&month, RULE_ALL_MONTHS);
        }
        period->end = month.first;
        return;
    case RULE_MONTHLY:
        month_of_day(&month, day);
        period_add(period, rule, &month, UINT32_MAX);
        period->end = month.first + month.length;
        return;
    case RULE_WEEKLY:
        period_add_week(period, rule, day - (civil_weekday(day) - rule->week_start + 7) % 7);
        return;
    case RULE_DAILY:
    case RULE_HOURLY:
    case RULE_MINUTELY:
    case RULE_SECONDLY:
    case N_RULE_FREQUENCIES:
        break;
    }
    g_assert_not_reached();
}

static int64_t
day_at(const Period *period, int n)
{
    const DayMap *days = period->maps;
    int count = __builtin_popcount(days->map);
    while (n >= count) {
        n -= count;
        days++;
        count = __builtin_popcount(days->map);
    }
    uint32_t map = days->map;
    while (n-- > 0)
        map &= map - 1;
    return days->first + __builtin_ctz(map);
}

static int64_t
label_at(const Rule *rule, gconstpointer labels, int n)
{
    int per_day = times_count(rule, TIMES_PER_DAY);
    return day_at(labels, n / per_day) * TIMES_PER_DAY +
           times_nth(rule, 0, TIMES_PER_DAY, n % per_day);
}

RuleOutcome
positions_in_periods(const Rule *rule, int64_t from, int64_t last, int *steps, int64_t *found)
{
    int64_t day = civil_second_days(from);
    int64_t last_day = civil_second_days(last);
    int per_day = times_count(rule, TIMES_PER_DAY);

    /* The last label of the period before may be today. */
    if (rule->skip == RULE_SKIP_FORWARD)
        day = MAX(day - 1, CIVIL_MIN_DAYS);
    for (day = interval_next_day(rule, day); day <= last_day && --*steps >= 0;) {
        Period period = {0};
        period_of_day(&period, rule, day);
        if (first_at_positions(rule, &period, period.n_days * per_day, label_at, from, found))
            return *found <= last ? RULE_FOUND : RULE_BEYOND;
        day = interval_next_day(rule, period.end);
    }
    return RULE_BEYOND;
}

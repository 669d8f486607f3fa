/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/labels.h"

#include <string.h>

#include "calendar/civil.h"

#define MINUTES_PER_DAY 1440
#define DAY_WORDS       ((MINUTES_PER_DAY + 63) / 64)

/* Days on which nothing happens, both inclusive. */
typedef struct {
    int64_t first;
    int64_t last;
} DayRange;

struct Labels {
    RuleMask mask;
    bool is_empty;
    uint64_t minutes[DAY_WORDS]; /* of the day; without exceptions of every day */
    GArray *days;                /* DayRange, sorted and apart from each other */
    GArray *hidden;              /* int64_t, minutes since 1970 that are left out; sorted */
};

static gint
compare_instants(gconstpointer a, gconstpointer b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void
add_day(GArray *ranges, int64_t day)
{
    DayRange *previous = ranges->len > 0 ? &g_array_index(ranges, DayRange, ranges->len - 1) : NULL;
    if (previous && day <= previous->last + 1) {
        previous->last = day;
        return;
    }
    DayRange range = {day, day};
    g_array_append_val(ranges, range);
}

static void
add_minutes(Labels *self)
{
    for (int minute = rule_mask_next_minute(&self->mask, 0); minute >= 0;
         minute = rule_mask_next_minute(&self->mask, minute + 1))
        self->minutes[minute / 64] |= UINT64_C(1) << minute % 64;
}

/* Sorts the exceptions into their three kinds. */
static void
take_exceptions(Labels *self, const ScheduleException *exceptions, size_t n)
{
    g_autoptr(GArray) days = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (size_t i = 0; i < n; i++) {
        const ScheduleException *exception = &exceptions[i];
        bool any_minute = exception->minute == SCHEDULE_ANY_MINUTE;
        if (exception->minute < SCHEDULE_ANY_MINUTE || exception->minute >= MINUTES_PER_DAY)
            continue;
        if (exception->date == SCHEDULE_ANY_DATE) {
            if (!any_minute)
                self->minutes[exception->minute / 64] &= ~(UINT64_C(1) << exception->minute % 64);
            continue;
        }
        if (exception->date < CIVIL_MIN_DAYS || exception->date > CIVIL_MAX_DAYS)
            continue;
        int64_t value =
            any_minute ? exception->date : exception->date * MINUTES_PER_DAY + exception->minute;
        g_array_append_val(any_minute ? days : self->hidden, value);
    }
    g_array_sort(self->hidden, compare_instants);
    g_array_sort(days, compare_instants);
    for (guint i = 0; i < days->len; i++)
        add_day(self->days, g_array_index(days, int64_t, i));
}

static bool
has_minutes(const Labels *self)
{
    uint64_t all = 0;
    for (size_t i = 0; i < DAY_WORDS; i++)
        all |= self->minutes[i];
    return all != 0;
}

Labels *
labels_new(RuleMask mask, const ScheduleException *exceptions, size_t n_exceptions)
{
    Labels *self = g_new0(Labels, 1);
    self->mask = mask;
    self->days = g_array_new(FALSE, FALSE, sizeof(DayRange));
    self->hidden = g_array_new(FALSE, FALSE, sizeof(int64_t));
    add_minutes(self);
    take_exceptions(self, exceptions, n_exceptions);
    int64_t day;
    self->is_empty =
        !has_minutes(self) || rule_mask_next_day(&mask, 0, CIVIL_CYCLE_DAYS, &day) != RULE_FOUND;
    return self;
}

void
labels_free(Labels *self)
{
    if (!self)
        return;
    g_array_unref(self->days);
    g_array_unref(self->hidden);
    g_free(self);
}

bool
labels_is_empty(const Labels *self)
{
    return self->is_empty;
}

/* The range that the day lies in, or NULL. */
static const DayRange *
find_day(const Labels *self, int64_t day)
{
    const DayRange *ranges = (const DayRange *)(const void *)self->days->data;
    size_t low = 0, high = self->days->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranges[middle].last < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low < self->days->len && ranges[low].first <= day ? &ranges[low] : NULL;
}

/* The index of the first hidden minute at or after that one. */
static size_t
find_hidden(const Labels *self, int64_t minute)
{
    const int64_t *hidden = (const int64_t *)(const void *)self->hidden->data;
    size_t low = 0, high = self->hidden->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (hidden[middle] < minute)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int
next_minute(const Labels *self, int minute)
{
    if (minute >= MINUTES_PER_DAY)
        return -1;
    int word = minute / 64;
    uint64_t bits = self->minutes[word] & UINT64_MAX << minute % 64;
    while (!bits) {
        if (++word == DAY_WORDS)
            return -1;
        bits = self->minutes[word];
    }
    return word * 64 + __builtin_ctzll(bits);
}

/* The first minute of that day at or after `minute` that no exception hides; -1 = none. */
static int
next_shown_minute(const Labels *self, int64_t day, int minute, int *steps)
{
    minute = next_minute(self, minute);
    if (minute < 0 || self->hidden->len == 0)
        return minute;
    int64_t day_start = day * MINUTES_PER_DAY;
    size_t i = find_hidden(self, day_start + minute);
    for (; i < self->hidden->len; i++, --*steps) {
        int64_t hidden = g_array_index(self->hidden, int64_t, i) - day_start;
        if (hidden > minute)
            break;
        if (hidden == minute)
            minute = next_minute(self, minute + 1);
        if (minute < 0)
            break;
    }
    return minute;
}

RuleOutcome
labels_next(const Labels *self, int64_t from, int64_t last, int *steps, int64_t *label)
{
    if (self->is_empty)
        return RULE_NEVER;
    from = CLAMP(from, CIVIL_MIN_AT, CIVIL_MAX_AT);
    last = CLAMP(last, CIVIL_MIN_AT, CIVIL_MAX_AT);

    int64_t day = civil_label_days(from);
    int64_t rest = from - day * CIVIL_US_PER_DAY;
    int minute = (int)((rest + CIVIL_US_PER_MINUTE - 1) / CIVIL_US_PER_MINUTE);
    int64_t last_day = civil_label_days(last);
    while (--*steps >= 0) {
        int64_t found;
        if (rule_mask_next_day(&self->mask, day, last_day, &found) != RULE_FOUND)
            return RULE_BEYOND;
        if (found != day)
            minute = 0;
        day = found;

        const DayRange *free_days = find_day(self, day);
        if (free_days) {
            day = free_days->last + 1;
            minute = 0;
            continue;
        }
        minute = next_shown_minute(self, day, minute, steps);
        if (minute >= 0) {
            int64_t result = day * CIVIL_US_PER_DAY + minute * CIVIL_US_PER_MINUTE;
            if (result > last)
                return RULE_BEYOND;
            *label = result;
            return RULE_FOUND;
        }
        day++;
        minute = 0;
    }
    return RULE_BEYOND;
}

/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/labels.h"

#include "calendar/civil.h"
#include "calendar/times.h"

#define MINUTES_PER_DAY 1440
#define DAY_WORDS       ((MINUTES_PER_DAY + 63) / 64)

/* Days or minutes since 1970, both inclusive. */
typedef struct {
    int64_t first;
    int64_t last;
} Range;

typedef enum {
    LABELS_OF_RULE,
    LABELS_LISTED,
    LABELS_DAYS
} LabelsKind;

struct Labels {
    LabelsKind kind;
    const char *why_never;
    GArray *list; /* int64_t, sorted: the labels, or days; NULL of a rule */

    Rule rule;
    bool hides_times;           /* some minutes of every day */
    uint64_t hidden[DAY_WORDS]; /* these */
    GArray *hidden_days;        /* Range, sorted and apart from each other; NULL = none */
    GArray *hidden_minutes;     /* the same */
};

static gint
compare_numbers(gconstpointer a, gconstpointer b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* ---- A rule and what is hidden of it ---- */

static GArray *
ranges_of(GArray *numbers)
{
    GArray *ranges = g_array_new(FALSE, FALSE, sizeof(Range));
    g_array_sort(numbers, compare_numbers);
    for (guint i = 0; i < numbers->len; i++) {
        int64_t number = g_array_index(numbers, int64_t, i);
        Range *previous = ranges->len > 0 ? &g_array_index(ranges, Range, ranges->len - 1) : NULL;
        Range range = {number, number};
        if (previous && number <= previous->last + 1)
            previous->last = number;
        else
            g_array_append_val(ranges, range);
    }
    return ranges;
}

/* Sorts the exceptions into their three kinds. */
static void
hide(Labels *self, const ScheduleException *exceptions, size_t n)
{
    g_autoptr(GArray) days = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GArray) minutes = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (size_t i = 0; i < n; i++) {
        const ScheduleException *exception = &exceptions[i];
        bool any_minute = exception->minute == SCHEDULE_ANY_MINUTE;
        if (exception->minute < SCHEDULE_ANY_MINUTE || exception->minute >= MINUTES_PER_DAY)
            continue;
        if (exception->date == SCHEDULE_ANY_DATE) {
            if (!any_minute) {
                self->hidden[exception->minute / 64] |= UINT64_C(1) << exception->minute % 64;
                self->hides_times = true;
            }
            continue;
        }
        if (exception->date < CIVIL_MIN_DAYS || exception->date > CIVIL_MAX_DAYS)
            continue;
        int64_t value =
            any_minute ? exception->date : exception->date * MINUTES_PER_DAY + exception->minute;
        g_array_append_val(any_minute ? days : minutes, value);
    }
    self->hidden_days = ranges_of(days);
    self->hidden_minutes = ranges_of(minutes);
}

static bool
is_hidden_time(const Labels *self, int minute)
{
    return self->hidden[minute / 64] >> minute % 64 & 1;
}

static bool
shows_any_time(const Labels *self)
{
    for (int second = times_next(&self->rule, 0); second >= 0;
         second = times_next(&self->rule, (second / 60 + 1) * 60)) {
        if (!is_hidden_time(self, second / 60))
            return true;
    }
    return false;
}

/* The range that the number lies in, or NULL. */
static const Range *
find_range(const GArray *sorted, int64_t number)
{
    const Range *ranges = (const Range *)(const void *)sorted->data;
    size_t low = 0, high = sorted->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranges[middle].last < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < sorted->len && ranges[low].first <= number ? &ranges[low] : NULL;
}

/* The index of the first number at or after that one. */
static size_t
find_number(const GArray *sorted, int64_t number)
{
    const int64_t *numbers = (const int64_t *)(const void *)sorted->data;
    size_t low = 0, high = sorted->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (numbers[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool
has_number(const GArray *sorted, int64_t number)
{
    size_t i = find_number(sorted, number);
    return i < sorted->len && g_array_index(sorted, int64_t, i) == number;
}

/* If the label is hidden, the first label behind what hides it; else the label itself. */
static int64_t
leave_hidden(const Labels *self, int64_t label)
{
    int64_t day = civil_label_days(label);
    const Range *range = find_range(self->hidden_days, day);
    if (range)
        return (range->last + 1) * CIVIL_US_PER_DAY;

    int time = (int)((label - day * CIVIL_US_PER_DAY) / CIVIL_US_PER_MINUTE);
    int64_t minute = day * MINUTES_PER_DAY + time;
    range = find_range(self->hidden_minutes, minute);
    if (range || is_hidden_time(self, time))
        return ((range ? range->last : minute) + 1) * CIVIL_US_PER_MINUTE;
    return label;
}

static RuleOutcome
next_of_rule(const Labels *self, int64_t from, int64_t last, int *steps, int64_t *label)
{
    for (;;) {
        int64_t next;
        RuleOutcome outcome = rule_next(&self->rule, from, last, steps, &next);
        if (outcome == RULE_FOUND && self->hidden_days)
            from = leave_hidden(self, next);
        if (outcome != RULE_FOUND || !self->hidden_days || from == next) {
            if (outcome == RULE_FOUND)
                *label = next;
            return outcome;
        }
        if (--*steps < 0)
            return RULE_BEYOND;
    }
}

/* ---- All kinds ---- */

Labels *
labels_new(const Rule *rule, const ScheduleException *exceptions, size_t n_exceptions)
{
    Labels *self = g_new0(Labels, 1);
    self->rule = *rule;
    self->why_never = rule_why_never(rule);
    if (n_exceptions > 0)
        hide(self, exceptions, n_exceptions);
    if (!self->why_never && self->hides_times && !shows_any_time(self))
        self->why_never = "exceptions hide all of its times of day";
    return self;
}

static Labels *
new_list(LabelsKind kind, const int64_t *numbers, size_t n)
{
    Labels *self = g_new0(Labels, 1);
    self->kind = kind;
    self->list = g_array_sized_new(FALSE, FALSE, sizeof(int64_t), (guint)n);
    g_array_append_vals(self->list, numbers, (guint)n);
    g_array_sort(self->list, compare_numbers);
    if (n == 0)
        self->why_never = "it has no dates";
    return self;
}

Labels *
labels_new_list(const int64_t *labels, size_t n)
{
    return new_list(LABELS_LISTED, labels, n);
}

Labels *
labels_new_days(const int64_t *days, size_t n)
{
    return new_list(LABELS_DAYS, days, n);
}

void
labels_free(Labels *self)
{
    if (!self)
        return;
    g_clear_pointer(&self->list, g_array_unref);
    g_clear_pointer(&self->hidden_days, g_array_unref);
    g_clear_pointer(&self->hidden_minutes, g_array_unref);
    g_free(self);
}

const char *
labels_why_never(const Labels *self)
{
    return self->why_never;
}

bool
labels_is_running(const Labels *self)
{
    return self->kind == LABELS_OF_RULE && rule_is_running(&self->rule);
}

RuleOutcome
labels_next(const Labels *self, int64_t from, int64_t last, int *steps, int64_t *label)
{
    if (self->why_never)
        return RULE_NEVER;
    if (self->kind == LABELS_OF_RULE)
        return next_of_rule(self, from, last, steps, label);

    bool is_days = self->kind == LABELS_DAYS;
    int64_t unit = is_days ? CIVIL_US_PER_DAY : 1;
    from = MAX(from, CIVIL_MIN_AT);
    size_t i = find_number(self->list, is_days ? civil_label_days(from - 1) + 1 : from);
    if (i == self->list->len || g_array_index(self->list, int64_t, i) * unit > last)
        return RULE_BEYOND;
    *label = g_array_index(self->list, int64_t, i) * unit;
    return RULE_FOUND;
}

bool
labels_has(const Labels *self, int64_t label, int *steps)
{
    if (self->why_never)
        return false;
    switch (self->kind) {
    case LABELS_OF_RULE:
        break;
    case LABELS_LISTED:
        return has_number(self->list, label);
    case LABELS_DAYS:
        return has_number(self->list, civil_label_days(label));
    }
    int64_t found;
    return labels_next(self, label, label, steps, &found) == RULE_FOUND;
}

/* SPDX-License-Identifier: PostgreSQL */
/* Several schedules as one, minus exceptions. */
#include "config.h"

#include "calendar/civil.h"
#include "calendar/schedule-kind.h"

/* A slot that is found only to be hidden costs a search of its own. */
#define STEPS_PER_HIDDEN 10
#define SHORTEST_MONTH   28 /* days */
#define LONGEST_MONTH    31

typedef struct {
    Schedule *schedule;
    bool has_length;
    Length length;
} Exception;

typedef struct {
    Schedule schedule;
    GPtrArray *members; /* of Schedule */
    GArray *exceptions; /* of Exception */
} Union;

static const Schedule *const *
members_of(const Union *self)
{
    return (const Schedule *const *)(const void *)self->members->pdata;
}

/* How long the length lasts where all months have so many days and the clock is never changed. */
static int64_t
lasts(const Length *length, int64_t days_per_month)
{
    int64_t most = CIVIL_MAX_AT - CIVIL_MIN_AT;
    int64_t most_days = most / CIVIL_US_PER_DAY;
    int64_t days = MIN(length->months, most_days) * days_per_month + MIN(length->days, most_days);
    return MIN(MIN(days, most_days) * CIVIL_US_PER_DAY + MIN(length->us, most), most);
}

/* By how much changes of the clock can make it longer or shorter: months and days each find their own instant. */
static int64_t
slack(const Exception *exception)
{
    int32_t minimum, maximum;
    if (exception->length.months == 0 && exception->length.days == 0)
        return 0;
    zone_offset_range(exception->schedule->zone, &minimum, &maximum);
    return 2 * (maximum - minimum) * CIVIL_US_PER_SECOND;
}

/* The first of the exception's slots after `after` whose stretch reaches beyond `at`; *until = the first instant after it. */
static bool
covers_after(const Exception *exception, int64_t after, int64_t at, int *steps, int64_t *until)
{
    ScheduleSlot slot;
    while (schedule_search(exception->schedule, after, at, steps, &slot) == RULE_FOUND) {
        int64_t end = length_after(&exception->length, exception->schedule->zone, slot.at);
        if (end > at) {
            *until = end;
            return true;
        }
        after = slot.at;
        if (--*steps < 0)
            return false;
    }
    return false;
}

/* Whether `at` lies in a stretch that begins with one of the exception's slots. Of those that began lately each covers it, so
 * that one is enough; only those whose stretch may have ended before have to be looked at one by one. */
static bool
covers(const Exception *exception, int64_t at, int *steps, int64_t *until)
{
    int64_t shortest = lasts(&exception->length, SHORTEST_MONTH) - slack(exception);
    int64_t longest = lasts(&exception->length, LONGEST_MONTH) + slack(exception);
    if (shortest > 0 && covers_after(exception, at - shortest, at, steps, until))
        return true;
    return longest > shortest && covers_after(exception, at - longest - 1, at, steps, until);
}

/* If an exception hides the slot, from where on the next one may be found; else the slot itself. */
static int64_t
leave_hidden(const Union *self, const ScheduleSlot *slot, int *steps)
{
    for (guint i = 0; i < self->exceptions->len; i++) {
        const Exception *exception = &g_array_index(self->exceptions, Exception, i);
        int64_t until = slot->at + 1;
        if (exception->has_length ? covers(exception, slot->at, steps, &until)
                                  : schedule_hides(exception->schedule, slot, steps))
            return until;
    }
    return slot->at;
}

/* Members may ask for one instant by different labels, of which an exception hides only some. */
static bool
find_shown(const Union *self, int64_t at, int *steps, ScheduleSlot *slot)
{
    for (guint i = 0; i < self->members->len; i++) {
        const Schedule *member = g_ptr_array_index(self->members, i);
        if (schedule_search(member, at - 1, at, steps, slot) == RULE_FOUND &&
            leave_hidden(self, slot, steps) == at) {
            slot->schedule = member;
            return true;
        }
    }
    return false;
}

static RuleOutcome
union_next(const Schedule *schedule, int64_t after, int64_t until, int *steps, ScheduleSlot *slot)
{
    const Union *self = (const Union *)schedule;
    for (;;) {
        ScheduleSlot next;
        RuleOutcome outcome =
            schedule_search_all(members_of(self), self->members->len, after, until, steps, &next);
        if (outcome != RULE_FOUND)
            return outcome;
        int64_t from = leave_hidden(self, &next, steps);
        bool is_shown =
            from == next.at || (self->members->len > 1 && find_shown(self, next.at, steps, &next));
        /* Without a budget nobody knows whether it is hidden. */
        if (*steps < 0)
            return RULE_BEYOND;
        if (is_shown) {
            *slot = next;
            return RULE_FOUND;
        }
        after = from - 1;
        *steps -= STEPS_PER_HIDDEN;
    }
}

static bool
union_hides(const Schedule *schedule, const ScheduleSlot *slot, int *steps)
{
    const Union *self = (const Union *)schedule;
    for (guint i = 0; i < self->members->len; i++) {
        if (schedule_hides(g_ptr_array_index(self->members, i), slot, steps))
            return leave_hidden(self, slot, steps) == slot->at;
    }
    return false;
}

static void
union_free(Schedule *schedule)
{
    Union *self = (Union *)schedule;
    g_ptr_array_unref(self->members);
    for (guint i = 0; i < self->exceptions->len; i++)
        schedule_free(g_array_index(self->exceptions, Exception, i).schedule);
    g_array_unref(self->exceptions);
}

static const ScheduleKind union_of = {union_next, union_hides, union_free};

Schedule *
schedule_new_union(int id, Zone *zone, Schedule **members, size_t n)
{
    Union *self = g_new0(Union, 1);
    schedule_init(&self->schedule, &union_of, id, zone, INT64_MIN, SCHEDULE_NO_END);
    self->members = g_ptr_array_new_with_free_func((GDestroyNotify)schedule_free);
    self->exceptions = g_array_new(FALSE, FALSE, sizeof(Exception));
    self->schedule.why_never = n == 0 ? "it has no dates" : schedule_why_never(members[0]);
    for (size_t i = 0; i < n; i++) {
        g_ptr_array_add(self->members, members[i]);
        if (!schedule_why_never(members[i]))
            self->schedule.why_never = NULL;
    }
    return &self->schedule;
}

void
schedule_union_except(Schedule *schedule, Schedule *exception, const Length *length)
{
    Union *self = (Union *)schedule;
    g_assert(schedule->kind == &union_of);
    Exception added = {.schedule = exception, .has_length = length != NULL};
    if (length)
        added.length = *length;
    g_array_append_val(self->exceptions, added);
}

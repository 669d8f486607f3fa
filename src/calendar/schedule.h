/* SPDX-License-Identifier: PostgreSQL */
/* A schedule as a set of instants: a rule in a zone, between a start and an end, minus exceptions; and the
 * union of several (all schedules of a job). Pure: no clock, no environment, no database; every search bounded. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "calendar/length.h"
#include "calendar/rule.h"
#include "calendar/zone.h"

#define SCHEDULE_NO_END     INT64_MAX
#define SCHEDULE_ANY_DATE   INT64_MIN /* of an exception: every day */
#define SCHEDULE_ANY_MINUTE (-1)      /* of an exception: the whole day */

/* Removes slots by their local label: that minute of that day, the whole day, or that minute of every day. */
typedef struct {
    int64_t date; /* days since 1970-01-01, or SCHEDULE_ANY_DATE */
    /* Of the day, or SCHEDULE_ANY_MINUTE; both ANY matches nothing, as in pgAgent. */
    int32_t minute;
} ScheduleException;

/* What one search may cost, in days, labels and changes of offset looked at. */
#define SCHEDULE_STEPS 1000000

typedef struct Schedule Schedule;

/* start_at and end_at are inclusive; nothing comes before start_at, not even in the same minute. Takes a
 * reference to the zone and copies the exceptions, which may come in any order. */
Schedule *schedule_new(int id, const Rule *rule, Zone *zone, int64_t start_at, int64_t end_at,
                       const ScheduleException *exceptions, size_t n_exceptions);
void schedule_free(Schedule *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Schedule, schedule_free)
int schedule_id(const Schedule *self);
Zone *schedule_zone(const Schedule *self);

/* A slot: the instant, the local label that asked for it, and whose it is. */
typedef struct {
    int64_t at;
    int64_t label;
    const Schedule *schedule; /* of several: the member that asked */
    const Zone *zone;         /* of the label */
} ScheduleSlot;

/* The first slot strictly after `after`, at or before `horizon` (INT64_MAX = up to the end of year 9999). *slot is
 * untouched unless RULE_FOUND. RULE_NEVER: there is none, whatever the horizon. RULE_BEYOND: none up to the
 * horizon, or the step budget is used up, which takes about a million exceptions that hide a rule's slots. */
RuleOutcome schedule_next(const Schedule *self, int64_t after, int64_t horizon, ScheduleSlot *slot);

/* The same over a union; schedules that ask for one instant are one slot (the first in order owns it). */
RuleOutcome schedule_set_next(const Schedule *const *schedules, size_t n, int64_t after,
                              int64_t horizon, ScheduleSlot *slot);

/* How many slots lie in (after, until], counting no further than limit, and the last one of them: exact even
 * beyond the limit. RULE_FOUND if there is any; otherwise *count and *last are untouched. */
RuleOutcome schedule_set_count(const Schedule *const *schedules, size_t n, int64_t after,
                               int64_t until, int64_t limit, int64_t *count, ScheduleSlot *last);

/* "2026-03-29 02:30 Europe/Berlin": the slot's nominal label, as run rows keep it. Free with g_free. */
char *schedule_slot_label(const ScheduleSlot *slot);

/* ---- Other schedules than those of a rule and pgAgent's exceptions ---- */

/* start_at and end_at as above, in all of these. */
Schedule *schedule_new_rule(int id, const Rule *rule, Zone *zone, int64_t start_at, int64_t end_at);
/* Single labels (microseconds) of the zone, in any order. */
Schedule *schedule_new_list(int id, Zone *zone, int64_t start_at, int64_t end_at,
                            const int64_t *labels, size_t n);
/* Whole days (since 1970-01-01): an exception only, with slots at their midnights. */
Schedule *schedule_new_days(int id, Zone *zone, const int64_t *days, size_t n);
/* start_at, and every period_us of elapsed time after it. */
Schedule *schedule_new_every(int id, Zone *zone, int64_t start_at, int64_t end_at,
                             int64_t period_us);
/* What any of the members asks for and none of the exceptions hides. Takes the members over. */
Schedule *schedule_new_union(int id, Zone *zone, Schedule **members, size_t n);
/* Adds an exception, to a union only, and takes it over. Without a length (NULL) it hides the slots whose label it selects:
 * their nominal label if both zones have one name, else what the exception's zone shows at the slot's instant; within the
 * exception's own start and end. One of elapsed time (every) hides by the instant. With a length it hides everything from
 * each of its slots for so long. */
void schedule_union_except(Schedule *self, Schedule *exception, const Length *length);

/* NULL unless the schedule has no slot at all, whatever its bounds, and that is proved; else why, in plain words. */
const char *schedule_why_never(const Schedule *self);
/* True if it asks for exactly that instant. */
bool schedule_asks(const Schedule *self, int64_t at);
/* Ends a schedule of a rule after its first n slots; they are looked for one after the other. *steps falls by what it cost,
 * from SCHEDULE_STEPS on for all rules of a text together; false if they are used up. */
bool schedule_end_after(Schedule *self, int64_t n, int *steps) G_GNUC_WARN_UNUSED_RESULT;
/* Bounds beside those that it has, of any schedule but a union. */
void schedule_narrow(Schedule *self, int64_t start_at, int64_t end_at);

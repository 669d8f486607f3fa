/* SPDX-License-Identifier: PostgreSQL */
/* What the kinds of schedules have in common, for themselves only: labels in a zone (labelled.c), elapsed time (every.c),
 * and several minus exceptions (union.c). */
#pragma once

#include "calendar/labels.h"
#include "calendar/schedule.h"

typedef struct {
    /* The first slot strictly after `after`, up to `until`; both lie within the calendar and the schedule's own start and end,
     * and it can have slots. RULE_NEVER as schedule_next has it, but for the end, which the caller knows. */
    RuleOutcome (*next)(const Schedule *self, int64_t after, int64_t until, int *steps,
                        ScheduleSlot *slot);
    /* As an exception without a length: whether it hides that slot, which lies within its start and end. */
    bool (*hides)(const Schedule *self, const ScheduleSlot *slot, int *steps);
    void (*free)(Schedule *self);
} ScheduleKind;

struct Schedule {
    const ScheduleKind *kind;
    int id;
    Zone *zone;
    int64_t start_at;
    int64_t end_at;
    const char *why_never;
};

void schedule_init(Schedule *self, const ScheduleKind *kind, int id, Zone *zone, int64_t start_at,
                   int64_t end_at);
/* schedule_next with a budget that others share. */
RuleOutcome schedule_search(const Schedule *self, int64_t after, int64_t horizon, int *steps,
                            ScheduleSlot *slot);
/* schedule_set_next with such a budget. */
RuleOutcome schedule_search_all(const Schedule *const *schedules, size_t n, int64_t after,
                                int64_t horizon, int *steps, ScheduleSlot *slot);
/* Whether it hides the slot, as an exception without a length. */
bool schedule_hides(const Schedule *self, const ScheduleSlot *slot, int *steps);

/* SPDX-License-Identifier: PostgreSQL */
/* Elapsed time: a start and every so long after it, whatever the clock of a zone shows. */
#include "config.h"

#include "calendar/civil.h"
#include "calendar/schedule-kind.h"

typedef struct {
    Schedule schedule;
    int64_t period_us;
} Every;

static RuleOutcome
every_next(const Schedule *schedule, int64_t after, int64_t until, int *steps, ScheduleSlot *slot)
{
    const Every *self = (const Every *)schedule;
    (void)steps;
    int64_t past = after < schedule->start_at ? -1 : (after - schedule->start_at) / self->period_us;
    int64_t wait = (past + 1) * self->period_us; /* at most `after` and a period */
    if (wait > until - schedule->start_at)
        return RULE_BEYOND;
    int64_t at = schedule->start_at + wait;
    int64_t offset = zone_offset(schedule->zone, at) * CIVIL_US_PER_SECOND;
    *slot = (ScheduleSlot){at, at + offset, schedule, schedule->zone};
    return RULE_FOUND;
}

static bool
every_hides(const Schedule *schedule, const ScheduleSlot *slot, int *steps)
{
    const Every *self = (const Every *)schedule;
    (void)steps;
    return (slot->at - schedule->start_at) % self->period_us == 0;
}

static void
every_free(Schedule *schedule)
{
    (void)schedule;
}

static const ScheduleKind every = {every_next, every_hides, every_free};

Schedule *
schedule_new_every(int id, Zone *zone, int64_t start_at, int64_t end_at, int64_t period_us)
{
    Every *self = g_new0(Every, 1);
    start_at = CLAMP(start_at, CIVIL_MIN_AT, CIVIL_MAX_AT);
    schedule_init(&self->schedule, &every, id, zone, start_at, end_at);
    self->period_us = CLAMP(period_us, 1, CIVIL_MAX_AT - CIVIL_MIN_AT);
    return &self->schedule;
}

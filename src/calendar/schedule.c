/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/schedule.h"

#include <stdio.h>

#include "calendar/civil.h"
#include "calendar/schedule-kind.h"

void
schedule_init(Schedule *self, const ScheduleKind *kind, int id, Zone *zone, int64_t start_at,
              int64_t end_at)
{
    self->kind = kind;
    self->id = id;
    self->zone = zone_ref(zone);
    self->start_at = start_at;
    self->end_at = end_at;
}

void
schedule_free(Schedule *self)
{
    if (!self)
        return;
    self->kind->free(self);
    zone_unref(self->zone);
    g_free(self);
}

int
schedule_id(const Schedule *self)
{
    return self->id;
}

Zone *
schedule_zone(const Schedule *self)
{
    return self->zone;
}

const char *
schedule_why_never(const Schedule *self)
{
    return self->why_never;
}

RuleOutcome
schedule_search(const Schedule *self, int64_t after, int64_t horizon, int *steps,
                ScheduleSlot *slot)
{
    if (self->why_never)
        return RULE_NEVER;
    int64_t until = MIN(MIN(self->end_at, CIVIL_MAX_AT), horizon);
    after = CLAMP(after, CIVIL_MIN_AT - 1, CIVIL_MAX_AT);
    if (self->start_at > after)
        after = self->start_at - 1;
    if (after < until) {
        RuleOutcome outcome = self->kind->next(self, after, until, steps, slot);
        if (outcome != RULE_BEYOND)
            return outcome;
    }
    bool saw_the_end = *steps >= 0 && self->end_at <= MIN(horizon, CIVIL_MAX_AT);
    return saw_the_end ? RULE_NEVER : RULE_BEYOND;
}

RuleOutcome
schedule_next(const Schedule *self, int64_t after, int64_t horizon, ScheduleSlot *slot)
{
    int steps = SCHEDULE_STEPS;
    return schedule_search(self, after, horizon, &steps, slot);
}

bool
schedule_hides(const Schedule *self, const ScheduleSlot *slot, int *steps)
{
    return !self->why_never && slot->at >= self->start_at && slot->at <= self->end_at &&
           self->kind->hides(self, slot, steps);
}

bool
schedule_asks(const Schedule *self, int64_t at)
{
    ScheduleSlot slot;
    return schedule_next(self, at - 1, at, &slot) == RULE_FOUND;
}

bool
schedule_end_after(Schedule *self, int64_t n, int *steps)
{
    ScheduleSlot slot = {.at = MAX(self->start_at, CIVIL_MIN_AT) - 1};
    for (int64_t i = 0; i < n; i++) {
        if (schedule_search(self, slot.at, INT64_MAX, steps, &slot) != RULE_FOUND)
            return *steps >= 0;
        if (--*steps < 0)
            return false;
    }
    self->end_at = slot.at;
    return true;
}

void
schedule_narrow(Schedule *self, int64_t start_at, int64_t end_at)
{
    self->start_at = MAX(self->start_at, start_at);
    self->end_at = MIN(self->end_at, end_at);
}

/* ---- Several ---- */

RuleOutcome
schedule_search_all(const Schedule *const *schedules, size_t n, int64_t after, int64_t horizon,
                    int *steps, ScheduleSlot *slot)
{
    RuleOutcome result = RULE_NEVER;
    for (size_t i = 0; i < n; i++) {
        RuleOutcome outcome = schedule_search(schedules[i], after, horizon, steps, slot);
        if (outcome == RULE_FOUND) {
            result = RULE_FOUND;
            slot->schedule = schedules[i];
            /* The others have to be earlier than that. */
            horizon = slot->at - 1;
        } else if (outcome == RULE_BEYOND && result == RULE_NEVER) {
            result = RULE_BEYOND;
        }
    }
    return result;
}

RuleOutcome
schedule_set_next(const Schedule *const *schedules, size_t n, int64_t after, int64_t horizon,
                  ScheduleSlot *slot)
{
    int steps = SCHEDULE_STEPS;
    return schedule_search_all(schedules, n, after, horizon, &steps, slot);
}

/* Bisects for the last slot in [slot->at, until]: "is there one after x" can be asked of any x. */
static void
find_last(const Schedule *const *schedules, size_t n, int64_t until, ScheduleSlot *slot)
{
    int64_t none_after = until;
    while (slot->at < none_after) {
        int64_t middle = slot->at + (none_after - slot->at) / 2;
        ScheduleSlot later;
        if (schedule_set_next(schedules, n, middle, none_after, &later) == RULE_FOUND)
            *slot = later;
        else
            none_after = middle;
    }
}

RuleOutcome
schedule_set_count(const Schedule *const *schedules, size_t n, int64_t after, int64_t until,
                   int64_t limit, int64_t *count, ScheduleSlot *last)
{
    ScheduleSlot slot;
    RuleOutcome outcome = schedule_set_next(schedules, n, after, until, &slot);
    if (outcome != RULE_FOUND)
        return outcome;

    int64_t counted = 1;
    bool more = true;
    while (more && counted < limit) {
        more = schedule_set_next(schedules, n, slot.at, until, &slot) == RULE_FOUND;
        counted += more;
    }
    if (more)
        find_last(schedules, n, MIN(until, CIVIL_MAX_AT), &slot);
    *count = counted;
    *last = slot;
    return RULE_FOUND;
}

char *
schedule_slot_label(const ScheduleSlot *slot)
{
    int64_t days = civil_label_days(slot->label);
    int64_t rest = slot->label - days * CIVIL_US_PER_DAY;
    int minute = (int)(rest / CIVIL_US_PER_MINUTE);
    int second = (int)(rest % CIVIL_US_PER_MINUTE / CIVIL_US_PER_SECOND);
    CivilDate date = civil_date(days);
    g_autofree char *seconds = second ? g_strdup_printf(":%02d", second) : g_strdup("");
    return g_strdup_printf("%04d-%02d-%02d %02d:%02d%s %s", date.year, date.month, date.day,
                           minute / 60, minute % 60, seconds, zone_name(slot->zone));
}

/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "engine/planner.h"

#include "base/clock.h"
#include "base/log.h"

/* Slots that a run stands for are counted up to here; the newest one is exact all the same. */
#define COUNT_LIMIT 100000
/* A run that begins later than this after its slot was missed, not just delayed. */
#define LATE_US (INT64_C(60) * CLOCK_US_PER_SECOND)
/* 9999-12-31, the last day of the calendar. */
#define HORIZON (INT64_C(253402214400) * CLOCK_US_PER_SECOND)

struct Planner {
    GHashTable *zones;    /* name -> Zone */
    GHashTable *reported; /* names that cannot be read, and that was said */
};

Planner *
planner_new(void)
{
    Planner *self = g_new(Planner, 1);

    self->zones =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)zone_unref);
    self->reported = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return self;
}

void
planner_free(Planner *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->zones);
    g_hash_table_unref(self->reported);
    g_free(self);
}

static Zone *
planner_zone(Planner *self, const char *name, int job_id)
{
    Zone *zone = g_hash_table_lookup(self->zones, name);
    g_autoptr(GError) error = NULL;

    if (zone != NULL)
        return zone;
    zone = zone_load(name, NULL, &error);
    if (zone == NULL) {
        if (g_hash_table_add(self->reported, g_strdup(name)))
            log_job_warning(job_id, "this agent cannot plan jobs in that time zone: %s",
                            error->message);
        return NULL;
    }
    g_hash_table_insert(self->zones, g_strdup(name), zone);
    return zone;
}

/* The schedules of a job, compiled; NULL if one of them cannot be. */
static GPtrArray *
planner_compile(Planner *self, int job_id, const GPtrArray *rows, const char *job_zone)
{
    g_autoptr(GPtrArray) schedules = g_ptr_array_new_with_free_func((GDestroyNotify)schedule_free);

    for (guint i = 0; rows != NULL && i < rows->len; i++) {
        const ScheduleRow *row = g_ptr_array_index(rows, i);
        Zone *zone = planner_zone(self, row->zone != NULL ? row->zone : job_zone, job_id);

        if (zone == NULL)
            return NULL;
        g_ptr_array_add(schedules,
                        schedule_new(row->id, &row->rule, zone, row->start_at, row->end_at,
                                     (const ScheduleException *)(void *)row->exceptions->data,
                                     row->exceptions->len));
    }
    return g_steal_pointer(&schedules);
}

static const Schedule *const *
members(const GPtrArray *schedules)
{
    return (const Schedule *const *)(const void *)schedules->pdata;
}

static int64_t
next_after(const GPtrArray *schedules, int64_t after_at)
{
    ScheduleSlot slot;

    if (schedule_set_next(members(schedules), schedules->len, after_at, HORIZON, &slot) !=
        RULE_FOUND)
        return NO_INSTANT;
    return slot.at;
}

bool
planner_next(Planner *self, int job_id, const GPtrArray *rows, const char *job_zone,
             int64_t after_at, int64_t *next_at)
{
    g_autoptr(GPtrArray) schedules = planner_compile(self, job_id, rows, job_zone);

    if (schedules == NULL)
        return false;
    *next_at = next_after(schedules, after_at);
    return true;
}

static Claim *
claim_new(const DueJob *job)
{
    Claim *self = g_new(Claim, 1);

    *self = (Claim){
        .job_id = job->id,
        .revision = job->revision,
        .next_at = job->next_at,
        .slot_at = NO_INSTANT,
        .slots = 1,
        .planned_at = NO_INSTANT,
        .skipped_from = NO_INSTANT,
        .skipped_to = NO_INSTANT,
    };
    return self;
}

Claim *
planner_claim_slot(Planner *self, const DueJob *job, const GPtrArray *rows, int64_t now_at)
{
    g_autoptr(GPtrArray) schedules = planner_compile(self, job->id, rows, job->zone);
    Claim *claim = claim_new(job);
    ScheduleSlot slot;
    int64_t count = 1;

    if (schedules == NULL) {
        claim->slot_at = job->planned_at;
        claim->is_late = now_at - claim->slot_at > LATE_US;
        claim->needs_plan = true;
        return claim;
    }
    if (schedule_set_count(members(schedules), schedules->len, job->planned_at - 1, now_at,
                           COUNT_LIMIT, &count, &slot) == RULE_FOUND) {
        claim->slot_at = slot.at;
        claim->slots = (int)count;
        claim->schedule_id = schedule_id(slot.schedule);
        claim->label = schedule_slot_label(&slot);
    } else {
        /* The plan was made by a definition that is gone; the slot was promised all the same. */
        claim->slot_at = job->planned_at;
    }

    if (claim->slots > 1) {
        ScheduleSlot older;
        int64_t ignored;

        claim->skipped_from = job->planned_at;
        claim->skipped_to = job->planned_at;
        if (schedule_set_count(members(schedules), schedules->len, job->planned_at - 1,
                               claim->slot_at - 1, COUNT_LIMIT, &ignored, &older) == RULE_FOUND)
            claim->skipped_to = older.at;
    }
    claim->is_late = claim->slots > 1 || now_at - claim->slot_at > LATE_US;
    claim->planned_at = next_after(schedules, MAX(claim->slot_at, now_at));
    return claim;
}

Claim *
planner_claim_wish(const DueJob *job)
{
    Claim *claim = claim_new(job);

    claim->is_manual = true;
    return claim;
}

/* SPDX-License-Identifier: PostgreSQL */
/* From schedule rows to slots: which slot of a due job a run is for, and what its next plan is. Asks the calendar;
 * no SQL, no clock. */
#pragma once

#include "store/claims.h"
#include "store/jobs.h"

typedef struct Planner Planner;

Planner *planner_new(void);
void planner_free(Planner *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Planner, planner_free)

/* The first slot of those schedules strictly after that instant; NO_INSTANT = never. rows: of ScheduleRow, may be
 * NULL. False if it cannot be said here, because a time zone cannot be read; that is logged once for each. */
bool planner_next(Planner *self, int job_id, const GPtrArray *rows, const char *job_zone,
                  int64_t after_at, int64_t *next_at) G_GNUC_WARN_UNUSED_RESULT;

/* What to claim of a job whose plan is due: the newest slot up to now, how many older ones it stands for, and the
 * plan after it (needs_plan: that cannot be said here). */
Claim *planner_claim_slot(Planner *self, const DueJob *job, const GPtrArray *rows, int64_t now_at);
/* What to claim of a job that somebody wished to run. */
Claim *planner_claim_wish(const DueJob *job);

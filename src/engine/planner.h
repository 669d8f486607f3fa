/* SPDX-License-Identifier: PostgreSQL */
/* From the rows of schedules and rules to slots: which slot of a due job a run is for, and what its next plan is. Asks the
 * calendar; no SQL, no clock. */
#pragma once

#include "engine/timetable.h"
#include "store/claims.h"
#include "store/plans.h"

typedef struct Planner Planner;

Planner *planner_new(void);
void planner_free(Planner *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Planner, planner_free)

/* schedules: of ScheduleRow, rules: of RuleRow, both of that job; each may be NULL. */

/* The plan of a job: the first slot after its last one, be it past; after now if it has none. And (appended to problems, of RuleProblem) what is to be said of its rules that is not said
 * yet. It is left if a time zone cannot be read here; that is logged once for each. */
JobPlan planner_plan(Planner *self, const UnplannedJob *job, const GPtrArray *schedules,
                     const GPtrArray *rules, int64_t now_at, GPtrArray *problems);

/* What to claim of a job whose plan is due: the newest slot up to now, how many older ones it stands for, and the plan after
 * it. needs_plan: that cannot be said here, or something is to be said of its rules then. Counts the run in the rows of
 * the rules that ask for it, so they are used up. */
Claim *planner_claim_slot(Planner *self, const DueJob *job, const GPtrArray *schedules,
                          const GPtrArray *rules, int64_t now_at);
/* What to claim of a job that somebody wished to run. */
Claim *planner_claim_wish(const DueJob *job);

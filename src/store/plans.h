/* SPDX-License-Identifier: PostgreSQL */
/* Jobs whose plan is out of date, and the plans that are made for them. */
#pragma once

#include "store/jobs.h"

typedef struct {
    int id;
    int revision;
    int64_t last_slot_at; /* NO_INSTANT */
    int64_t planned_at;   /* the plan that is out of date; NO_INSTANT */
    char *zone;
    bool is_running;
    bool has_rules; /* as in DueJob */
} UnplannedJob;

/* jobs: of UnplannedJob, by id; NULL on error. */
typedef void (*PlansLoaded)(GPtrArray *jobs, int64_t now_at, const GError *error,
                            gpointer user_data);
/* Those with an id greater than after_id. */
void plans_load(Store *store, int after_id, int limit, PlansLoaded loaded, gpointer user_data);

typedef struct {
    int job_id;
    int revision;
    bool is_left;            /* it cannot be planned here: only its problems are written */
    int64_t planned_at;      /* NO_INSTANT = never */
    int64_t last_slot_at;    /* the plan is strictly after it */
    int64_t seen_planned_at; /* as it was loaded: what has moved on since is not planned */
    int64_t seen_last_slot_at;
} JobPlan;

/* What is to be said of a rule from now on. */
typedef struct {
    int job_id; /* one of those that are planned with it */
    int rule_id;
    char *text; /* NULL = nothing: it is fine */
} RuleProblem;

void rule_problem_free(RuleProblem *self);

/* plans: of JobPlan, problems: of RuleProblem. written: how many jobs were planned; others have changed meanwhile or are
 * locked by somebody, or the server refuses them. refusal: why it does so first; NULL = it does not. */
typedef void (*PlansWritten)(int64_t written, const GError *refusal, const GError *error,
                             gpointer user_data);
void plans_write(Store *store, GArray *plans, GPtrArray *problems, PlansWritten written,
                 gpointer user_data);

/* SPDX-License-Identifier: PostgreSQL */
/* One look at the tables: what is due is claimed and started, slots of jobs that still run are skipped. Peek ->
 * schedules, steps -> take -> start; each arrow is one statement for all jobs at once. */
#pragma once

#include "engine/dispatch.h"
#include "engine/planner.h"
#include "engine/warmer.h"

typedef struct {
    Store *store;
    Planner *planner;
    Dispatch *dispatch;
    Warmer *warmer;
    const StepContext *step_context;
} EngineParts;

typedef struct {
    int64_t now_at;   /* the database's clock … */
    int64_t now_mono; /* … when ours said this */
    int64_t next_at;  /* when the next thing is due; NO_INSTANT = nothing known */
    bool has_more;    /* there was more than one look takes, and there is room for it */
    /* Until when all is paused, and by whom; NULL = it is not, or was not seen. */
    const char *pause;
    bool has_cancels; /* somebody asks for a run to be cancelled */
    bool needs_plans; /* a job that was claimed has to be planned anew */
    /* Of int: due jobs that could not be taken or skipped: somebody else holds them … */
    GArray *refused;
    const char *refusal; /* … or the server refuses them: why; else NULL */
} LookReport;

/* error: NULL, or why the look was broken off; runs that were taken by then are found by recover. */
typedef void (*LookDone)(const LookReport *report, const GError *error, gpointer user_data);
/* left_out: ids (int) of jobs that are left for later. */
void look_at_due(const EngineParts *parts, const GArray *left_out, LookDone done,
                 gpointer user_data);

/* SPDX-License-Identifier: PostgreSQL */
/* Plans jobs whose plan is out of date (jobreplan): those that the triggers could not plan, or all after a change
 * of the time zone. */
#pragma once

#include "engine/look.h"

typedef struct {
    int64_t planned; /* how many were written */
    int64_t
        refused; /* how many could not be: somebody has them locked, or has changed them meanwhile … */
    const char *refusal; /* … or the server refuses them: why; else NULL */
    /* The job to go on after, 0 = all were looked at. Going on keeps jobs that cannot be written or planned here out of
     * the way of the others. */
    int reached;
} ReplanReport;

typedef void (*ReplanDone)(const ReplanReport *report, const GError *error, gpointer user_data);
/* Some jobs with ids greater than after_id: as many as one statement takes and the main loop can spare the time for. */
void replan_jobs(const EngineParts *parts, int after_id, ReplanDone done, gpointer user_data);

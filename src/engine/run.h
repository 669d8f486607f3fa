/* SPDX-License-Identifier: PostgreSQL */
/* One run of one job: a state machine over its steps. Each step gets ready, has its log row written, runs, and is
 * written off; then the run itself. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "steps/step.h"
#include "store/jobs.h"
#include "store/runs.h"

typedef struct Run Run;

/* The run is over and its job is free, or it was dropped. The run may be given up by run_unref in it. */
typedef void (*RunEnded)(Run *self, gpointer user_data);

typedef struct {
    int64_t id; /* jlgid */
    int job_id;
    const char *job_name;
    int64_t timeout_us;  /* 0 = none */
    GPtrArray *steps;    /* of StepRow; NULL = the job has no enabled steps */
    int64_t step_log_id; /* the first step's log row, if it is open already; else 0 */
} RunSpec;

Run *run_new(Store *store, const StepContext *context, const RunSpec *spec, RunEnded ended,
             gpointer user_data);
Run *run_ref(Run *self);
void run_unref(Run *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Run, run_unref)

void run_start(Run *self);
/* The step that runs may end; none starts any more, and then the run is 'd' for that reason. */
void run_halt(Run *self, const char *reason);
/* The same, and the step is asked to stop; if it does not within a few seconds, it is ended. A run that was asked to
 * stop before keeps its reason and its seconds. */
void run_cancel(Run *self, const char *reason);
/* The same, at once. */
void run_kill(Run *self, const char *reason);
/* The same as cancel and kill, but only if a step runs: the lease is about to end. A run that has none waits. */
void run_interrupt(Run *self, const char *reason);
void run_break_off(Run *self, const char *reason);
/* If it waited for the lease: steps may start again. */
void run_go_on(Run *self, const char *unused);
/* The run is not ours any more: ends what runs and writes nothing. */
void run_drop(Run *self);

int64_t run_id(const Run *self);

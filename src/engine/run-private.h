/* SPDX-License-Identifier: PostgreSQL */
/* What the parts of a run share: run.c owns its states and its end, run-step.c the life of one step, run-waiting.c
 * what a step says it waits for, run-stop.c the time limits and every other reason to stop. */
#pragma once

#include "engine/run.h"

#define RUN_FIRST_ATTEMPT 1

typedef enum {
    RUN_CLAIMED,   /* its log row is there, no step has begun */
    RUN_PREPARING, /* a step gets ready: a connection */
    RUN_OPENING,   /* that step's log row is being written */
    RUN_RUNNING,   /* the step runs */
    RUN_HELD,      /* the next step waits until the lease is renewed; nothing of it is under way */
    RUN_CLOSING,   /* its end is being written */
    RUN_CLOSED,
    N_RUN_STATES
} RunState;

/* Why a step was told to stop; the strongest counts. */
typedef enum {
    STOP_NOTHING,
    STOP_STEP, /* its own time is up: the run follows its on-error rule */
    STOP_RUN,  /* the run ends with it */
} StopCause;

struct Run {
    int refs;
    Store *store;
    const StepContext *context;
    int64_t id;
    int job_id;
    char *job_name;
    GPtrArray *steps;
    RunEnded ended;
    gpointer user_data;

    RunState state;
    int64_t started_mono;
    int64_t timeout_us;
    guint timeout_id;
    char *halt_reason; /* no further step starts */

    guint index; /* of the current step */
    Step *step;
    int64_t step_log_id;
    /* The current step's row, if it was opened before the step got ready (the first one's with the run); else 0. */
    int64_t opened_step_log_id;
    DbBackend
        backend;     /* that carries it out, as far as it is known when it is ready; pid 0 = none */
    char *waits_for; /* before it is ready */
    guint waiting_id;
    bool was_shown; /* that it waits; then its row is open or will be in a moment */
    int64_t step_started_mono;
    guint step_timeout_id;
    guint kill_id;
    StopCause stop_cause;
    char *stop_reason;
    bool has_failed_early; /* the step was over before its log row was there */
    int early_result;
    char *early_output;
    char *early_sqlstate;
};

/* run.c */
void run_enter(Run *self, RunState to);
/* Writes the end of the run; no step may be under way. */
void run_finish(Run *self, char status, const char *reason);

/* run-step.c */
const StepRow *run_step_row(const Run *self);
/* Begins the step at index; ends the run if there is none, or none may start any more. */
void run_next_step(Run *self);
/* Ends the current step's timers and what belongs to it. */
void run_forget_step(Run *self);

/* Nothing of a step is under way and none will start any more: ends the run. */
void run_end_held(Run *self);

/* run-waiting.c */
void run_on_waiting(const char *what, gpointer user_data);

/* run-stop.c */
/* The time limits of the job and of a step that begin now. */
void run_limit_time(Run *self);
void run_limit_step_time(Run *self);

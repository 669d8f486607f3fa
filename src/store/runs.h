/* SPDX-License-Identifier: PostgreSQL */
/* The log rows of runs and steps. All go through the writer: they wait out a lost connection, and are safe to
 * send twice. Status letters are pgAgent's. */
#pragma once

#include "store/store.h"

typedef enum {
    RUNS_OPENED,
    RUNS_STEP_GONE, /* somebody deleted the step */
    RUNS_RUN_GONE,  /* somebody deleted the run or its job, or closed it */
    RUNS_REFUSED, /* the server refuses the row, or the store gave it up (CANCELLED): error says why */
} RunsOpening;

/* The row is durable when this is called with RUNS_OPENED. */
typedef void (*RunsStepOpened)(RunsOpening opening, int64_t step_log_id, const GError *error,
                               gpointer user_data);
/* backend: of the step; NULL = not known yet, or it has none. */
void runs_open_step(Store *store, int64_t run_id, int step_id, int attempt,
                    const DbBackend *backend, RunsStepOpened opened, gpointer user_data);

/* Tells which backend carries out a step whose row was opened with its run. */
void runs_note_backend(Store *store, int64_t run_id, int64_t step_log_id, const DbBackend *backend);

/* Tells what a step waits for whose row is open already; done with by runs_note_pid and by closing. */
void runs_note_waiting(Store *store, int64_t run_id, int64_t step_log_id, const char *what);

/* output may be any text; sqlstate NULL = none. When too much waits to be written, little is kept of the output, or
 * nothing at all is written; then runs_close_given_up mends the row. */
void runs_close_step(Store *store, int64_t run_id, int64_t step_log_id, char status, int result,
                     int64_t duration_us, const char *output, const char *sqlstate);

/* Closes steps whose end was given up, and whose run is over. */
void runs_close_given_up(Store *store);

/* How many of those runs (of int64_t) the server behind conn, which was started since, does not know as ours. may_forget:
 * it may lack what was committed last; else those that are missing were deleted by somebody, and do not count. */
typedef void (*RunsLost)(int64_t lost, const GError *error, gpointer user_data);
void runs_find_lost(Store *store, DbConn *conn, const GArray *run_ids, bool may_forget,
                    RunsLost found, gpointer user_data);

typedef void (*RunsClosed)(const GError *error, gpointer user_data);
/* Also frees the job. reason NULL = none. */
void runs_close(Store *store, int64_t run_id, int job_id, char status, int64_t duration_us,
                const char *reason, RunsClosed closed, gpointer user_data);

/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/runs.h"

#include "base/error.h"
#include "base/log.h"
#include "store/sql.h"

typedef struct {
    union {
        RunsStepOpened opened;
        RunsClosed closed;
    } done;
    gpointer user_data;
} Request;

static void
on_step_opened(const DbResult *result, const GError *error, gpointer user_data)
{
    g_autofree Request *request = user_data;
    RunsOpening opening = RUNS_OPENED;
    int64_t step_log_id = 0;

    if (error != NULL)
        opening = RUNS_REFUSED;
    else if (!db_result_is_null(result, 0, 0))
        step_log_id = db_result_int(result, 0, 0);
    else if (db_result_bool(result, 0, 2) && !db_result_bool(result, 0, 3))
        opening = RUNS_STEP_GONE;
    else
        opening = RUNS_RUN_GONE;

    if (request->done.opened != NULL)
        request->done.opened(opening, step_log_id, error, request->user_data);
}

void
runs_open_step(Store *store, int64_t run_id, int step_id, int attempt, int pid,
               RunsStepOpened opened, gpointer user_data)
{
    Request *request = g_new0(Request, 1);
    g_autoptr(DbParams) params = db_params_new();

    request->done.opened = opened;
    request->user_data = user_data;
    db_params_add_text(params, store_uuid(store));
    db_params_add_int8(params, store_epoch(store));
    db_params_add_int8(params, run_id);
    db_params_add_int4(params, step_id);
    db_params_add_int4(params, attempt);
    if (pid > 0)
        db_params_add_int4(params, pid);
    else
        db_params_add_null(params);
    db_params_add_text(params, store_host(store));
    writer_add(store_writer(store), sql_query("runs_open_step"), g_steal_pointer(&params),
               on_step_opened, request);
}

void
runs_note_pid(Store *store, int64_t step_log_id, int pid)
{
    g_autoptr(DbParams) params = db_params_new();

    db_params_add_int8(params, step_log_id);
    db_params_add_int4(params, pid);
    writer_add(store_writer(store), sql_query("runs_note_pid"), g_steal_pointer(&params), NULL,
               NULL);
}

static void
on_step_closed(const DbResult *result, const GError *error, gpointer user_data)
{
    if (error != NULL)
        log_error("could not write how a step ended: %s", error->message);
}

void
runs_close_step(Store *store, int64_t step_log_id, char status, int result, int64_t duration_us,
                const char *output, const char *sqlstate)
{
    g_autoptr(DbParams) params = db_params_new();
    const char letter[] = {status, '\0'};

    db_params_add_int8(params, step_log_id);
    db_params_add_text(params, letter);
    db_params_add_int4(params, result);
    db_params_add_int8(params, duration_us);
    db_params_add_text(params, output);
    db_params_add_text(params, sqlstate);
    writer_add(store_writer(store), sql_query("runs_close_step"), g_steal_pointer(&params),
               on_step_closed, NULL);
}

static void
on_closed(const DbResult *result, const GError *error, gpointer user_data)
{
    g_autofree Request *request = user_data;

    if (error != NULL)
        log_error("could not write how a run ended: %s", error->message);
    request->done.closed(error, request->user_data);
}

void
runs_close(Store *store, int64_t run_id, int job_id, char status, int64_t duration_us,
           const char *reason, RunsClosed closed, gpointer user_data)
{
    Request *request = g_new0(Request, 1);
    g_autoptr(DbParams) params = db_params_new();
    const char letter[] = {status, '\0'};

    request->done.closed = closed;
    request->user_data = user_data;
    db_params_add_int8(params, run_id);
    db_params_add_int8(params, store_epoch(store));
    db_params_add_text(params, letter);
    db_params_add_int8(params, duration_us);
    db_params_add_text(params, reason);
    db_params_add_int4(params, job_id);
    writer_add(store_writer(store), sql_query("runs_close"), g_steal_pointer(&params), on_closed,
               request);
}

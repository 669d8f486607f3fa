/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/runs.h"

#include <string.h>

#include "base/capture.h"
#include "base/error.h"
#include "base/log.h"
#include "store/sql.h"

/* Bytes that are kept of an output when too much waits to be written. */
#define SHORT_OUTPUT 2048

typedef struct {
    RunsStepOpened opened;
    gpointer user_data;
} Opening;

static WriterAnswer
on_step_opened(const DbResult *result, const GError *error, gpointer user_data)
{
    Opening *self = user_data;
    RunsOpening opening = RUNS_OPENED;
    int64_t step_log_id = 0;

    if (error == NULL && db_result_rows(result) == 0)
        return WRITER_AGAIN;
    if (error != NULL)
        opening = RUNS_REFUSED;
    else if (!db_result_is_null(result, 0, 0))
        step_log_id = db_result_int(result, 0, 0);
    else if (db_result_bool(result, 0, 2) && !db_result_bool(result, 0, 3))
        opening = RUNS_STEP_GONE;
    else
        opening = RUNS_RUN_GONE;

    self->opened(opening, step_log_id, error, self->user_data);
    g_free(self);
    return WRITER_DONE;
}

static void
params_add_pid(DbParams *params, const DbBackend *backend)
{
    if (backend != NULL && backend->pid > 0)
        db_params_add_int4(params, backend->pid);
    else
        db_params_add_null(params);
}

static void
params_add_start(DbParams *params, const DbBackend *backend)
{
    if (backend != NULL && backend->started_at != 0)
        db_params_add_instant(params, backend->started_at);
    else
        db_params_add_null(params);
}

/* Whose step it is: the number of a step's row alone may be that of another one after a failover. */
static void
params_add_run(DbParams *params, int64_t run_id, int64_t epoch)
{
    db_params_add_int8(params, run_id);
    db_params_add_int8(params, epoch);
}

void
runs_open_step(Store *store, int64_t run_id, int step_id, int attempt, const DbBackend *backend,
               RunsStepOpened opened, gpointer user_data)
{
    Opening *opening = g_new(Opening, 1);
    g_autoptr(DbParams) params = db_params_new();

    *opening = (Opening){.opened = opened, .user_data = user_data};
    db_params_add_text(params, store_uuid(store));
    db_params_add_int8(params, store_epoch(store));
    db_params_add_int8(params, run_id);
    db_params_add_int4(params, step_id);
    db_params_add_int4(params, attempt);
    params_add_pid(params, backend);
    db_params_add_text(params, store_host(store));
    params_add_start(params, backend);
    writer_add(store_writer(store), sql_query("runs_open_step"), g_steal_pointer(&params),
               on_step_opened, opening);
}

static WriterAnswer
on_backend_noted(const DbResult *result, const GError *error, gpointer user_data)
{
    return error == NULL && db_result_rows(result) == 0 ? WRITER_AGAIN : WRITER_DONE;
}

void
runs_note_backend(Store *store, int64_t run_id, int64_t step_log_id, const DbBackend *backend)
{
    g_autoptr(DbParams) params = db_params_new();

    db_params_add_int8(params, step_log_id);
    params_add_pid(params, backend);
    params_add_start(params, backend);
    params_add_run(params, run_id, store_epoch(store));
    writer_add(store_writer(store), sql_query("runs_note_pid"), g_steal_pointer(&params),
               on_backend_noted, NULL);
}

void
runs_note_waiting(Store *store, int64_t run_id, int64_t step_log_id, const char *what)
{
    g_autoptr(DbParams) params = db_params_new();

    db_params_add_int8(params, step_log_id);
    db_params_add_text(params, what);
    params_add_run(params, run_id, store_epoch(store));
    writer_add(store_writer(store), sql_query("runs_note_waiting"), g_steal_pointer(&params), NULL,
               NULL);
}

/* Texts that the server does not take */

/* The same with "?" for each character that a database of another encoding may not have; NULL if there is none. */
static char *
without_strange_characters(const char *text)
{
    g_autoptr(GString) plain = g_string_new(NULL);

    if (text == NULL || g_str_is_ascii(text))
        return NULL;
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p))
        g_string_append_c(plain, (guchar)*p < 0x80 ? *p : '?');
    return g_string_free(g_steal_pointer(&plain), FALSE);
}

/* The end of a step */

typedef struct {
    Store *store;
    int64_t epoch;
    int64_t run_id;
    int64_t step_log_id;
    char status;
    int result;
    int64_t duration_us;
    char *output;
    char *sqlstate;
    bool was_replaced; /* the output, by why it could not be stored */
    bool is_reported;  /* that it cannot be written was said */
} StepEnd;

static void
step_end_free(StepEnd *self)
{
    g_free(self->output);
    g_free(self->sqlstate);
    g_free(self);
}

static void step_end_write(StepEnd *self);

/* Rather a step without its output than one that seems to run for ever. */
static bool
step_end_replace_output(StepEnd *self, const GError *error)
{
    char *plain = without_strange_characters(self->output);

    if (plain == NULL && self->was_replaced)
        return false;
    if (plain == NULL) {
        plain = g_strdup_printf("the output could not be stored: %s", error->message);
        self->was_replaced = true;
    }
    g_free(self->output);
    self->output = plain;
    return true;
}

/* The row would seem to run for ever: one that is refused is sent again, like that of a run. */
static WriterAnswer
step_end_refused(StepEnd *self, const GError *error)
{
    if (step_end_replace_output(self, error)) {
        step_end_write(self);
        return WRITER_DONE;
    }
    if (!self->is_reported)
        log_error("could not write how a step ended, will keep trying: %s", error->message);
    self->is_reported = true;
    if (writer_has_room(store_writer(self->store)))
        return WRITER_AGAIN;
    step_end_free(self);
    return WRITER_DONE;
}

static WriterAnswer
on_step_closed(const DbResult *result, const GError *error, gpointer user_data)
{
    StepEnd *self = user_data;

    if (error == NULL && db_result_rows(result) == 0)
        return WRITER_AGAIN;
    if (error != NULL && !error_is_given_up(error))
        return step_end_refused(self, error);

    step_end_free(self);
    return WRITER_DONE;
}

static void
step_end_write(StepEnd *self)
{
    g_autoptr(DbParams) params = db_params_new();
    const char letter[] = {self->status, '\0'};

    db_params_add_int8(params, self->step_log_id);
    db_params_add_text(params, letter);
    db_params_add_int4(params, self->result);
    db_params_add_int8(params, self->duration_us);
    db_params_add_text(params, self->output);
    db_params_add_text(params, self->sqlstate);
    params_add_run(params, self->run_id, self->epoch);
    writer_add(store_writer(self->store), sql_query("runs_close_step"), g_steal_pointer(&params),
               on_step_closed, self);
}

static char *
shortened(const char *output)
{
    g_autoptr(Capture) capture = capture_new(SHORT_OUTPUT);

    capture_append(capture, output, strlen(output));
    return capture_text(capture);
}

void
runs_close_step(Store *store, int64_t run_id, int64_t step_log_id, char status, int result,
                int64_t duration_us, const char *output, const char *sqlstate)
{
    Writer *writer = store_writer(store);

    if (!writer_has_room(writer))
        return;

    StepEnd *end = g_new(StepEnd, 1);
    *end = (StepEnd){.store = store,
                     .epoch = store_epoch(store),
                     .run_id = run_id,
                     .step_log_id = step_log_id,
                     .status = status,
                     .result = result,
                     .duration_us = duration_us,
                     .output = writer_is_heavy(writer) ? shortened(output) : g_strdup(output),
                     .sqlstate = g_strdup(sqlstate)};
    step_end_write(end);
}

static WriterAnswer
on_given_up_closed(const DbResult *result, const GError *error, gpointer user_data)
{
    return error == NULL && db_result_rows(result) == 0 ? WRITER_AGAIN : WRITER_DONE;
}

void
runs_close_given_up(Store *store)
{
    g_autoptr(DbParams) params = db_params_new();

    db_params_add_int8(params, store_epoch(store));
    writer_add(store_writer(store), sql_query("runs_close_given_up"), g_steal_pointer(&params),
               on_given_up_closed, NULL);
}

/* The end of a run */

typedef struct {
    Store *store;
    int64_t run_id;
    int64_t epoch;
    int job_id;
    char status;
    int64_t duration_us;
    char *reason;
    bool is_reported; /* that it cannot be written was said */
    RunsClosed closed;
    gpointer user_data;
} RunEnd;

static void run_end_write(RunEnd *self);

/* Nobody else can free the job: one that is refused is sent again for as long as this agent lives. */
static WriterAnswer
run_end_refused(RunEnd *self, const GError *error)
{
    char *plain = without_strange_characters(self->reason);

    if (plain != NULL) {
        g_free(self->reason);
        self->reason = plain;
        run_end_write(self);
        return WRITER_DONE;
    }
    if (!self->is_reported)
        log_job_error(self->job_id, "could not write how a run ended, will keep trying: %s",
                      error->message);
    self->is_reported = true;
    return WRITER_AGAIN;
}

static WriterAnswer
on_closed(const DbResult *result, const GError *error, gpointer user_data)
{
    RunEnd *self = user_data;

    if (error == NULL && db_result_rows(result) == 0)
        return WRITER_AGAIN;
    if (error != NULL && !error_is_given_up(error))
        return run_end_refused(self, error);

    self->closed(error, self->user_data);
    g_free(self->reason);
    g_free(self);
    return WRITER_DONE;
}

static void
run_end_write(RunEnd *self)
{
    g_autoptr(DbParams) params = db_params_new();
    const char letter[] = {self->status, '\0'};

    db_params_add_int8(params, self->run_id);
    db_params_add_int8(params, self->epoch);
    db_params_add_text(params, letter);
    db_params_add_int8(params, self->duration_us);
    db_params_add_text(params, self->reason);
    db_params_add_int4(params, self->job_id);
    writer_add(store_writer(self->store), sql_query("runs_close"), g_steal_pointer(&params),
               on_closed, self);
}

void
runs_close(Store *store, int64_t run_id, int job_id, char status, int64_t duration_us,
           const char *reason, RunsClosed closed, gpointer user_data)
{
    RunEnd *end = g_new(RunEnd, 1);

    *end = (RunEnd){.store = store,
                    .run_id = run_id,
                    .epoch = store_epoch(store),
                    .job_id = job_id,
                    .status = status,
                    .duration_us = duration_us,
                    .reason = g_strdup(reason),
                    .closed = closed,
                    .user_data = user_data};
    run_end_write(end);
}

/* After a failover */

typedef struct {
    RunsLost found;
    gpointer user_data;
} Finding;

static void
on_lost_counted(const DbResult *result, const GError *error, const DbFault *fault,
                gpointer user_data)
{
    g_autofree Finding *finding = user_data;

    finding->found(error == NULL ? db_result_int(result, 0, 0) : 0, error, finding->user_data);
}

void
runs_find_lost(Store *store, DbConn *conn, const GArray *run_ids, bool may_forget, RunsLost found,
               gpointer user_data)
{
    Finding *finding = g_new(Finding, 1);
    g_autoptr(DbParams) params = db_params_new();

    *finding = (Finding){.found = found, .user_data = user_data};
    db_params_add_int8(params, store_epoch(store));
    db_params_begin_array(params, DB_INT8);
    for (guint i = 0; i < run_ids->len; i++)
        db_params_add_int8(params, g_array_index(run_ids, int64_t, i));
    db_params_end_array(params);
    db_params_add_bool(params, may_forget);
    db_conn_query(conn, sql_query("runs_lost"), g_steal_pointer(&params), on_lost_counted, finding);
}

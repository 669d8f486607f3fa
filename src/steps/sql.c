/* SPDX-License-Identifier: PostgreSQL */
/* An SQL step: its text in one simple query on a pooled connection to its database, as pgAgent does it (several
 * statements are one implicit transaction). What the server says (notices, command tags, the error with all its
 * fields) is the step's output; rows are dropped. */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "base/capture.h"
#include "base/error.h"
#include "steps/step.h"

typedef struct {
    Step base;
    DbPool *pool;
    DbLease *lease;
    DbConn *conn; /* NULL until it is ready */
    DbTarget *target;
    char *code;
    Capture *output;
    char sqlstate[6];
    bool was_stopped;
    bool has_begun_again; /* on another connection */
    GError *cannot;       /* why it cannot even try */
    guint idle_id;
} SqlStep;

static void sql_get_connection(SqlStep *self);

static void
sql_done(SqlStep *self, StepOutcome outcome, int64_t rows)
{
    g_autofree char *text = capture_text(self->output);
    const char *output = g_strchomp(text);
    const StepResult result = {
        .outcome = outcome,
        .result = outcome == STEP_SUCCEEDED ? (int)CLAMP(rows, 0, G_MAXINT32) : -1,
        .output = output,
        .sqlstate = self->sqlstate[0] != '\0' ? self->sqlstate : NULL,
    };

    self->base.events.done(&result, self->base.user_data);
}

static void
sql_say(SqlStep *self, const char *text)
{
    capture_append(self->output, text, strlen(text));
    capture_append(self->output, "\n", 1);
}

static void
sql_add_error(SqlStep *self, const char *message)
{
    g_autofree char *line = g_strdup_printf("ERROR:  %s", message);

    sql_say(self, line);
}

/* Events of the running script */

static void
add_field(GString *text, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0')
        g_string_append_printf(text, "\n%s:  %s", name, value);
}

static void
on_notice(const DbFault *notice, gpointer user_data)
{
    SqlStep *self = user_data;
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_printf(text, "%s:  %s", notice->severity, notice->message);
    add_field(text, "DETAIL", notice->detail);
    add_field(text, "HINT", notice->hint);
    sql_say(self, text->str);
}

static void
on_command(const char *tag, gpointer user_data)
{
    SqlStep *self = user_data;

    sql_say(self, tag);
}

static void
on_failed(const DbFault *fault, gpointer user_data)
{
    SqlStep *self = user_data;
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_printf(text, "%s:  %s", fault->severity != NULL ? fault->severity : "ERROR",
                    fault->message);
    add_field(text, "SQLSTATE", fault->sqlstate);
    add_field(text, "DETAIL", fault->detail);
    add_field(text, "HINT", fault->hint);
    add_field(text, "CONTEXT", fault->context);
    add_field(text, "POSITION", fault->statement_position);
    sql_say(self, text->str);
    if (fault->sqlstate != NULL)
        g_strlcpy(self->sqlstate, fault->sqlstate, sizeof self->sqlstate);
}

static void
on_script_done(int64_t rows, bool open_transaction, const GError *error, gpointer user_data)
{
    SqlStep *self = user_data;
    bool is_clean = !self->was_stopped && !open_transaction;

    /* A server's error was written by on_failed already. */
    if (error != NULL && self->sqlstate[0] == '\0')
        sql_add_error(self, error->message);
    if (error == NULL && open_transaction)
        sql_add_error(self,
                      "the step left a transaction open, which is rolled back: end it with COMMIT");
    if (error != NULL && g_error_matches(error, ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION))
        is_clean = false;

    self->conn = NULL;
    if (is_clean)
        db_lease_release(g_steal_pointer(&self->lease));
    else
        db_lease_close(g_steal_pointer(&self->lease));
    sql_done(self, error == NULL && !open_transaction ? STEP_SUCCEEDED : STEP_FAILED, rows);
}

/* A connection may die between the look at it when it was granted and its first statement. Once is no reason to fail. */
static void
on_unsent(const GError *error, gpointer user_data)
{
    SqlStep *self = user_data;

    if (self->was_stopped || self->has_begun_again) {
        on_script_done(0, false, error, self);
        return;
    }
    self->has_begun_again = true;
    self->conn = NULL;
    db_lease_close(g_steal_pointer(&self->lease));
    sql_get_connection(self);
    self->base.events.again(self->base.user_data);
}

/* Getting ready */

static void
on_ready(DbConn *conn, const GError *error, gpointer user_data)
{
    SqlStep *self = user_data;

    if (error != NULL) {
        g_autofree char *message = g_strdup_printf("could not start step: %s", error->message);

        g_clear_pointer(&self->lease, db_lease_close);
        sql_add_error(self, message);
        sql_done(self, STEP_FAILED, 0);
        return;
    }
    self->conn = conn;

    const DbBackend backend = db_conn_backend(conn);
    self->base.events.prepared(&backend, self->base.user_data);
}

static void
on_waiting(const char *reason, gpointer user_data)
{
    SqlStep *self = user_data;
    g_autofree char *what = NULL;

    if (reason != NULL)
        what = g_strdup_printf("a free connection to %s (%s)", db_target_describe(self->target),
                               reason);
    self->base.events.waiting(what, self->base.user_data);
}

static void
sql_get_connection(SqlStep *self)
{
    self->lease = db_pool_acquire(self->pool, self->target, on_ready, self);
    db_lease_on_waiting(self->lease, on_waiting, self);
}

static gboolean
on_cannot(gpointer user_data)
{
    SqlStep *self = user_data;
    g_autofree char *message = g_strdup_printf("could not start step: %s", self->cannot->message);

    self->idle_id = 0;
    sql_add_error(self, message);
    sql_done(self, STEP_FAILED, 0);
    return G_SOURCE_REMOVE;
}

static DbTarget *
target_of(const StepContext *context, const char *conninfo, const char *database, GError **error)
{
    if (conninfo[0] == '\0')
        return db_target_with_database(context->own_target, database);
    return db_target_parse(conninfo, error);
}

void
step_warm_sql(const StepContext *context, const char *conninfo, const char *database)
{
    g_autoptr(DbTarget) target = target_of(context, conninfo, database, NULL);

    if (target != NULL)
        db_pool_warm(context->pool, target);
}

static Step *
sql_create(const StepContext *context, const StepSpec *spec)
{
    SqlStep *self = g_new0(SqlStep, 1);

    self->code = g_strdup(spec->code);
    self->pool = context->pool;
    self->output = capture_new(context->output_limit);
    self->target = target_of(context, spec->conninfo, spec->database, &self->cannot);
    if (self->target == NULL) {
        self->idle_id = g_idle_add(on_cannot, self);
        return &self->base;
    }
    sql_get_connection(self);
    return &self->base;
}

static void
sql_run(Step *step)
{
    static const DbScriptEvents events = {.notice = on_notice,
                                          .command = on_command,
                                          .failed = on_failed,
                                          .done = on_script_done,
                                          .unsent = on_unsent};
    SqlStep *self = (SqlStep *)step;

    db_conn_script(self->conn, self->code, &events, self);
}

static gboolean
on_stopped(gpointer user_data)
{
    SqlStep *self = user_data;

    self->idle_id = 0;
    sql_done(self, STEP_FAILED, 0);
    return G_SOURCE_REMOVE;
}

/* Without being asked to cancel, the server would notice only after a while, or never, that nobody listens. */
static void
sql_break_off(SqlStep *self)
{
    if (self->conn != NULL)
        db_conn_cancel(self->conn);
    self->conn = NULL;
    g_clear_pointer(&self->lease, db_lease_close);
}

/* Before it runs there is nothing to ask; while it runs, politely is a cancel, at once is closing. */
static void
sql_stop(Step *step, StepStop how)
{
    SqlStep *self = (SqlStep *)step;

    if (self->lease == NULL)
        return;
    if (how == STEP_STOP_POLITELY && self->conn != NULL) {
        if (!self->was_stopped)
            db_conn_cancel(self->conn);
        self->was_stopped = true;
        return;
    }
    self->was_stopped = true;
    sql_break_off(self);
    self->idle_id = g_idle_add(on_stopped, self);
}

static void
sql_free(Step *step)
{
    SqlStep *self = (SqlStep *)step;

    g_clear_handle_id(&self->idle_id, g_source_remove);
    sql_break_off(self);
    db_target_unref(self->target);
    g_clear_error(&self->cannot);
    capture_free(self->output);
    g_free(self->code);
    g_free(self);
}

const StepKind step_kind_sql = {"sql", sql_create, sql_run, sql_stop, sql_free};

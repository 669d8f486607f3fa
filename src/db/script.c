/* SPDX-License-Identifier: PostgreSQL */
/* Whatever somebody wrote into a step, as one simple query. Rows come one by one and are dropped. */
#include "config.h"

#include "base/error.h"
#include "db/conn-private.h"

/* A small COPY is read to its end, because what it was part of is probably done by then and its true outcome
 * is worth knowing; a large one is cut by a cancel. */
#define COPY_READ_LIMIT INT64_C(1048576)

static const char copy_refused[] = "COPY from or to the client is not possible in a step";

/* libpq reads notices while a result waits to be fetched, so it reports them too early. */
typedef struct {
    DbFault *fault;
    bool before_result; /* arrived before the result that is fetched next */
} Notice;

typedef struct {
    Request base;
    char *sql;
    DbScriptEvents events;
    gpointer user_data;

    bool was_sent;  /* maybe in part */
    GQueue notices; /* Notice */
    int64_t rows;
    GError *error; /* the first one */
    bool draining; /* in COPY TO STDOUT */
    int64_t drained;
    bool over;
    bool open_transaction;
} Script;

static bool
script_send(Request *request, DbConn *conn)
{
    Script *self = (Script *)request;
    if (!conn_is_alive(conn))
        return false;
    self->was_sent = true;
    return PQsendQuery(conn->pg, self->sql) && PQsetSingleRowMode(conn->pg);
}

static void
notice_free(Notice *notice)
{
    fault_free(notice->fault);
    g_free(notice);
}

/* PQsetSingleRowMode (which is on anyway) says whether libpq has the beginning of a result: the only way to
 * learn from here on which side of the next result a notice stands. */
void
script_take_notice(Request *request, DbConn *conn, const PGresult *result)
{
    Script *self = (Script *)request;
    Notice *notice = g_new0(Notice, 1);
    notice->fault = fault_new_from_result(result);
    notice->before_result = PQsetSingleRowMode(conn->pg) != 0;
    g_queue_push_tail(&self->notices, notice);
}

/* all: else only those that precede the next result. */
static void
report_notices(Script *self, DbConn *conn, bool all)
{
    while (conn->state != CONN_FREED) {
        Notice *notice = g_queue_peek_head(&self->notices);
        if (!notice || !(all || notice->before_result))
            return;
        g_queue_pop_head(&self->notices);
        if (self->events.notice)
            self->events.notice(notice->fault, self->user_data);
        notice_free(notice);
    }
}

static void
report_fault(Script *self, const DbFault *fault)
{
    if (self->error)
        return;
    self->error = fault_to_error(fault);
    if (self->events.failed)
        self->events.failed(fault, self->user_data);
}

static void
refuse_copy(Script *self)
{
    g_autoptr(DbFault) fault = fault_new("0A000", copy_refused);
    report_fault(self, fault);
}

/* False if more data is still to come. */
static bool
drain_copy(Script *self, DbConn *conn)
{
    for (;;) {
        char *data = NULL;
        int length = PQgetCopyData(conn->pg, &data, 1);
        PQfreemem(data);
        if (length == 0)
            return false;
        if (length < 0)
            break;
        self->drained += length;
        if (self->drained > COPY_READ_LIMIT && !conn->cancel_sent)
            db_conn_cancel(conn);
    }
    self->draining = false;
    return !PQisBusy(conn->pg);
}

static bool
script_prepare(Request *request, DbConn *conn, bool busy)
{
    Script *self = (Script *)request;
    report_notices(self, conn, busy);
    if (conn->state == CONN_FREED)
        return false;
    return !self->draining || drain_copy(self, conn);
}

static void
take_command(Script *self, const PGresult *result)
{
    self->rows = g_ascii_strtoll(PQcmdTuples((PGresult *)result), NULL, 10);
    const char *tag = PQcmdStatus((PGresult *)result);
    if (self->events.command && *tag)
        self->events.command(tag, self->user_data);
}

static void
take_fault(Script *self, DbConn *conn, const PGresult *result)
{
    g_autoptr(DbFault) fault = fault_new_from_result(result);
    /* libpq's own words about a lost connection follow as the error of the connection. */
    if (*fault->sqlstate || PQstatus(conn->pg) == CONNECTION_OK)
        report_fault(self, fault);
}

static void
take_result(Script *self, DbConn *conn, const PGresult *result)
{
    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        if (!self->error)
            take_command(self, result);
        return;
    case PGRES_EMPTY_QUERY:
        self->rows = 0;
        return;
    case PGRES_COPY_IN:
        refuse_copy(self);
        if (PQputCopyEnd(conn->pg, copy_refused) < 0)
            conn_break_later(conn);
        return;
    case PGRES_COPY_OUT:
        refuse_copy(self);
        self->draining = true;
        return;
    case PGRES_COPY_BOTH:
        refuse_copy(self);
        conn_break_later(conn);
        return;
    case PGRES_BAD_RESPONSE:
    case PGRES_FATAL_ERROR:
        take_fault(self, conn, result);
        return;
    default: /* a single row, or what only a pipeline has */
        return;
    }
}

static bool
script_take(Request *request, DbConn *conn, PGresult *result)
{
    Script *self = (Script *)request;
    if (!result) {
        report_notices(self, conn, true);
        self->open_transaction = PQtransactionStatus(conn->pg) != PQTRANS_IDLE;
        return true;
    }
    take_result(self, conn, result);
    PQclear(result);
    report_notices(self, conn, true);
    return false;
}

static void
script_answer(Request *request, DbConn *conn)
{
    Script *self = (Script *)request;
    self->events.done(self->error ? 0 : self->rows, self->open_transaction, self->error,
                      self->user_data);
}

static void
script_fail(Request *request, const GError *error)
{
    Script *self = (Script *)request;
    if (!self->was_sent && self->events.unsent)
        self->events.unsent(error, self->user_data);
    else
        self->events.done(0, false, error, self->user_data);
}

static void
script_free(Request *request)
{
    Script *self = (Script *)request;
    g_queue_clear_full(&self->notices, (GDestroyNotify)notice_free);
    g_clear_error(&self->error);
    g_free(self->sql);
    g_free(self);
}

const RequestKind script_kind = {
    .send = script_send,
    .prepare = script_prepare,
    .take = script_take,
    .answer = script_answer,
    .fail = script_fail,
    .free = script_free,
};

void
db_conn_script(DbConn *self, const char *sql, const DbScriptEvents *events, gpointer user_data)
{
    Script *script = g_new0(Script, 1);
    script->base.kind = &script_kind;
    script->sql = g_strdup(sql);
    script->events = *events;
    script->user_data = user_data;
    g_queue_init(&script->notices);
    conn_enqueue(self, &script->base);
}

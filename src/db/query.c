/* SPDX-License-Identifier: PostgreSQL */
/* One statement: the extended protocol, parameters and results in binary form. */
#include "config.h"

#include "base/error.h"
#include "db/conn-private.h"

typedef struct {
    Request base;
    char *sql;
    DbParams *params;
    PGresult *result; /* the first error, else the last result */
    DbQueryDone done;
    gpointer user_data;
} Query;

static bool
query_send(Request *request, DbConn *conn)
{
    Query *self = (Query *)request;
    return conn_send(conn, self->sql, self->params);
}

/* The service's own statements do not COPY. Were one to do so, its data would have nowhere to go. */
static bool
is_copy(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

static bool
query_take(Request *request, DbConn *conn, PGresult *result)
{
    Query *self = (Query *)request;
    if (!result)
        return true;
    if (is_copy(result))
        conn_break_later(conn);
    if (self->result && PQresultStatus(self->result) == PGRES_FATAL_ERROR) {
        PQclear(result);
        return false;
    }
    PQclear(self->result);
    self->result = result;
    return false;
}

static void
query_answer(Request *request, DbConn *conn)
{
    Query *self = (Query *)request;
    ExecStatusType status = PQresultStatus(self->result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) {
        g_autoptr(DbResult) result = db_result_new(g_steal_pointer(&self->result));
        self->done(result, NULL, NULL, self->user_data);
        return;
    }
    g_autoptr(DbFault) fault = fault_new_from_result(self->result);
    g_autoptr(GError) error = fault_to_error(fault);
    conn_unprepare(conn, self->sql, fault);
    self->done(NULL, error, fault, self->user_data);
}

static void
query_fail(Request *request, const GError *error)
{
    Query *self = (Query *)request;
    self->done(NULL, error, NULL, self->user_data);
}

static void
query_free(Request *request)
{
    Query *self = (Query *)request;
    g_free(self->sql);
    db_params_free(self->params);
    PQclear(self->result);
    g_free(self);
}

static const RequestKind query_kind = {
    .send = query_send,
    .take = query_take,
    .answer = query_answer,
    .fail = query_fail,
    .free = query_free,
};

static void
ignore_answer(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
}

void
db_conn_query(DbConn *self, const char *sql, DbParams *params, DbQueryDone done, gpointer user_data)
{
    conn_prepare(self, sql);
    Query *query = g_new0(Query, 1);
    query->base.kind = &query_kind;
    query->sql = g_strdup(sql);
    query->params = params;
    query->done = done ? done : ignore_answer;
    query->user_data = user_data;
    conn_enqueue(self, &query->base);
}

/* SPDX-License-Identifier: PostgreSQL */
/* BEGIN, the statements, COMMIT and one sync go out together; the answers come back together. If the server
 * refuses one, it skips the rest up to the sync, COMMIT too, so the transaction is then still open and is
 * rolled back by a simple query outside the pipeline. */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "db/conn-private.h"

typedef struct {
    Request base;
    DbStatement *statements;
    int count;
    DbTransactionDone done;
    gpointer user_data;

    int at;             /* whose result comes next: 0 = BEGIN, 1 … count, count + 1 = COMMIT */
    bool after_null;    /* two NULLs in a row, or too few, would mean that we have lost count */
    bool rolling_back;  /* the pipeline is over, ROLLBACK is on the wire */
    GPtrArray *results; /* DbResult */
    DbFault *fault;     /* of the first refused statement */
    int refused;        /* its place, as in `at` */
} Transaction;

static bool
send_plain(PGconn *pg, const char *sql)
{
    return PQsendQueryParams(pg, sql, 0, NULL, NULL, NULL, NULL, 1) != 0;
}

static bool
transaction_send(Request *request, DbConn *conn)
{
    Transaction *self = (Transaction *)request;
    if (!PQenterPipelineMode(conn->pg) || !send_plain(conn->pg, "BEGIN"))
        return false;
    for (int i = 0; i < self->count; i++) {
        if (!conn_send(conn, self->statements[i].sql, self->statements[i].params))
            return false;
    }
    return send_plain(conn->pg, "COMMIT") && PQpipelineSync(conn->pg);
}

static void
note_fault(Transaction *self, DbFault *fault)
{
    if (self->fault) {
        fault_free(fault);
        return;
    }
    self->fault = fault;
    self->refused = self->at;
}

static void
take_statement(Transaction *self, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_FATAL_ERROR) {
        note_fault(self, fault_new_from_result(result));
    } else if (self->at > self->count && status == PGRES_COMMAND_OK) {
        /* A statement may have ended the transaction that it is part of. */
        if (strcmp(PQcmdStatus(result), "COMMIT") != 0)
            note_fault(self, fault_new("40000", "the transaction was rolled back"));
    } else if (self->at >= 1 && self->at <= self->count && status != PGRES_PIPELINE_ABORTED) {
        g_ptr_array_add(self->results, db_result_new(result));
        return;
    }
    PQclear(result);
}

/* True if the transaction is over and the connection as it was before. */
static bool
end_pipeline(Transaction *self, DbConn *conn)
{
    if (!PQexitPipelineMode(conn->pg)) {
        conn_break_later(conn);
        return false;
    }
    if (PQtransactionStatus(conn->pg) == PQTRANS_IDLE)
        return true;
    self->rolling_back = true;
    if (!PQsendQuery(conn->pg, "ROLLBACK"))
        conn_break_later(conn);
    return false;
}

static bool
transaction_take(Request *request, DbConn *conn, PGresult *result)
{
    Transaction *self = (Transaction *)request;
    if (self->rolling_back) {
        PQclear(result);
        return result == NULL;
    }
    if (!result) {
        if (self->after_null)
            conn_break_later(conn);
        self->after_null = true;
        self->at++;
        return false;
    }
    self->after_null = false;
    if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
        PQclear(result);
        if (self->at == self->count + 2)
            return end_pipeline(self, conn);
        conn_break_later(conn);
        return false;
    }
    take_statement(self, result);
    return false;
}

static void
transaction_answer(Request *request, DbConn *conn)
{
    Transaction *self = (Transaction *)request;
    if (!self->fault) {
        self->done(self->results, -1, NULL, NULL, self->user_data);
        return;
    }
    bool is_ours = self->refused >= 1 && self->refused <= self->count;
    g_autoptr(GError) error = fault_to_error(self->fault);
    if (is_ours)
        conn_unprepare(conn, self->statements[self->refused - 1].sql, self->fault);
    self->done(NULL, is_ours ? self->refused - 1 : -1, error, self->fault, self->user_data);
}

static void
transaction_fail(Request *request, const GError *error)
{
    Transaction *self = (Transaction *)request;
    self->done(NULL, -1, error, NULL, self->user_data);
}

static void
transaction_free(Request *request)
{
    Transaction *self = (Transaction *)request;
    g_free(self->statements);
    g_ptr_array_unref(self->results);
    fault_free(self->fault);
    g_free(self);
}

static const RequestKind transaction_kind = {
    .send = transaction_send,
    .take = transaction_take,
    .answer = transaction_answer,
    .fail = transaction_fail,
    .free = transaction_free,
};

void
db_conn_transaction(DbConn *self, const DbStatement *statements, int count, DbTransactionDone done,
                    gpointer user_data)
{
    for (int i = 0; i < count; i++)
        conn_prepare(self, statements[i].sql);
    Transaction *transaction = g_new0(Transaction, 1);
    transaction->base.kind = &transaction_kind;
    transaction->statements = g_new(DbStatement, (gsize)count);
    for (int i = 0; i < count; i++)
        transaction->statements[i] = statements[i];
    transaction->count = count;
    transaction->results = g_ptr_array_new_with_free_func((GDestroyNotify)db_result_free);
    transaction->done = done;
    transaction->user_data = user_data;
    conn_enqueue(self, &transaction->base);
}

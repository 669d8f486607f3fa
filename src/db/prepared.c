/* SPDX-License-Identifier: PostgreSQL */
/* Statements that are parsed and planned once a session. The server is asked to prepare one when it is used for
 * the first time, in a request of its own. */
#include "config.h"

#include "db/conn-private.h"

typedef struct {
    Request base;
    char *sql;
    char *name;
    bool failed;
} Prepare;

static bool
prepare_send(Request *request, PGconn *pg)
{
    Prepare *self = (Prepare *)request;
    return PQsendPrepare(pg, self->name, self->sql, 0, NULL) != 0;
}

static bool
prepare_take(Request *request, DbConn *conn, PGresult *result)
{
    Prepare *self = (Prepare *)request;
    if (!result)
        return true;
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        self->failed = true;
    PQclear(result);
    return false;
}

/* Who uses it gets the error; the next one has it prepared again. */
static void
prepare_answer(Request *request, DbConn *conn)
{
    Prepare *self = (Prepare *)request;
    if (self->failed)
        g_hash_table_remove(conn->prepared, self->sql);
}

static void
prepare_fail(Request *request, const GError *error)
{
}

static void
prepare_free(Request *request)
{
    Prepare *self = (Prepare *)request;
    g_free(self->sql);
    g_free(self->name);
    g_free(self);
}

static const RequestKind prepare_kind = {
    .send = prepare_send,
    .take = prepare_take,
    .answer = prepare_answer,
    .fail = prepare_fail,
    .free = prepare_free,
};

void
db_conn_keep_plans(DbConn *self)
{
    if (!self->prepared)
        self->prepared = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

const char *
conn_prepare(DbConn *self, const char *sql)
{
    if (!self->prepared)
        return NULL;
    const char *name = g_hash_table_lookup(self->prepared, sql);
    if (name)
        return name;

    char *new_name = g_strdup_printf("s%u", ++self->last_prepared);
    Prepare *prepare = g_new0(Prepare, 1);
    prepare->base.kind = &prepare_kind;
    prepare->sql = g_strdup(sql);
    prepare->name = g_strdup(new_name);
    g_hash_table_insert(self->prepared, g_strdup(sql), new_name);
    conn_enqueue(self, &prepare->base);
    return new_name;
}

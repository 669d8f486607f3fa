/* SPDX-License-Identifier: PostgreSQL */
/* Statements that are parsed and planned once a session. The server is asked to prepare one when it is used for
 * the first time, in a request of its own. */
#include "config.h"

#include <string.h>

#include "db/conn-private.h"

typedef struct {
    Request base;
    char *sql;
    char *name;
    bool failed;
} Prepare;

static bool
prepare_send(Request *request, DbConn *conn)
{
    Prepare *self = (Prepare *)request;
    return PQsendPrepare(conn->pg, self->name, self->sql, 0, NULL) != 0;
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

/* Who wanted it sends it as it is then, and gets the error in its own words. */
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

void
conn_prepare(DbConn *self, const char *sql)
{
    if (!self->prepared || g_hash_table_contains(self->prepared, sql))
        return;
    Prepare *prepare = g_new0(Prepare, 1);
    prepare->base.kind = &prepare_kind;
    prepare->sql = g_strdup(sql);
    prepare->name = g_strdup_printf("s%u", ++self->last_prepared);
    g_hash_table_insert(self->prepared, g_strdup(sql), g_strdup(prepare->name));
    conn_enqueue(self, &prepare->base);
}

static const char *
find_name(const DbConn *self, const char *sql)
{
    return self->prepared ? g_hash_table_lookup(self->prepared, sql) : NULL;
}

/* "cached plan must not change result type" is feature_not_supported. */
void
conn_unprepare(DbConn *self, const char *sql, const DbFault *fault)
{
    bool is_stale = strcmp(fault->sqlstate, "0A000") == 0 || strcmp(fault->sqlstate, "26000") == 0;
    if (self->prepared && is_stale)
        g_hash_table_remove(self->prepared, sql);
}

bool
conn_send(DbConn *self, const char *sql, DbParams *params)
{
    g_autoptr(DbParams) none = params ? NULL : db_params_new();
    DbParams *sent = params ? params : none;
    const char *name = find_name(self, sql);
    if (name)
        return PQsendQueryPrepared(self->pg, name, db_params_count(sent), db_params_values(sent),
                                   db_params_lengths(sent), db_params_formats(sent), 1) != 0;
    return PQsendQueryParams(self->pg, sql, db_params_count(sent), db_params_types(sent),
                             db_params_values(sent), db_params_lengths(sent),
                             db_params_formats(sent), 1) != 0;
}

/* SPDX-License-Identifier: PostgreSQL */
/* A pooler shows by the number of the server process that it made up when we connected. If it hands the process out
 * anew for each transaction, a second connection that asks while the first one is idle gets the same (poolers take the
 * one that was used last), or the first one gets another the next time. */
#include "config.h"

#include "store/pooler.h"

#include "base/error.h"
#include "store/sql.h"

#define ROUNDS 3
/* A pool with room for one session keeps the second waiting; one that serves transactions would have answered. */
#define LIMIT_MS 5000

struct PoolerProbe {
    DbConn *conn;
    DbTarget *target;
    DbConn *second;
    int64_t connect_timeout_us;
    int64_t pid; /* the process that the first connection had last */
    int rounds;
    guint limit_id;
    bool is_asking;      /* the first connection owes an answer */
    PoolerProbed probed; /* NULL = it has been called */
    gpointer user_data;
};

GError *
pooler_refusal(const char *place)
{
    return g_error_new(
        ALMANAC_ERROR, ALMANAC_ERROR_REFUSED,
        "%s is reached through a pooler that gives each transaction another server process "
        "(pgbouncer in transaction mode), with which this does not work: connect to the server "
        "itself, or to a pool with pool_mode = session; only steps may connect like this",
        place);
}

static void
probe_end(PoolerProbe *self, const GError *error)
{
    PoolerProbed probed = g_steal_pointer(&self->probed);

    g_clear_handle_id(&self->limit_id, g_source_remove);
    if (probed != NULL)
        probed(error, self->user_data);
}

static void
probe_refuse(PoolerProbe *self)
{
    g_autoptr(GError) refusal = pooler_refusal(db_conn_describe(self->conn));

    probe_end(self, refusal);
}

static gboolean
on_limit(gpointer user_data)
{
    PoolerProbe *self = user_data;

    self->limit_id = 0;
    probe_end(self, NULL);
    return G_SOURCE_REMOVE;
}

/* Every request is answered, also when its connection is given up: the probe waits for that. */
static bool
take_answer(PoolerProbe *self)
{
    self->is_asking = false;
    if (self->probed != NULL)
        return true;
    pooler_probe_free(self);
    return false;
}

static void
ask_first(PoolerProbe *self, DbQueryDone done)
{
    self->is_asking = true;
    db_conn_query(self->conn, sql_query("session_backend"), NULL, done, self);
}

static void on_second_answered(const DbResult *result, const GError *error, const DbFault *fault,
                               gpointer user_data);

static void
probe_round(PoolerProbe *self)
{
    if (self->rounds++ == ROUNDS)
        probe_end(self, NULL);
    else
        db_conn_query(self->second, sql_query("session_backend"), NULL, on_second_answered, self);
}

static void
on_first_again(const DbResult *result, const GError *error, const DbFault *fault,
               gpointer user_data)
{
    PoolerProbe *self = user_data;

    if (!take_answer(self))
        return;
    if (error != NULL)
        probe_end(self, error);
    else if (db_result_int(result, 0, 0) != self->pid)
        probe_refuse(self);
    else
        probe_round(self);
}

static void
on_second_answered(const DbResult *result, const GError *error, const DbFault *fault,
                   gpointer user_data)
{
    PoolerProbe *self = user_data;

    if (error != NULL)
        probe_end(self, NULL);
    else if (db_result_int(result, 0, 0) == self->pid)
        probe_refuse(self);
    else
        ask_first(self, on_first_again);
}

/* One that does not open tells nothing. */
static void
on_second_opened(DbConn *second, const GError *error, gpointer user_data)
{
    PoolerProbe *self = user_data;

    if (error != NULL)
        probe_end(self, NULL);
    else
        probe_round(self);
}

static void
on_first(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    PoolerProbe *self = user_data;

    if (!take_answer(self))
        return;
    self->pid = error == NULL ? db_result_int(result, 0, 0) : 0;
    if (error != NULL || self->pid == db_conn_backend_pid(self->conn)) {
        probe_end(self, error);
        return;
    }
    self->limit_id = g_timeout_add(LIMIT_MS, on_limit, self);
    self->second = db_conn_new(self->target, "pgalmanac", self->connect_timeout_us);
    db_conn_begin_at(self->second, db_conn_host(self->conn));
    db_conn_open(self->second, on_second_opened, self);
}

PoolerProbe *
pooler_probe_new(DbConn *conn, DbTarget *target, int64_t connect_timeout_us, PoolerProbed probed,
                 gpointer user_data)
{
    PoolerProbe *self = g_new0(PoolerProbe, 1);

    self->conn = conn;
    self->target = db_target_ref(target);
    self->connect_timeout_us = connect_timeout_us;
    self->probed = probed;
    self->user_data = user_data;
    ask_first(self, on_first);
    return self;
}

/* While the first connection owes an answer, that answer frees it. */
void
pooler_probe_free(PoolerProbe *self)
{
    if (self == NULL)
        return;
    g_clear_handle_id(&self->limit_id, g_source_remove);
    g_clear_pointer(&self->second, db_conn_free);
    self->probed = NULL;
    if (self->is_asking)
        return;
    db_target_unref(self->target);
    g_free(self);
}

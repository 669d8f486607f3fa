/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "db/pooled.h"

#include "base/error.h"

enum {
    IDLE_MS = 5000,
    CLEANING_LIMIT_MS = 10000,
    ASKING_LIMIT_MS = 5000,
};

Pooled *
pooled_new(PoolServer *server, const DbPool *pool, DbTarget *target)
{
    Pooled *self = g_new0(Pooled, 1);

    self->server = server;
    self->state = POOLED_OPENING;
    self->key = g_strdup(db_target_key(target));
    self->conn = db_conn_new(target, pool->application_name, pool->connect_timeout_us);
    return self;
}

void
pooled_free(Pooled *self)
{
    g_clear_handle_id(&self->time_limit, g_source_remove);
    db_conn_free(self->conn);
    g_free(self->key);
    g_free(self);
}

DbConn *
pooled_conn(Pooled *self)
{
    return self->conn;
}

static void
drop(Pooled *self)
{
    pool_server_drop(self->server, self);
}

static gboolean
on_time_limit(gpointer user_data)
{
    Pooled *self = user_data;
    self->time_limit = 0;
    drop(self);
    return G_SOURCE_REMOVE;
}

static void
limit_time(Pooled *self, guint limit_ms)
{
    g_clear_handle_id(&self->time_limit, g_source_remove);
    self->time_limit = g_timeout_add(limit_ms, on_time_limit, self);
}

static void
on_unused_lost(DbConn *conn, const GError *error, gpointer user_data)
{
    drop(user_data);
}

/* Lets the server notice that we are gone while it runs a long statement. Some platforms cannot do that and
 * refuse the setting. Behind a pooler, whose process is another one, it would stay set for others. */
static void
watch_for_our_end(DbConn *conn, DbQueryDone done, gpointer user_data)
{
    g_autoptr(DbParams) params = db_params_new();
    db_params_add_int4(params, db_conn_backend_pid(conn));
    db_conn_query(conn,
                  "SELECT pg_catalog.set_config('client_connection_check_interval', '5s', false)"
                  " WHERE pg_catalog.pg_backend_pid() = $1::int4",
                  g_steal_pointer(&params), done, user_data);
}

static bool
knows_how_to_watch(const DbConn *conn)
{
    return db_conn_server_version(conn) >= 140000;
}

void
pooled_grant(Pooled *self, DbLease *lease)
{
    g_clear_handle_id(&self->time_limit, g_source_remove);
    db_conn_set_handlers(self->conn, NULL, NULL, NULL);
    self->state = POOLED_LEASED;
    self->lease = lease;
    lease_grant(lease, self);
}

static void
enter_idle(Pooled *self)
{
    self->state = POOLED_IDLE;
    db_conn_set_handlers(self->conn, on_unused_lost, NULL, self);
    limit_time(self, IDLE_MS);
    pool_server_keep(self->server, self);
}

static void
on_set_again(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    if (error && error_is_transient(error))
        drop(user_data);
    else
        enter_idle(user_data);
}

static void
on_discarded(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Pooled *self = user_data;
    if (error)
        drop(self);
    else if (knows_how_to_watch(self->conn))
        watch_for_our_end(self->conn, on_set_again, self);
    else
        enter_idle(self);
}

void
pooled_clean(Pooled *self)
{
    self->state = POOLED_CLEANING;
    db_conn_set_handlers(self->conn, on_unused_lost, NULL, self);
    limit_time(self, CLEANING_LIMIT_MS);
    db_conn_query(self->conn, "DISCARD ALL", NULL, on_discarded, self);
}

/* If the connection has died meanwhile, whoever has a lease will see it. */
static void
enter_use(Pooled *self)
{
    if (self->lease)
        pooled_grant(self, self->lease);
    else
        enter_idle(self);
    pool_server_pump_later(self->server);
}

static void
on_asked(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Pooled *self = user_data;
    if (!error)
        db_conn_note_backend(self->conn, result);
    if (self->state != POOLED_OPENING)
        return;
    if (error && error_is_transient(error) && !self->lease)
        drop(self);
    else
        enter_use(self);
}

/* A server that does not answer: not our business, but that of the time limit of the step. */
static gboolean
on_asked_in_vain(gpointer user_data)
{
    Pooled *self = user_data;
    self->time_limit = 0;
    enter_use(self);
    return G_SOURCE_REMOVE;
}

void
pooled_begin_asking(Pooled *self)
{
    if (knows_how_to_watch(self->conn))
        watch_for_our_end(self->conn, NULL, NULL);
    db_conn_ask_backend(self->conn, on_asked, self);
    self->time_limit = g_timeout_add(ASKING_LIMIT_MS, on_asked_in_vain, self);
}

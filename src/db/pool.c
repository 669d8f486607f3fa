/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "db/pool-private.h"

DbPool *
db_pool_new(int max_per_server, int64_t connect_timeout_us, const char *application_name)
{
    DbPool *self = g_new0(DbPool, 1);
    self->max_per_server = max_per_server;
    self->connect_timeout_us = connect_timeout_us;
    self->application_name = g_strdup(application_name);
    self->servers =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)pool_server_free);
    return self;
}

void
db_pool_free(DbPool *self)
{
    if (!self)
        return;
    g_hash_table_unref(self->servers);
    g_free(self->application_name);
    g_free(self);
}

void
db_pool_set_limits(DbPool *self, int max_per_server, int64_t connect_timeout_us)
{
    self->max_per_server = max_per_server;
    self->connect_timeout_us = connect_timeout_us;
    GHashTableIter iter;
    gpointer server;
    g_hash_table_iter_init(&iter, self->servers);
    while (g_hash_table_iter_next(&iter, NULL, &server))
        pool_server_pump_later(server);
}

void
pool_forget_server(DbPool *self, const char *name)
{
    g_hash_table_remove(self->servers, name);
}

static PoolServer *
server_of(DbPool *self, const DbTarget *target)
{
    const char *name = db_target_server(target);
    PoolServer *server = g_hash_table_lookup(self->servers, name);
    if (!server) {
        server = pool_server_new(self, name);
        g_hash_table_insert(self->servers, g_strdup(name), server);
    }
    return server;
}

void
db_pool_warm(DbPool *self, DbTarget *target)
{
    pool_server_warm(server_of(self, target), target);
}

DbLease *
db_pool_acquire(DbPool *self, DbTarget *target, DbPoolReady ready, gpointer user_data)
{
    PoolServer *server = server_of(self, target);
    DbLease *lease = lease_new(server, target, ++self->last_sequence, ready, user_data);
    pool_server_wait(server, lease);
    return lease;
}

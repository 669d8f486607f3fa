/* SPDX-License-Identifier: PostgreSQL */
/* What the parts of the pool share: pool.c has the table of servers and the public functions, poolserver.c one
 * server's connections and its line of those who wait, pooled.c one of these connections, lease.c calls back. */
#pragma once

#include "db/pool.h"

typedef struct PoolServer PoolServer;
typedef struct Pooled Pooled;

struct DbPool {
    int max_per_server;
    int64_t connect_timeout_us;
    char *application_name;
    GHashTable *servers; /* name -> PoolServer */
    guint64 last_sequence;
};

struct DbLease {
    PoolServer *server; /* NULL when there is nothing more to wait for or give back */
    Pooled *pooled;     /* its connection, open or opening */
    DbTarget *target;
    guint64 sequence; /* its place in the line */

    DbPoolReady ready;
    gpointer ready_data;
    DbPoolWaiting waiting;
    gpointer waiting_data;

    char *reason; /* what it waits for, NULL = nothing in particular */
    char *told;   /* what `waiting` was told last */
    bool due;     /* `ready` is to be called, with the connection or `error` */
    GError *error;
    guint notify; /* source: calls back */
};

/* lease.c */
DbLease *lease_new(PoolServer *server, DbTarget *target, guint64 sequence, DbPoolReady ready,
                   gpointer user_data);
void lease_free(DbLease *self);
void lease_set_reason(DbLease *self, const char *reason);
void lease_grant(DbLease *self, Pooled *pooled);
void lease_fail(DbLease *self, const GError *error);

/* poolserver.c */
PoolServer *pool_server_new(DbPool *pool, const char *name);
void pool_server_free(PoolServer *self);
bool pool_server_is_empty(const PoolServer *self);
void pool_server_wait(PoolServer *self, DbLease *lease);
void pool_server_warm(PoolServer *self, DbTarget *target);
/* Looks soon who may go on. */
void pool_server_pump_later(PoolServer *self);
void pool_server_give_back(PoolServer *self, Pooled *pooled);
void pool_server_give_up(PoolServer *self, DbLease *lease);
/* For pooled.c: it is idle, or is to be closed; that frees it. */
void pool_server_keep(PoolServer *self, Pooled *pooled);
void pool_server_drop(PoolServer *self, Pooled *pooled);

/* pooled.c */
DbConn *pooled_conn(Pooled *self);

/* pool.c: drops a server that has neither connections nor anyone in line. */
void pool_forget_server(DbPool *self, const char *name);

/* SPDX-License-Identifier: PostgreSQL */
/* Connections to targets, kept for a few seconds and cleaned before they serve again. One server gets no more
 * than the ceiling; those who ask beyond it wait in line. A server that says it has no connection free is
 * asked again with back-off and jitter: that is waiting, not failing. */
#pragma once

#include "db/conn.h"

typedef struct DbPool DbPool;
typedef struct DbLease DbLease; /* a wish for a connection, then the connection itself */

DbPool *db_pool_new(int max_per_server, int64_t connect_timeout_us, const char *application_name);
/* Closes all connections; those who still wait are never called. Leases stay to be released or closed. */
void db_pool_free(DbPool *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbPool, db_pool_free)
void db_pool_set_limits(DbPool *self, int max_per_server, int64_t connect_timeout_us);

/* Somebody will probably want a connection to that target in a moment: has one ready, if one may be opened and none
 * is there. */
void db_pool_warm(DbPool *self, DbTarget *target);

/* Called once, never from inside db_pool_acquire: conn, or error (never BUSY). conn is NULL on error. The
 * handlers of the connection are the caller's to set. Either way the lease must be released or closed. */
typedef void (*DbPoolReady)(DbConn *conn, const GError *error, gpointer user_data);
DbLease *db_pool_acquire(DbPool *self, DbTarget *target, DbPoolReady ready, gpointer user_data);
/* Called when the wait for a server that is full begins, with what it waits for (again if that changes); NULL
 * when it ends. */
typedef void (*DbPoolWaiting)(const char *reason, gpointer user_data);
void db_lease_on_waiting(DbLease *lease, DbPoolWaiting waiting, gpointer user_data);

/* Gives the connection back: it is cleaned by DISCARD ALL and kept for 5 s. One that is broken or busy, was
 * sent a cancel or has a transaction open is closed instead. */
void db_lease_release(DbLease *lease);
/* Gives up waiting, or closes the connection. Accepts NULL. */
void db_lease_close(DbLease *lease);

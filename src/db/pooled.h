/* SPDX-License-Identifier: PostgreSQL */
/* One connection of a server in the pool: it is opened, leased, cleaned, and idle until its next lease or its end. */
#pragma once

#include "db/pool-private.h"

typedef enum {
    POOLED_OPENING, /* for `lease`; NULL = for whoever comes. Until its first questions are answered */
    POOLED_LEASED,   /* used by `lease` */
    POOLED_CLEANING, /* given back; DISCARD ALL is on its way */
    POOLED_IDLE,     /* waits for the next lease, or for its end */
} PooledState;

struct Pooled {
    PoolServer *server;
    PooledState state;
    char *key;
    DbConn *conn;
    DbLease *lease;
    guint time_limit; /* source: closes it, when idle or cleaning for too long */
};

/* Not open yet: the server opens it. */
Pooled *pooled_new(PoolServer *server, const DbPool *pool, DbTarget *target);
void pooled_free(Pooled *self);
/* It is open: asks it what is to be known first. Then it is of its lease, or idle. */
void pooled_begin_asking(Pooled *self);
/* An idle one. */
void pooled_grant(Pooled *self, DbLease *lease);
/* Its lease is over: forgets what that left in the session, and is idle then. */
void pooled_clean(Pooled *self);

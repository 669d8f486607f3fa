/* SPDX-License-Identifier: PostgreSQL */
/* Whether a pooler stands between us and the server that gives each transaction another server process, as pgbouncer
 * does in transaction mode: then nothing may be set in a session, for it is other people's too, there is no LISTEN, and
 * no process by which others could see that we live. Must be asked before anything else. */
#pragma once

#include "db/conn.h"

typedef struct PoolerProbe PoolerProbe;

/* error: NULL = no pooler, or one that leaves us a process of our own; REFUSED, with what to do instead; else the
 * connection's. It is called once; the probe is then still to be freed, which may be done in it. */
typedef void (*PoolerProbed)(const GError *error, gpointer user_data);
PoolerProbe *pooler_probe_new(DbConn *conn, DbTarget *target, int64_t connect_timeout_us,
                              PoolerProbed probed, gpointer user_data);
/* Nobody is called any more. */
void pooler_probe_free(PoolerProbe *self);

/* The REFUSED error, for place ('database "x" on …'). */
GError *pooler_refusal(const char *place);

/* SPDX-License-Identifier: PostgreSQL */
/* What one of the service's own connections says first, each time that it is open: its settings, and that the server
 * process of the connection before it ends. Only the network may have been cut; what was sent to that one is then either
 * done or never will be. */
#pragma once

#include "db/conn.h"

typedef struct Session Session;

/* patience_us: how long the end of the former process is waited for. */
Session *session_new(int64_t patience_us);
void session_free(Session *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Session, session_free)

/* Which server it leads to: the instant when that was started. After session_begin has succeeded. */
int64_t session_server(const Session *self);

/* error: NULL; BUSY if the former process is still there (try again); FENCED if it is after all that time: what was sent to
 * it may be done at any time, so only a new epoch can go on; or the connection's. */
typedef void (*SessionBegun)(const GError *error, gpointer user_data);
void session_begin(Session *self, DbConn *conn, SessionBegun begun, gpointer user_data);

/* SPDX-License-Identifier: PostgreSQL */
/* The database that this agent works on, as it knows it from one connection to the next: whether it is the one that
 * the tables were set up in, and whether a server is the former primary of one that was promoted since. */
#pragma once

#include "db/conn.h"

typedef struct Home Home;

Home *home_new(void);
void home_free(Home *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Home, home_free)

/* kept: the setting "identity", NULL = there is none. error: NULL; SCHEMA: a copy, or a timeline older than one that
 * was seen before; else the connection's. What may not be read here is not held against anybody. */
typedef void (*HomeChecked)(const GError *error, gpointer user_data);
void home_check(Home *self, DbConn *conn, const char *kept, HomeChecked checked,
                gpointer user_data);

/* The timeline that the last server which passed the check writes on; another one than before: a standby was promoted,
 * and what was committed last may be lost. 0 = not known. */
guint64 home_timeline(const Home *self);

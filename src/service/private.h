/* SPDX-License-Identifier: PostgreSQL */
/* `pgalmanac --private DIR`: a PostgreSQL server of our own, reached by a socket only, with the tables in its
 * database "postgres". DIR (mode 0700) holds
 *     data/        the server's data          server.log   what it said
 *     conninfo     where to connect           server.pid   the server that an agent has started
 *     lock         held by the agent that uses DIR
 * This blocks: it is for before the loop begins and after it has ended. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct Private Private;

/* Makes DIR and the server on first use, starts the server unless it runs, and installs the tables or brings
 * them up to date. A process started as root goes on as user postgres from here on. */
Private *private_start(const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

const char *private_conninfo(const Private *self);

/* Stops the server if this agent, or one before it, has started it. Accepts NULL. */
void private_stop(Private *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Private, private_stop)

/* SPDX-License-Identifier: PostgreSQL */
/* What store/pooler.h asks for the agent, for the connection of a command. */
#pragma once

#include <glib.h>
#include <libpq-fe.h>
#include <stdbool.h>

/* False and REFUSED (place: 'database "x" on …'): each transaction has another server process, so that what a command
 * sets in its session would be left to others. keywords, values: how conn was made. Errors also as of a query. */
bool cli_pooler_check(PGconn *conn, const char *const *keywords, const char *const *values,
                      const char *place, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* SPDX-License-Identifier: PostgreSQL */
/* A connection that is lost while somebody looks on: what he looks at goes on, and so does he when it is back. */
#pragma once

#include "cli/session.h"

/* After a look that has failed with *error. If the connection was lost: says so, and tries for a few minutes to
 * connect again. True, with the error cleared, if the next look may be tried, and after Ctrl-C. */
bool cli_regain(CliSession *session, const char *word, GError **error) G_GNUC_WARN_UNUSED_RESULT;

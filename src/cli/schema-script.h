/* SPDX-License-Identifier: PostgreSQL */
/* The text of statements and of the files of sql/schema as setup sends them: with their values written into them, so that they
 * can be shown, and sent in one piece. */
#pragma once

#include <glib.h>

#include "cli/session.h"

/* Appends sql/query/NAME.sql with value for its only parameter, and a semicolon. */
void schema_script_append(GString *sql, CliSession *session, const char *name, const char *value);

/* Appends file number version and what belongs into its transaction: the version, and with the first file the time zone, for
 * tables never have another one. Returns its name, which lives for ever. */
const char *schema_script_append_file(GString *sql, CliSession *session, int version,
                                      const char *zone);

/* SPDX-License-Identifier: PostgreSQL */
/* PostgreSQL's own programs (initdb, pg_ctl): where they are, and running them to their end. This blocks: it is
 * for before the loop begins and after it has ended. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* The folder of the programs of that major version ("15"), or of the newest there is if version is NULL:
 * PG_BINDIR, the folders where packages put them, PATH. NULL and an error that says what to install. */
char *server_programs_find(const char *version, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* argv[0] is a full path. An exit code other than 0 is an error that carries what the program printed. */
bool server_programs_run(const char *const *argv, const char *directory,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

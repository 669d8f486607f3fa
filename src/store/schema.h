/* SPDX-License-Identifier: PostgreSQL */
/* The numbered files of sql/schema, built into the program, and what a database's number means to it. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* The number of the newest file; the files are 1, 2, … without gaps. */
int schema_latest(void);

/* The text of file number version (1 … schema_latest()) and, if name is not NULL, its file name. */
const char *schema_file(int version, const char **name);

/* Reads the setting schema_version. NULL (no such row), a text that is no number, and a number that is newer
 * than this program are errors (SCHEMA) that say what to do; 0 is none of them. */
bool schema_read_version(const char *setting, int *version,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* True if the agent can work on tables with that setting: exactly its own version. Errors as above, and one
 * for tables that are older. */
bool schema_is_current(const char *setting, GError **error) G_GNUC_WARN_UNUSED_RESULT;

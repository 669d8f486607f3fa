/* SPDX-License-Identifier: PostgreSQL */
/* The text of a configuration file: lines "name = value", comments from # on. A value with a # or with
 * spaces at its ends stands in single quotes; a quote inside them is written twice. Backslashes mean
 * nothing: they are common in passwords and in paths of Windows. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* Files above this size are refused: it must be another file. */
#define CONFFILE_MAX_SIZE (1024 * 1024)

/* Called for each line that sets something. False with error ends the parsing. */
typedef bool (*ConffileEntry)(const char *name, const char *value, gpointer user_data,
                              GError **error);

/* Errors are ALMANAC_ERROR_USAGE and begin with "file:line: ", those of entry included. */
bool conffile_parse(const char *text, size_t length, const char *file, ConffileEntry entry,
                    gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

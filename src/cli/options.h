/* SPDX-License-Identifier: PostgreSQL */
/* The command line of a command that uses a database: -d, --config, --json, --help and what it adds itself. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "cli/session.h"

/* What a command takes. */
typedef struct {
    const char *word;  /* "run" */
    const char *words; /* what follows the options, as --help shows it: "JOB"; NULL = nothing */
    int min_words;     /* how many of these there are */
    int max_words;
    const char *summary;     /* the first paragraph of --help */
    const char *description; /* the last one; NULL = none */
} CliSyntax;

/* What was given. */
typedef struct {
    char *conninfo;    /* -d; NULL = not said */
    char *config_file; /* --config; NULL = not said */
    gboolean json;     /* --json */
    char **words;      /* what follows the options; NULL-terminated, not NULL */
} CliOptions;

/* Reads the words after `pgalmanac`. more: the command's own options, NULL or ending with {0}; texts are best of
 * G_OPTION_ARG_FILENAME, which takes them as they are, whatever the locale. argv is left as it is. --help prints and ends
 * the program. Passwords need not be masked here: main has done that where ps looks. Errors: G_OPTION_ERROR, USAGE. */
bool cli_options_read(CliOptions *self, const CliSyntax *syntax, const GOptionEntry *more, int argc,
                      char **argv, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cli_options_clear(CliOptions *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CliOptions, cli_options_clear)

/* Connects, whatever the database holds. */
CliSession *cli_options_open(const CliOptions *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Connects to tables of this program's version. Errors: as cli_session_open, SCHEMA. */
CliSession *cli_options_open_tables(const CliOptions *self,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* SPDX-License-Identifier: PostgreSQL */
/* The job that a command is about. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "cli/session.h"

typedef struct {
    char *id; /* digits: a parameter of the statements that follow */
    char *name;
    char *shown; /* job 7 "nightly", fit for one line */
    char *zone;  /* in which its times are written */
} CliJob;

/* word: its id (all digits) or its name, which must be unique then. Errors: NOT_FOUND, INPUT. */
CliJob *cli_job_find(CliSession *session, const char *word,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cli_job_free(CliJob *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliJob, cli_job_free)

/* What somebody wrote after an option, read in that zone unless an offset follows, as text for the server: free with
 * g_free. Errors: USAGE, which names the option. */
char *cli_read_instant(const char *option, const char *text, const char *zone,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

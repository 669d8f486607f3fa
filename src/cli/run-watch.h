/* SPDX-License-Identifier: PostgreSQL */
/* Waits for a run that was asked for, and tells what happens. Looks at the tables twice a second. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "cli/job.h"
#include "cli/session.h"

typedef enum {
    WATCH_QUIET,  /* tell nothing */
    WATCH_END,    /* tell how it ended, and what the steps printed that did not succeed */
    WATCH_FOLLOW, /* tell also when each step begins and ends, and what it printed */
} WatchMode;

typedef struct {
    const char *request;
    const CliJob *job;
    const char *not_before; /* the run begins then or later; "-infinity" */
    WatchMode mode;
} Watch;

typedef enum {
    WATCH_SUCCEEDED,
    WATCH_FAILED,      /* also: stopped, or it had nothing to do */
    WATCH_GONE,        /* the request or the run is not there any more */
    WATCH_INTERRUPTED, /* by Ctrl-C: what was asked for goes on */
} WatchEnd;

/* run: its number, NULL if there was none; free with g_free. */
bool watch_run(const Watch *self, CliSession *session, char **run, WatchEnd *end,
               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* SPDX-License-Identifier: PostgreSQL */
/* Gives the tables back to pgAgent: what is ours goes, its own triggers come back, jobs that it cannot run are
 * disabled. One transaction: all of it, or nothing. */
#pragma once

#include <glib.h>
#include <libpq-fe.h>
#include <stdbool.h>

typedef struct {
    bool dry_run; /* change nothing, only find and fill `sql` */
    bool force;   /* also while agents of ours are alive */
} ReleaseOptions;

/* Columns of `findings`. */
enum {
    RELEASE_KIND, /* disabled, changed, lost, stopped, due */
    RELEASE_JOB_ID,
    RELEASE_JOB_NAME, /* as RELEASE_JOB_ID NULL if it is about no job */
    RELEASE_MESSAGE,
};

typedef struct {
    char *place;        /* database "x" on … */
    char *timezone;     /* in which schedules are read from now on */
    PGresult *findings; /* what people should know, in order */
    char *json;         /* the same as an array of objects */
    GString *sql;       /* the whole transaction, as sent */
} ReleaseReport;

/* Errors: SCHEMA (no tables of ours, of another version, agents alive), INPUT (time zone), TIMEOUT
 * (somebody holds the tables), CONNECTION, QUERY. */
ReleaseReport *release_run(const char *conninfo, const ReleaseOptions *options,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
void release_report_free(ReleaseReport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReleaseReport, release_report_free)

typedef enum {
    RELEASE_TEXT,
    RELEASE_JSON,
} ReleaseFormat;

/* The answer of `pgalmanac setup --release`; returns a CliExit. */
int cli_release(const char *conninfo, const ReleaseOptions *options, ReleaseFormat format);

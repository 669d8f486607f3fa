/* SPDX-License-Identifier: PostgreSQL */
/* Installs our tables in a database, or brings them up to date: the files of sql/schema that are missing,
 * one transaction each. The tables of a pgAgent are taken over instead (adopt.h). Doing it again, or twice at once, does
 * nothing. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
    const char *timezone; /* NULL: keep the setting, or the server's on a fresh installation */
    bool dry_run; /* change nothing, only fill `sql`; of an adoption: do it and take it back */
    bool force;   /* take over the tables of a pgAgent that is connected */
    bool accept;  /* the tables are a copy, or were moved: from now on the jobs run here */
} SetupOptions;

typedef struct AdoptReport AdoptReport;

typedef struct {
    char *place;               /* database "x" on … */
    int version;               /* of the tables, now */
    GPtrArray *files;          /* names of the files that were installed */
    char *timezone;            /* the setting now */
    const char *timezone_from; /* "as asked for", … */
    char *identity;            /* of this database (store/identity.h) */
    bool is_accepted;          /* this is the jobs' home now, and was not before */
    GString *sql;          /* every statement that changes something, as sent; not of an adoption */
    AdoptReport *adoption; /* NULL: there was no pgAgent */
} SetupReport;

/* Errors: SCHEMA (a newer or unknown version; a copy that is not accepted), INPUT (time zone), CONNECTION, QUERY; of adopt_run. */
SetupReport *setup_run(const char *conninfo, const SetupOptions *options,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
void setup_report_free(SetupReport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SetupReport, setup_report_free)

/* The command. */
int cli_setup(int argc, char **argv);

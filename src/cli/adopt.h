/* SPDX-License-Identifier: PostgreSQL */
/* Takes over the tables of a pgAgent: an extension's (3.4 to 4.2) or plain ones. Everything is one transaction on one connection,
 * with the very files of a fresh installation in the middle: all of it happens, or nothing. What is new belongs to the owner
 * of the old.
 *
 * Rows, grants, people's own comments, columns and other objects stay. What becomes of each job is decided by one statement
 * (sql/query/adopt_plan.sql), before anything is done to it, and reported. */
#pragma once

#include "cli/session.h"
#include "cli/setup.h"

/* Columns of `triggers` below. */
enum {
    ADOPT_TRIGGERS_NAME = 4,
    ADOPT_TRIGGERS_MEND = 7,
};

struct AdoptReport {
    char *extension;      /* version of the extension that was taken over; NULL: plain tables */
    char *database;       /* its name, for pgAdmin */
    PGresult *jobs;       /* the rows of sql/query/adopt_report.sql */
    char *plan;           /* the same in full: an array of JSON objects */
    GPtrArray *agents;    /* what --force overruled: pgAgents that are connected; of char * */
    GPtrArray *sequences; /* statements that moved sequences; of char * */
    PGresult *triggers;   /* the rows of sql/query/doctor_triggers.sql, before anything is done */
    PGresult *roles;      /* the rows of sql/query/adopt_roles.sql */
};

/* Is called when the database has a pgAgent's tables and none of ours. timezone: the name to be set. A dry run does exactly
 * the same, and takes it back at the end. Adds the files to setup.
 *
 * Errors: SCHEMA (tables that are no pgAgent's of a known version, objects of other owners, pgAgents that are connected,
 * somebody's object in the way), TIMEOUT (somebody holds the tables), CONNECTION, QUERY. */
AdoptReport *adopt_run(CliSession *session, const SetupOptions *options, SetupReport *setup,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
void adopt_report_free(AdoptReport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AdoptReport, adopt_report_free)

/* The answers for people and for programs. */
void adopt_print_text(const SetupReport *setup, bool is_dry_run);
void adopt_print_json(const SetupReport *setup, bool is_dry_run);

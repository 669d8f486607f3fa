/* SPDX-License-Identifier: PostgreSQL */
/* What the checks that are written in C share with doctor.c, which has the table of all checks. */
#pragma once

#include "cli/doctor.h"
#include "cli/session.h"
#include "db/target.h"

typedef struct {
    const DoctorOptions *options;
    CliSession *session;
    DbTarget *home;      /* where the tables are, as an agent would connect */
    GHashTable *columns; /* names of tables and "table.column" in schema pgagent: what is there */
    GHashTable *facts;   /* name -> text: what queries take as parameters */
    GPtrArray *findings; /* of Finding */
    const char *check;   /* the name of the one that is looking */
} Doctor;

/* place NULL: the server. */
void doctor_add(Doctor *self, FindingSeverity severity, const FindingPlace *place, const char *what,
                const char *mend);
/* True if schema pgagent has all of these, separated by blanks: tables, and columns as table.column. */
bool doctor_has(const Doctor *self, const char *names);
/* "" if it is not known. */
const char *doctor_fact(const Doctor *self, const char *name);
/* Runs a statement of sql/query with facts as its parameters, their names separated by blanks (NULL: none). */
PGresult *doctor_query(Doctor *self, const char *query, const char *facts,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One check: adds what it finds. False and an error if it could not look. */
typedef bool (*DoctorLook)(Doctor *self, GError **error);
bool doctor_look_at_schedules(Doctor *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool doctor_look_at_defects(Doctor *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool doctor_look_at_comments(Doctor *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool doctor_look_at_clock(Doctor *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool doctor_look_at_zone(Doctor *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool doctor_look_at_targets(Doctor *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

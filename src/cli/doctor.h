/* SPDX-License-Identifier: PostgreSQL */
/* `pgalmanac doctor`: looks through tables and surroundings for what goes wrong silently. It changes nothing, and it also
 * looks at the tables of a pgAgent that were never adopted: each check says what it needs, and is left out where that is
 * not there. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

#include "cli/finding.h"

typedef struct {
    const char *conninfo; /* as an agent would use it */
    bool connect;         /* try each place where steps connect to */
    int max_connections;  /* that an agent of this machine may use for steps on one server */
} DoctorOptions;

typedef struct {
    char *place; /* database "x" on … */
    bool is_adopted;
    GPtrArray *findings; /* of Finding: errors first, alike ones side by side */
    int counts[N_FINDING_SEVERITIES];
} DoctorReport;

/* Errors: CONNECTION, REFUSED; SCHEMA if there are no job tables at all. What one check cannot look at is a finding. */
DoctorReport *doctor_run(const DoctorOptions *options, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void doctor_report_free(DoctorReport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DoctorReport, doctor_report_free)

/* For people; everything, places too, as JSON. */
void doctor_print(const DoctorReport *report, FILE *out);
void doctor_print_json(const DoctorReport *report, FILE *out);

/* The command. */
int cli_doctor(int argc, char **argv);

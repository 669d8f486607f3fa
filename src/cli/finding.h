/* SPDX-License-Identifier: PostgreSQL */
/* Something that goes wrong silently: what, where, and how to mend it. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum {
    FINDING_ERROR,   /* something does not run, or will not any more */
    FINDING_WARNING, /* something is probably not as it is meant */
    FINDING_NOTE,    /* good to know */
    N_FINDING_SEVERITIES
} FindingSeverity;

/* "error", "warning", "note" */
const char *finding_severity_name(FindingSeverity severity);
bool finding_severity_find(const char *name, FindingSeverity *severity);

/* Where: a thing of a kind, perhaps with an id and a name, perhaps of a job. Texts that do not apply are NULL. */
typedef struct {
    const char *
        kind; /* job, schedule, step, exception, rule, run, agent, sequence, trigger, session, database, server, file */
    const char *id;
    const char *name;
    const char *job_id;
    const char *job_name;
} FindingPlace;

typedef struct {
    FindingSeverity severity;
    const char *check; /* the name of the check that found it; a constant */
    char *what;
    char *mend;
    char *kind;
    char *id;
    char *name;
    char *job_id;
    char *job_name;
} Finding;

/* Copies all texts. */
Finding *finding_new(FindingSeverity severity, const char *check, const char *what,
                     const FindingPlace *place, const char *mend);
void finding_free(Finding *self);

/* 'step 12 "load" of job 3 "nightly"', in one plain line. Free with g_free. */
char *finding_describe_place(const Finding *self);
/* True if both say the same of different places. */
bool finding_is_alike(const Finding *one, const Finding *other);

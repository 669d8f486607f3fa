/* SPDX-License-Identifier: PostgreSQL */
/* What jobs there are to run and to plan, and their definitions. Reads only. */
#pragma once

#include "calendar/schedule.h"
#include "store/store.h"

/* An instant that is not there (SQL's NULL). */
#define NO_INSTANT (INT64_MIN + 1)

/* Which of the slots that nobody could run in time are run: jobmissed. */
typedef enum {
    MISSED_ONCE, /* one run for the newest; it stands for all */
    MISSED_SKIP, /* none */
    MISSED_ALL,  /* each, one after the other */
    N_MISSED_POLICIES
} MissedPolicy;

#define DUE_JOB_NO_GRACE (-1)

typedef struct {
    int id;
    char *name;
    int revision;
    MissedPolicy missed;
    int64_t grace_us;   /* slots that are later than this are not run; DUE_JOB_NO_GRACE */
    bool is_busy;       /* somebody runs it; it is listed because its plan is due */
    int64_t next_at;    /* jobnextrun as it stands in the table; NO_INSTANT */
    int64_t planned_at; /* the plan; NO_INSTANT, also on a disabled job */
    char *zone;
    int64_t timeout_us; /* 0 = none */
    /* Of its first step: "" = the agent's own, else a connection string; NULL = no SQL step. */
    char *server;
    char *database; /* of that step */
    bool
        has_rules; /* enabled ones, or slots that are to be left out: there is something for rules_load */
    bool is_wish_first; /* somebody's wish is due and has precedence over the slot */
} DueJob;

/* What comes next after those that are due. */
typedef struct {
    int64_t at;           /* NO_INSTANT = nothing known */
    const char *server;   /* of its first step, as in DueJob */
    const char *database; /* of that step */
} NextJob;

/* What else the look has found out. */
typedef struct {
    /* Until when all is paused, and by whom; NULL = it is not. Its end is next.at. */
    const char *pause;
    bool has_cancels; /* somebody asks for a run to be cancelled, one of ours or not */
} JobsNews;

/* limit: how many may be claimed, listed: how many are listed at least if there are as many, with those of busy jobs.
 * full_servers: char *, jobs for these are left in the table, and so are those whose ids
 * (int) are in left_out. During a pause nothing is due. due, next and news are NULL on error. */
typedef void (*JobsLooked)(GPtrArray *due, const NextJob *next, const JobsNews *news,
                           int64_t now_at, const GError *error, gpointer user_data);
void jobs_look(Store *store, int limit, int listed, const GPtrArray *full_servers,
               const GArray *left_out, JobsLooked looked, gpointer user_data);

/* An enabled schedule as it stands in the table. */
typedef struct {
    int id;
    Rule rule;
    int64_t start_at;
    int64_t end_at;     /* SCHEDULE_NO_END */
    char *zone;         /* NULL = the job's */
    GArray *exceptions; /* of ScheduleException */
} ScheduleRow;

/* rows: job id (as a pointer) -> GPtrArray of ScheduleRow; jobs without schedules are missing. NULL on error. */
typedef void (*JobsSchedules)(GHashTable *rows, const GError *error, gpointer user_data);
void jobs_schedules(Store *store, const GArray *job_ids, JobsSchedules loaded, gpointer user_data);

typedef struct {
    int id;
    int job_id;
    char *name;
    char kind; /* 's' SQL, 'b' batch */
    char *code;
    char *conninfo; /* "" = the agent's own server */
    char *database;
    char on_error;      /* 'f' fail, 's' success, 'i' ignore */
    int64_t timeout_us; /* 0 = none */
} StepRow;

void step_row_free(StepRow *self);

/* rows: job id -> GPtrArray of StepRow in the order in which they run. */
typedef void (*JobsSteps)(GHashTable *rows, const GError *error, gpointer user_data);
void jobs_steps(Store *store, const GArray *job_ids, JobsSteps loaded, gpointer user_data);

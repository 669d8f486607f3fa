/* SPDX-License-Identifier: PostgreSQL */
/* How one step of a job is carried out. A kind of step is a table of four functions; step.c lists them. A step
 * first gets ready (a connection), then its log row is written, then it runs. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/sweeper.h"
#include "db/pool.h"

/* What all steps of this agent share; lives longer than they. */
typedef struct {
    DbPool *pool;
    DbTarget *own_target; /* the agent's own server */
    Sweeper *sweeper;     /* of what scripts leave */
    bool may_run_batch;
    const char *batch_user; /* NULL = as the agent's own user */
    int64_t output_limit;   /* bytes of output that are kept */
} StepContext;

typedef struct {
    int job_id;
    int id;
    char kind; /* jstkind */
    const char *code;
    const char *conninfo; /* "" = the agent's own server */
    const char *database;
} StepSpec;

typedef enum {
    STEP_SUCCEEDED,
    STEP_FAILED,
} StepOutcome;

typedef struct {
    StepOutcome outcome;
    int result;           /* rows of the last statement, exit code; -1 on error */
    const char *output;   /* what it said, for jsloutput */
    const char *sqlstate; /* NULL = none */
} StepResult;

/* None is called from inside step_new, step_run, step_stop or step_free. Each may free the step. */
typedef struct {
    /* Ready to run. backend: that carries it out; NULL = it has none. */
    void (*prepared)(const DbBackend *backend, gpointer user_data);
    /* What it waits for, such as a free connection (again if that changes); NULL when the wait is over. */
    void (*waiting)(const char *reason, gpointer user_data);
    /* After step_run: what was ready is gone, and certainly nothing was carried out. It gets ready again: prepared
     * or done comes once more. */
    void (*again)(gpointer user_data);
    /* Over. Comes exactly once, also instead of prepared when it cannot be made ready. */
    void (*done)(const StepResult *result, gpointer user_data);
} StepEvents;

typedef enum {
    STEP_STOP_POLITELY, /* ask the server to cancel, SIGTERM */
    STEP_STOP_AT_ONCE,  /* close the connection, SIGKILL */
} StepStop;

typedef struct Step Step;

typedef struct {
    const char *name;
    /* Begins to get ready; the spec's texts are copied as far as they are needed. */
    Step *(*create)(const StepContext *context, const StepSpec *spec);
    /* Called once after each prepared. */
    void (*run)(Step *self);
    /* Called at any time after create, more than once; done still comes. */
    void (*stop)(Step *self, StepStop how);
    /* Ends at once whatever is under way; no event comes any more. */
    void (*free)(Step *self);
} StepKind;

/* The common head of every kind's struct. */
struct Step {
    const StepKind *kind;
    StepEvents events;
    gpointer user_data;
};

/* Never NULL: a kind that is not known is a step that is done with an error. */
Step *step_new(const StepContext *context, const StepSpec *spec, const StepEvents *events,
               gpointer user_data);
void step_run(Step *self);
void step_stop(Step *self, StepStop how);
void step_free(Step *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Step, step_free)

/* A SQL step for that database (or connection string) will probably begin in a moment: gets its connection ready. */
void step_warm_sql(const StepContext *context, const char *conninfo, const char *database);

/* Whether batch steps are carried out here: "off", "on", or "as NAME" (another user). Free with g_free. */
char *step_describe_batch(const StepContext *context);

extern const StepKind step_kind_sql;
extern const StepKind step_kind_batch;
extern const StepKind step_kind_unknown;

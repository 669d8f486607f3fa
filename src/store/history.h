/* SPDX-License-Identifier: PostgreSQL */
/* Old history: removed a batch at a time, on a connection of the pool, so that neither claims nor log rows wait for it. */
#pragma once

#include <limits.h>

#include "db/pool.h"
#include "store/store.h"

/* Where a round over all jobs begins. */
#define HISTORY_FIRST_JOB INT_MIN
/* So many jobs are looked at together. */
#define HISTORY_BATCH_JOBS 200

typedef struct {
    int after_id;    /* jobs with greater ids, … */
    int passed_over; /* … but not the first ones of these */
    bool is_single;  /* only one job */
} HistoryPlace;

typedef struct {
    bool is_ours;    /* false: another agent is at it, or this one is not registered there */
    int64_t removed; /* rows: runs, skipped slots and messages */
    bool has_more;   /* not all jobs were looked at … */
    int go_on_after; /* … and this is where to go on */
} HistoryBatch;

typedef struct HistoryPruning HistoryPruning;

/* Exactly one of batch and error is set; error is transient where the same may succeed later. Time-outs included, this always comes, but never from inside
 * history_prune; the pruning is then to be freed. */
typedef void (*HistoryPruned)(const HistoryBatch *batch, const GError *error, gpointer user_data);
/* Looks at the jobs at that place. */
HistoryPruning *history_prune(Store *store, DbPool *pool, DbTarget *target,
                              const HistoryPlace *place, HistoryPruned pruned, gpointer user_data);
/* Before it is over: gives it up, nobody is told. Accepts NULL. */
void history_pruning_free(HistoryPruning *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HistoryPruning, history_pruning_free)

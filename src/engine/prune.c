/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "engine/prune.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "store/history.h"

/* After the start and after each reconnect. */
#define FIRST_MS 2000
#define ROUND_MS 600000
/* A batch is put off for so long. */
#define LATER_MS 1000
/* Pruning takes at most a fifth of the time, however slow the server is; … */
#define PAUSE_FACTOR 4
#define PAUSE_MIN_MS 100
/* … and is left for the next round if somebody's old snapshot has it wade through what is removed already. */
#define SLOW_MS 5000

struct Prune {
    const EngineParts *parts;
    PruneMay may;
    gpointer user_data;
    guint timer_id;
    HistoryPruning *pruning; /* the batch that is under way */
    int64_t began_mono;      /* when it began */
    int after_id;            /* how far the round is */
    int64_t removed;         /* in this round */
    bool has_trouble;        /* it fails, and that was said */
};

static gboolean on_time(gpointer user_data);

static void
prune_wait(Prune *self, int64_t ms)
{
    g_clear_handle_id(&self->timer_id, g_source_remove);
    self->timer_id = g_timeout_add((guint)ms, on_time, self);
}

static void
prune_end_round(Prune *self)
{
    log_debug("removed %" PRId64 " rows of old history", self->removed);
    self->after_id = HISTORY_FIRST_JOB;
    self->removed = 0;
    prune_wait(self, ROUND_MS);
}

/* One message per change of state; that the database is away is said elsewhere. */
static void
prune_failed(Prune *self, const GError *error)
{
    if (!self->has_trouble && !error_is_transient(error) && store_is_ready(self->parts->store)) {
        log_warning("could not remove old history, will keep trying: %s", error->message);
        self->has_trouble = true;
    } else {
        log_debug("could not remove old history: %s", error->message);
    }
    prune_end_round(self);
}

static void
on_pruned(const HistoryBatch *batch, const GError *error, gpointer user_data)
{
    Prune *self = user_data;
    int64_t took_ms = (clock_now_mono() - self->began_mono) / CLOCK_US_PER_MS;
    g_autoptr(HistoryPruning) pruning = g_steal_pointer(&self->pruning);

    if (error != NULL) {
        prune_failed(self, error);
        return;
    }
    if (self->has_trouble)
        log_notice("old history can be removed again");
    self->has_trouble = false;
    self->removed += batch->removed;
    if (!batch->is_ours || !batch->has_more || took_ms > SLOW_MS) {
        prune_end_round(self);
        return;
    }
    self->after_id = batch->go_on_after;
    prune_wait(self, MAX(took_ms * PAUSE_FACTOR, PAUSE_MIN_MS));
}

static gboolean
on_time(gpointer user_data)
{
    Prune *self = user_data;
    const StepContext *context = self->parts->step_context;

    self->timer_id = 0;
    if (!self->may(self->user_data) || !dispatch_has_spare_connection(self->parts->dispatch, "")) {
        prune_wait(self, LATER_MS);
        return G_SOURCE_REMOVE;
    }
    self->began_mono = clock_now_mono();
    self->pruning = history_prune(self->parts->store, context->pool, context->own_target,
                                  self->after_id, on_pruned, self);
    return G_SOURCE_REMOVE;
}

void
prune_begin(Prune *self)
{
    if (self->pruning == NULL)
        prune_wait(self, FIRST_MS);
}

void
prune_stop(Prune *self)
{
    g_clear_handle_id(&self->timer_id, g_source_remove);
    g_clear_pointer(&self->pruning, history_pruning_free);
}

Prune *
prune_new(const EngineParts *parts, PruneMay may, gpointer user_data)
{
    Prune *self = g_new0(Prune, 1);

    self->parts = parts;
    self->may = may;
    self->user_data = user_data;
    self->after_id = HISTORY_FIRST_JOB;
    return self;
}

void
prune_free(Prune *self)
{
    if (self == NULL)
        return;
    prune_stop(self);
    g_free(self);
}

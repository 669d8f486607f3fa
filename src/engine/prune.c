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
/* Jobs whose history is refused, in one round: it may be that of all. */
#define REFUSED_MAX 5

struct Prune {
    const EngineParts *parts;
    PruneMay may;
    gpointer user_data;
    guint timer_id;
    HistoryPruning *pruning; /* the batch that is under way */
    int64_t began_mono;      /* when it began */
    HistoryPlace place; /* how far it is; a round that breaks off is continued by the next one */
    int singly;         /* so many jobs are looked at one by one: one of them is refused */
    int refused;        /* in this round */
    int64_t removed;    /* in this round */
    bool is_fine;       /* since it began with the first job */
    bool has_trouble;   /* it fails, and that was said */
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
    self->refused = 0;
    self->removed = 0;
    prune_wait(self, ROUND_MS);
}

/* All jobs were looked at. */
static void
prune_wrap_around(Prune *self)
{
    if (self->has_trouble && self->is_fine) {
        log_notice("old history can be removed again");
        self->has_trouble = false;
    }
    self->place = (HistoryPlace){.after_id = HISTORY_FIRST_JOB};
    self->singly = 0;
    self->is_fine = true;
    prune_end_round(self);
}

static void
prune_go_on(Prune *self, int64_t took_ms)
{
    if (took_ms > SLOW_MS || self->refused == REFUSED_MAX)
        prune_end_round(self);
    else
        prune_wait(self, MAX(took_ms * PAUSE_FACTOR, PAUSE_MIN_MS));
}

/* One message per change of state. What only has to wait, for somebody who holds it, is not worth one. */
static void
prune_note_trouble(Prune *self, const GError *error)
{
    bool is_news = !self->has_trouble && !error_is_transient(error);

    if (is_news)
        log_error("could not remove old history, will keep trying: %s", error->message);
    else
        log_debug("could not remove old history: %s", error->message);
    self->has_trouble |= is_news;
    self->is_fine = false;
}

/* It may be one job's alone: that is found, and passed over. */
static void
prune_refused(Prune *self, const GError *error, int64_t took_ms)
{
    prune_note_trouble(self, error);
    if (self->singly == 0) {
        self->singly = HISTORY_BATCH_JOBS;
    } else {
        self->singly--;
        self->place.passed_over++;
        self->refused++;
    }
    prune_go_on(self, took_ms);
}

static void
prune_advance(Prune *self, int go_on_after)
{
    if (go_on_after == self->place.after_id)
        return;
    self->place.after_id = go_on_after;
    self->place.passed_over = 0;
    self->singly = MAX(self->singly - 1, 0);
}

/* That the database is away is said elsewhere. */
static bool
is_of_connection(const Prune *self, const GError *error)
{
    return error_is_cut_off(error) || !store_is_ready(self->parts->store) ||
           g_error_matches(error, ALMANAC_ERROR, ALMANAC_ERROR_TIMEOUT);
}

static void
prune_batch_done(Prune *self, const HistoryBatch *batch, const GError *error)
{
    int64_t took_ms = (clock_now_mono() - self->began_mono) / CLOCK_US_PER_MS;

    if (error != NULL && is_of_connection(self, error)) {
        prune_end_round(self);
        return;
    }
    if (error != NULL) {
        prune_refused(self, error, took_ms);
        return;
    }
    self->removed += batch->removed;
    if (!batch->is_ours) {
        prune_end_round(self);
    } else if (!batch->has_more) {
        prune_wrap_around(self);
    } else {
        prune_advance(self, batch->go_on_after);
        prune_go_on(self, took_ms);
    }
}

static void
on_pruned(const HistoryBatch *batch, const GError *error, gpointer user_data)
{
    Prune *self = user_data;

    prune_batch_done(self, batch, error);
    g_clear_pointer(&self->pruning, history_pruning_free);
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
    self->place.is_single = self->singly > 0;
    self->pruning = history_prune(self->parts->store, context->pool, context->own_target,
                                  &self->place, on_pruned, self);
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
    self->place.after_id = HISTORY_FIRST_JOB;
    self->is_fine = true;
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

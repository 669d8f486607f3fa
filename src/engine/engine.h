/* SPDX-License-Identifier: PostgreSQL */
/* Decides what runs when. engine_tick does all that is due and then knows when it wants to look again: at the next
 * due instant, on a NOTIFY, when a run ends, and at the latest after the poll time. No SQL, no sockets. */
#pragma once

#include "base/settings.h"
#include "steps/step.h"
#include "store/store.h"

typedef struct Engine Engine;

Engine *engine_new(Store *store, const StepContext *context, const Settings *settings);
void engine_free(Engine *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Engine, engine_free)

/* New limits and times, after a reload. */
void engine_apply(Engine *self, const Settings *settings);

/* What the store says. */
void engine_on_ready(Engine *self);
void engine_on_lease(Engine *self, LeaseState state);
void engine_on_fenced(Engine *self);
void engine_on_notified(Engine *self);

/* Claims nothing more; steps may end for grace_us, then they are cancelled. Calls stopped when nothing is in hand
 * any more. */
void engine_stop(Engine *self, int64_t grace_us, void (*stopped)(gpointer user_data),
                 gpointer user_data);

/* After engine_stop: steps are ended at once. */
void engine_kill(Engine *self);

guint engine_run_count(const Engine *self);
/* Of int64_t; free with g_array_unref. */
GArray *engine_run_ids(const Engine *self);

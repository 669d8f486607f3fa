/* SPDX-License-Identifier: PostgreSQL */
/* Keeps the history as short as the settings say: in rounds over all jobs, a batch at a time, with pauses that are longer
 * than the batches, and only while nothing else is in need of the agent or of its connections. */
#pragma once

#include "engine/look.h"

typedef struct Prune Prune;

/* Whether the agent is fine at present; else a batch is put off. */
typedef bool (*PruneMay)(gpointer user_data);

Prune *prune_new(const EngineParts *parts, PruneMay may, gpointer user_data);
/* Gives up what is under way. */
void prune_free(Prune *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Prune, prune_free)

/* The agent is at work (again): a round begins soon. */
void prune_begin(Prune *self);
/* Nothing more is removed. */
void prune_stop(Prune *self);

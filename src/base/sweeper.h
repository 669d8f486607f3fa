/* SPDX-License-Identifier: PostgreSQL */
/* Removes private directories in a thread of its own: whoever filled one may have left a million files in it. */
#pragma once

#include "base/scratch.h"

typedef struct Sweeper Sweeper;

Sweeper *sweeper_new(void);
/* Waits until all is removed. Accepts NULL. */
void sweeper_free(Sweeper *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sweeper, sweeper_free)

typedef enum {
    SWEEP_DIRECTORY,
    SWEEP_PROCESSES_TOO, /* ends those that have its mark first */
} SweepWhat;

/* Takes the directory over; NULL = nothing to do. */
void sweeper_take(Sweeper *self, Scratch *scratch, SweepWhat what);
/* An agent has died, maybe on this machine: ends and removes its leftovers (see leftovers.h). */
void sweeper_look_for_leftovers(Sweeper *self, uid_t user);

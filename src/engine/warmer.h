/* SPDX-License-Identifier: PostgreSQL */
/* Has the connection of the next due job ready when its time comes. */
#pragma once

#include "steps/step.h"

typedef struct Warmer Warmer;

Warmer *warmer_new(const StepContext *context);
void warmer_free(Warmer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Warmer, warmer_free)

/* The next job begins at that time with a step for that server and database (as in DueJob); server NULL = nothing
 * to get ready. Replaces what was said before. */
void warmer_expect(Warmer *self, int64_t at_mono, const char *server, const char *database);

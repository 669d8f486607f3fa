/* SPDX-License-Identifier: PostgreSQL */
/* Ends what steps of dead agents still do on other servers than ours: a few connections at a time, with a time limit, by
 * the step's own connection string. Where that fails, a warning names the server process that may still be at it. */
#pragma once

#include <stdint.h>

#include "db/pool.h"

typedef struct Reaper Reaper;

/* pool: whose connections it uses; lives longer. */
Reaper *reaper_new(DbPool *pool);
/* What it has not done by then stays undone. Accepts NULL. */
void reaper_free(Reaper *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reaper, reaper_free)

/* A step of that run (jlgid) that was carried out there. */
void reaper_end_step(Reaper *self, int job_id, int64_t run_id, const char *conninfo,
                     const DbBackend *backend);

/* SPDX-License-Identifier: PostgreSQL */
/* What agents that were killed have left on this machine: private directories of scripts that had not ended, which nobody
 * holds any more, and the processes of these scripts, whatever they forked. Of a script that has ended only the directory is
 * a leftover: what else it left, it left on purpose. Those of agents that live, of other users, and of other machines with the
 * same place for temporary files (where locks may be known to one machine only) are not touched. */
#pragma once

#include "base/scratch.h"

/* For the private directory of a step; the prefix that scratch_new wants. Free with g_free. */
char *leftovers_prefix(int job_id, int step_id);
/* As whom scripts run; name NULL = as ourselves. */
uid_t leftovers_user(const char *name);
/* Ends the processes at once. The directories (Scratch) are to be removed by scratch_free, once each. Not for the main loop,
 * but before it begins or in a thread. */
GPtrArray *leftovers_end(uid_t user);

/* SPDX-License-Identifier: PostgreSQL */
/* What agents that were killed have left on this machine: private directories of scripts that had not ended, which nobody
 * holds any more, and the processes of these scripts, whatever they forked. What a script that has ended left on purpose is
 * no leftover. Those of agents that live, and of other users, are not touched. */
#pragma once

#include "base/scratch.h"

/* As whom scripts run; name NULL = as ourselves. */
uid_t leftovers_user(const char *name);
/* Ends the processes at once. The directories (Scratch) are to be removed by scratch_free, once each. Not for the main loop,
 * but before it begins or in a thread. */
GPtrArray *leftovers_end(uid_t user);

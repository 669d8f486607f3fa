/* SPDX-License-Identifier: PostgreSQL */
/* What agents that were killed have left on this machine: private directories of scripts that had not ended, which nobody
 * holds any more, and the processes of these scripts, whatever they forked. What a script that has ended left on purpose is
 * no leftover. Those of agents that live, and of other users, are not touched. */
#pragma once

#include "base/sweeper.h"

/* Ends the processes at once, and gives the directories to the sweeper. user: as whom scripts run; NULL = as ourselves. Not
 * for the main loop, but before it begins or in a thread. */
void leftovers_end(Sweeper *sweeper, const char *user);

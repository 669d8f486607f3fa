/* SPDX-License-Identifier: PostgreSQL */
/* What becomes of agents that are dead: their runs are closed as 'd', their jobs are free, runs of jobs that want it are asked
 * for again, their rows leave the register. Each burial is one statement, which writes to pga_agentlog what it did. */
#pragma once

#include "store/store.h"

/* Looks who is dead, and buries them. Logs what it did, and tells the store that there is something to do. */
void burials_hold(Store *store);

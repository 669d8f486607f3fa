/* SPDX-License-Identifier: PostgreSQL */
/* The agent as a process: one order of starting and stopping for all systems. */
#pragma once

#include "base/settings.h"

/* Runs the agent until it is told to stop; takes the settings over. Returns the program's exit code: 0, 1 (cannot
 * run as told), 3 (foreground only: no database or wrong tables at the first attempt). */
int service_run(Settings *settings);

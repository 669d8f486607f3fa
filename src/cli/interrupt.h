/* SPDX-License-Identifier: PostgreSQL */
/* Ctrl-C while a command waits: it can say what stays behind before it ends. */
#pragma once

#include <stdbool.h>

/* From now on the first SIGINT or SIGTERM ends the wait, the second the program. */
void interrupt_catch(void);
/* Waits so long; false if somebody has interrupted. */
bool interrupt_sleep(int ms);

/* The exit code of a command that was interrupted, as shells have it. */
#define INTERRUPT_EXIT 130

/* SPDX-License-Identifier: PostgreSQL */
/* Finds and ends processes of this machine by a mark in their environment: also those that have left the session or the
 * parents that they began with. Linux only; elsewhere none is found. May take a tenth of a second: not for the main loop. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/* Kills all processes of that user whose environment has the line "NAME=value", with those that descend from them; again
 * until none is left, though not for ever. Never the caller's own process. Gives the number that were killed. */
guint processes_end(const char *mark, uid_t user);

/* Which process we are on which start of which machine, in which name space of processes: the first part is common to all who
 * can see each other, and ends with a slash. NULL where that cannot be found out. Free with g_free. */
char *process_place(void);
char *process_self(void);
/* Whether a process is proved to be gone: its identity is of our place, and there is none any more. */
bool process_is_gone(const char *identity);

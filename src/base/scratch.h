/* SPDX-License-Identifier: PostgreSQL */
/* A private directory that goes away with what is in it. It may be given to another user, who is not trusted: from
 * then on nothing in it is followed by its name. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct Scratch Scratch;

/* How the name of one ends that is only still to be removed (see scratch_end). */
#define SCRATCH_ENDED ".ended"

/* In the system's directory for temporary files, mode 0700; prefix is the first part of its name. Until it is locked it is
 * called "." NAME "." and the number of our process. */
Scratch *scratch_new(const char *prefix, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One of a process that died: NULL if it is not what we make, belongs neither to us nor to user, or its maker lives. */
Scratch *scratch_take_over(const char *path, uid_t user);
const char *scratch_path(const Scratch *self);
uid_t scratch_owner(const Scratch *self);
/* "PGALMANAC_STEP=…", for the environment of what works in it: by that it is found if we die. Free with g_free. */
char *scratch_mark(const Scratch *self);
/* Writes an executable file of that name and gives its path (free with g_free). */
char *scratch_add_program(Scratch *self, const char *name, const char *text, const char *user,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Gives the directory itself to a user of this system. */
bool scratch_give_to(Scratch *self, const char *user, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What it was for has ended: it gets another name, by which whoever finds it knows that, should we die or be unable to remove
 * it. Not before the mark has served. May be called again. */
void scratch_end(Scratch *self);
/* Removes it with all that is in it; symbolic links are removed, not followed, and what is mounted there stays. Accepts
 * NULL. */
void scratch_free(Scratch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scratch, scratch_free)

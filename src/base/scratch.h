/* SPDX-License-Identifier: PostgreSQL */
/* A private directory that goes away with what is in it. It may be given to another user, who is not trusted: from
 * then on nothing in it is followed by its name. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct Scratch Scratch;

/* How the names of those of batch steps begin; pgAgent's own begin with pga_. */
#define SCRATCH_OF_STEP "pgalmanac_"

/* In the system's directory for temporary files, mode 0700; prefix is the first part of its name. */
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
/* Removes it with all that is in it; symbolic links are removed, not followed. Accepts NULL. */
void scratch_free(Scratch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scratch, scratch_free)

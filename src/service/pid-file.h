/* SPDX-License-Identifier: PostgreSQL */
/* A file with our process id, locked while we live. The lock says whether somebody runs, not the file: it
 * goes with the process, whatever way that ends. */
#pragma once

#include <glib.h>

typedef struct PidFile PidFile;

/* NULL and an error that names the other process if the file is locked. */
PidFile *pid_file_new(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes the file (a copy of us after a fork does not). Accepts NULL. */
void pid_file_free(PidFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PidFile, pid_file_free)

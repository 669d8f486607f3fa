/* SPDX-License-Identifier: PostgreSQL */
/* The fork and exec of child.c. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/child.h"

typedef struct {
    pid_t pid;
    int out, err; /* our ends of its pipes: not blocking, closed on exec */
} ChildProcess;

/* Waits until the program runs or cannot be run. */
bool child_spawn(const ChildSpec *spec, ChildProcess *process,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

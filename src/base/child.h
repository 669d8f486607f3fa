/* SPDX-License-Identifier: PostgreSQL */
/* Runs a program in its own session and process group, collects what it prints by two pipes, and can end
 * the whole group. Callbacks come from the default GMainContext. The program gets /dev/null as its input, no
 * other descriptor of ours, default signals, and our umask and limits. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct Child Child;

typedef struct {
    const char *const *argv;        /* NULL-terminated; argv[0] is an absolute path */
    const char *const *environment; /* "NAME=value", NULL-terminated: all that the child gets */
    const char *directory;          /* working directory */
    const char *user;               /* run as this user (needs root); NULL = as ourselves */
    int64_t output_limit; /* bytes kept of each stream: the first and the last half of it */
} ChildSpec;

typedef struct {
    int exit_code; /* -1 if it was ended by a signal */
    int signal;    /* 0, or the signal that ended it */
    char *out;     /* valid UTF-8 without NUL; cut parts are marked "[… N bytes left out …]" */
    char *err;
} ChildResult;

/* Called once, when the program has ended and what it had printed is read. What it left running in the
 * background keeps running and does not delay this. The callback may free the child. */
typedef void (*ChildDone)(const ChildResult *result, gpointer user_data);

/* NULL and an error that says why if the program cannot be started (exec failures included). On Linux it is killed when the
 * thread ends that calls this, which must be the main one. */
Child *child_start(const ChildSpec *spec, ChildDone done, gpointer user_data,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
pid_t child_pid(const Child *self);
/* Sends a signal to all processes of the group; on Linux, after done and until child_free, to those that the
 * program left behind in it. */
void child_signal(Child *self, int signal_number);
/* A child that still runs is killed with its group; done is not called. Accepts NULL. What ended by itself
 * leaves its background processes alone. */
void child_free(Child *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Child, child_free)

/* SPDX-License-Identifier: PostgreSQL */
/* The agent as a process of a Unix system: daemon, pid file, signals, systemd. Nothing in this interface is
 * Unix's own, so that the shell for Windows can offer the same. Only errors of the system stop anything. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct Unix Unix;

/* Prepares the process: standard descriptors are open, SIGPIPE is ignored, and SIGHUP until unix_watch_requests. */
Unix *unix_new(void);
/* Removes the pid file. Accepts NULL. */
void unix_free(Unix *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Unix, unix_free)

/* Goes on in a new process without terminal, in "/", with standard descriptors on /dev/null. The old process
 * waits for unix_ready (exit 0) or unix_failed and never returns from here. To be called before anything
 * starts a thread, or opens what must not be shared. */
bool unix_daemonize(Unix *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes our process id to the file and locks it for as long as we live. An error that names the process id if
 * another one holds the lock. A file that a dead process left behind is taken over. */
bool unix_write_pid_file(Unix *self, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What somebody asks of the process, told on the default GMainContext. */
typedef enum {
    UNIX_STOP,     /* SIGTERM, SIGINT: let what runs come to an end */
    UNIX_STOP_NOW, /* the second of them: at once. Told once */
    UNIX_RELOAD,   /* SIGHUP */
} UnixRequest;
typedef void (*UnixRequested)(UnixRequest request, gpointer user_data);
void unix_watch_requests(Unix *self, UnixRequested requested, gpointer user_data);

/* The service runs (also after a reload): tells whoever started us, and begins to ping systemd's watchdog from
 * the default GMainContext at half its interval. */
void unix_ready(Unix *self);
/* The start failed: the process that waits in unix_daemonize prints the message and ends with the code. Without
 * one, nothing happens: the log has said it. */
void unix_failed(Unix *self, int exit_code, const char *message);
void unix_reloading(Unix *self);
void unix_stopping(Unix *self);
/* One line for `systemctl status`. */
void unix_status(Unix *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

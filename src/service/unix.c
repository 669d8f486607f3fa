/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "service/unix.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include "base/clock.h"
#include "base/error.h"
#include "service/pid-file.h"

struct Unix {
    int waiting; /* pipe to the process that started this daemon; -1 = nobody waits */
    PidFile *pid_file;
    guint signals[3];
    guint watchdog;
    int stops; /* how often we were asked to */
    UnixRequested requested;
    gpointer user_data;
};

/* A file opened as descriptor 2 would get our messages written into it. */
static void
open_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

Unix *
unix_new(void)
{
    Unix *self = g_new0(Unix, 1);
    self->waiting = -1;
    open_standard_descriptors();
    signal(SIGPIPE, SIG_IGN);
    /* Until unix_watch_requests: what was to be read again has just been read. */
    signal(SIGHUP, SIG_IGN);
    return self;
}

/* A second request to stop may come when the first is as good as done: it must not end us by the signal. GLib goes
 * back to the default, so signals wait until they are ignored instead. */
static void
forget_requests(Unix *self)
{
    sigset_t stops, before;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stops, &before);
    for (size_t i = 0; i < G_N_ELEMENTS(self->signals); i++)
        g_clear_handle_id(&self->signals[i], g_source_remove);
    if (self->stops > 0) {
        signal(SIGTERM, SIG_IGN);
        signal(SIGINT, SIG_IGN);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void
unix_free(Unix *self)
{
    if (!self)
        return;
    forget_requests(self);
    g_clear_handle_id(&self->watchdog, g_source_remove);
    pid_file_free(self->pid_file);
    if (self->waiting >= 0)
        close(self->waiting);
    g_free(self);
}

static void
notify(const char *text)
{
#ifdef HAVE_SYSTEMD
    /* The answer does not matter: nobody may be listening. Our children get an environment without
     * NOTIFY_SOCKET, so it can stay in ours. */
    (void)sd_notify(0, text);
#endif
}

static size_t
read_all(int fd, char *buffer, size_t size)
{
    size_t length = 0;
    while (length < size) {
        ssize_t got = read(fd, buffer + length, size - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    return length;
}

/* In the process that was started: one byte is the exit code, the rest why. Nothing means that the daemon died
 * before it could say anything. */
static void G_GNUC_NORETURN
await_daemon(int fd)
{
    char answer[4096];
    size_t length = read_all(fd, answer, sizeof answer - 1);
    answer[length] = '\0';
    if (length == 0)
        fprintf(stderr, "pgalmanac: the service ended before it was ready\n");
    else if (answer[1])
        fprintf(stderr, "pgalmanac: %s\n", answer + 1);
    /* Not exit(): what was registered to run at the end is the daemon's business. */
    _exit(length == 0 ? EXIT_FAILURE : (unsigned char)answer[0]);
}

static bool
detach(GError **error)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    bool ok = null >= 0 && setsid() >= 0 && chdir("/") == 0 && dup2(null, STDIN_FILENO) >= 0 &&
              dup2(null, STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0;
    if (!ok)
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM,
                    "could not detach from the terminal: %s", g_strerror(errno));
    if (null >= 0)
        close(null);
    return ok;
}

bool
unix_daemonize(Unix *self, GError **error)
{
    int ends[2];
    if (!g_unix_open_pipe(ends, FD_CLOEXEC, error))
        return false;
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM, "could not start the daemon: %s",
                    g_strerror(errno));
        close(ends[0]);
        close(ends[1]);
        return false;
    }
    if (pid > 0) {
        close(ends[1]);
        await_daemon(ends[0]);
    }

    close(ends[0]);
    self->waiting = ends[1];
    return detach(error);
}

static void
answer_waiting(Unix *self, int exit_code, const char *message)
{
    if (self->waiting < 0)
        return;
    g_autofree char *answer = g_strdup_printf("_%s", message);
    size_t length = strlen(answer);
    answer[0] = (char)exit_code;
    /* If it is gone it cannot be told. */
    ssize_t written = write(self->waiting, answer, length);
    (void)written;
    close(self->waiting);
    self->waiting = -1;
}

bool
unix_write_pid_file(Unix *self, const char *path, GError **error)
{
    g_return_val_if_fail(!self->pid_file, false);
    self->pid_file = pid_file_new(path, error);
    return self->pid_file != NULL;
}

static gboolean
on_stop(gpointer user_data)
{
    Unix *self = user_data;
    self->stops++;
    if (self->stops <= 2)
        self->requested(self->stops == 1 ? UNIX_STOP : UNIX_STOP_NOW, self->user_data);
    return G_SOURCE_CONTINUE;
}

static gboolean
on_reload(gpointer user_data)
{
    Unix *self = user_data;
    self->requested(UNIX_RELOAD, self->user_data);
    return G_SOURCE_CONTINUE;
}

void
unix_watch_requests(Unix *self, UnixRequested requested, gpointer user_data)
{
    g_return_if_fail(!self->requested);
    self->requested = requested;
    self->user_data = user_data;
    self->signals[0] = g_unix_signal_add(SIGTERM, on_stop, self);
    self->signals[1] = g_unix_signal_add(SIGINT, on_stop, self);
    self->signals[2] = g_unix_signal_add(SIGHUP, on_reload, self);
}

static gboolean
on_watchdog(gpointer user_data)
{
    notify("WATCHDOG=1");
    return G_SOURCE_CONTINUE;
}

static void
start_watchdog(Unix *self)
{
#ifdef HAVE_SYSTEMD
    uint64_t interval_us = 0;
    if (!self->watchdog && sd_watchdog_enabled(0, &interval_us) > 0)
        self->watchdog =
            g_timeout_add((guint)CLAMP(interval_us / 2000, 1, G_MAXUINT), on_watchdog, self);
#endif
}

void
unix_ready(Unix *self)
{
    answer_waiting(self, 0, "");
    notify("READY=1");
    start_watchdog(self);
}

void
unix_failed(Unix *self, int exit_code, const char *message)
{
    answer_waiting(self, exit_code, message);
}

void
unix_reloading(Unix *self)
{
    g_autofree char *text =
        g_strdup_printf("RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_now_mono());
    notify(text);
}

void
unix_stopping(Unix *self)
{
    notify("STOPPING=1");
}

void
unix_status(Unix *self, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *status = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    /* A line end would begin another assignment. */
    g_autofree char *text = g_strconcat("STATUS=", g_strdelimit(status, "\r\n", ' '), NULL);
    notify(text);
}

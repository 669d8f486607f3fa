/* SPDX-License-Identifier: PostgreSQL */
/* On Linux the end of the program is seen through a pidfd and it is reaped only by child_free: until then no
 * other process can get its number, so signals to the group always reach the right one. Without pidfds
 * GLib's child watch reaps it at once, and signals are refused from then on.
 *
 * Output is read until the program has ended, and then what is in the pipes at that moment: processes that
 * it left in the background may hold the pipes open, and write, for ever. */
#include "config.h"

#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/capture.h"
#include "base/child-spawn.h"
#include "base/error.h"
#include "base/watch.h"

/* Read at once from one pipe, so that a child that prints much leaves time for others. */
#define CHUNK (64 * 1024)

typedef struct {
    int fd; /* -1 = closed */
    Watch *watch;
    Capture *capture;
} Stream;

struct Child {
    pid_t pid;
    int pidfd; /* -1 = GLib's child watch instead */
    Watch *end_watch;
    guint end_source;
    bool is_reaped;
    bool has_ended;
    Stream out, err;
    ChildDone done;
    gpointer user_data;
};

static void
stream_close(Stream *self)
{
    g_clear_pointer(&self->watch, watch_free);
    if (self->fd >= 0)
        close(self->fd);
    self->fd = -1;
}

/* False at the end of the stream, or when nothing is there. */
static bool
stream_read(Stream *self, size_t length)
{
    char buffer[CHUNK];
    ssize_t got;
    do
        got = read(self->fd, buffer, MIN(length, sizeof buffer));
    while (got < 0 && errno == EINTR);

    if (got > 0)
        capture_append(self->capture, buffer, (size_t)got);
    else if (got == 0 || errno != EAGAIN)
        stream_close(self);
    return got > 0;
}

static void
on_output(WatchMask ready, gpointer user_data)
{
    (void)stream_read(user_data, CHUNK);
}

static void
stream_open(Stream *self, int fd, int64_t limit)
{
    self->fd = fd;
    self->capture = capture_new(limit);
    self->watch = watch_new(fd, WATCH_READ, on_output, self);
}

/* Only what is there now: those who still write could keep us reading for ever. */
static void
stream_drain(Stream *self)
{
    int there = 0;
    if (self->fd < 0 || ioctl(self->fd, FIONREAD, &there) != 0)
        there = 0;
    for (size_t left = (size_t)MAX(there, 0); left > 0 && self->fd >= 0;) {
        size_t wanted = MIN(left, (size_t)CHUNK);
        if (!stream_read(self, wanted))
            break;
        left -= wanted;
    }
    stream_close(self);
}

static void
end(Child *self, int exit_code, int signal_number)
{
    stream_drain(&self->out);
    stream_drain(&self->err);
    self->has_ended = true;
    g_clear_pointer(&self->end_watch, watch_free);

    g_autofree char *out = capture_text(self->out.capture);
    g_autofree char *err = capture_text(self->err.capture);
    ChildResult result = {
        .exit_code = exit_code,
        .signal = signal_number,
        .out = out,
        .err = err,
    };
    self->done(&result, self->user_data); /* may free self */
}

static void
on_pidfd(WatchMask ready, gpointer user_data)
{
    Child *self = user_data;
    siginfo_t info = {0};
    /* WNOWAIT: it stays a zombie, which keeps its number taken. */
    if (waitid(P_PID, (id_t)self->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
        self->is_reaped = true;
        end(self, -1, 0);
        return;
    }
    if (info.si_pid == 0)
        return;
    if (info.si_code == CLD_EXITED)
        end(self, info.si_status, 0);
    else
        end(self, -1, info.si_status);
}

static void
on_child_watch(GPid pid, gint status, gpointer user_data)
{
    Child *self = user_data;
    self->end_source = 0;
    self->is_reaped = true;
    if (WIFEXITED(status))
        end(self, WEXITSTATUS(status), 0);
    else
        end(self, -1, WTERMSIG(status));
}

/* PGALMANAC_NO_PIDFD is how tests reach the other way on a system that has them. */
static int
open_pidfd(pid_t pid)
{
#ifdef SYS_pidfd_open
    if (!g_getenv("PGALMANAC_NO_PIDFD"))
        return (int)syscall(SYS_pidfd_open, pid, 0);
#endif
    return -1;
}

static void
watch_end(Child *self)
{
    self->pidfd = open_pidfd(self->pid);
    if (self->pidfd >= 0)
        self->end_watch = watch_new(self->pidfd, WATCH_READ, on_pidfd, self);
    else
        self->end_source = g_child_watch_add(self->pid, on_child_watch, self);
}

Child *
child_start(const ChildSpec *spec, ChildDone done, gpointer user_data, GError **error)
{
    ChildProcess process;
    if (!child_spawn(spec, &process, error))
        return NULL;

    Child *self = g_new0(Child, 1);
    self->pid = process.pid;
    self->done = done;
    self->user_data = user_data;
    stream_open(&self->out, process.out, spec->output_limit);
    stream_open(&self->err, process.err, spec->output_limit);
    watch_end(self);
    return self;
}

pid_t
child_pid(const Child *self)
{
    return self->pid;
}

void
child_signal(Child *self, int signal_number)
{
    /* Fails if nobody is left in the group, which is what the caller wanted. */
    if (!self->is_reaped)
        (void)kill(-self->pid, signal_number);
}

static void
on_forgotten(GPid pid, gint status, gpointer user_data)
{
    /* It only had to be reaped. */
}

void
child_free(Child *self)
{
    if (!self)
        return;
    if (!self->has_ended)
        child_signal(self, SIGKILL);
    if (self->end_source)
        g_source_remove(self->end_source);
    watch_free(self->end_watch);
    if (!self->is_reaped && waitpid(self->pid, NULL, WNOHANG) == 0)
        g_child_watch_add(self->pid, on_forgotten, NULL);
    if (self->pidfd >= 0)
        close(self->pidfd);
    stream_close(&self->out);
    stream_close(&self->err);
    capture_free(self->out.capture);
    capture_free(self->err.capture);
    g_free(self);
}

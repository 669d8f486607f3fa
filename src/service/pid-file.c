/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "service/pid-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

struct PidFile {
    char *path;
    int fd;
    pid_t owner;
};

static void
set_error(const char *path, GError **error)
{
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM, "could not write pid file \"%s\": %s",
                path, g_strerror(errno));
}

static void
set_locked_error(const char *path, int fd, GError **error)
{
    char text[32] = "";
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    text[MAX(length, 0)] = '\0';
    g_strchomp(text);
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM,
                "another agent is running (process %s): it holds the lock on pid file \"%s\"",
                *text ? text : "unknown", path);
}

/* The file may have been removed by its owner between our open and our lock. */
static bool
is_still_there(const char *path, int fd)
{
    struct stat by_path, by_fd;
    return stat(path, &by_path) == 0 && fstat(fd, &by_fd) == 0 && by_path.st_dev == by_fd.st_dev &&
           by_path.st_ino == by_fd.st_ino;
}

static int
open_locked(const char *path, GError **error)
{
    for (;;) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (fd < 0) {
            set_error(path, error);
            return -1;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK)
                set_locked_error(path, fd, error);
            else
                set_error(path, error);
            close(fd);
            return -1;
        }
        if (is_still_there(path, fd))
            return fd;
        close(fd);
    }
}

PidFile *
pid_file_new(const char *path, GError **error)
{
    /* A daemon changes its directory. */
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    int fd = open_locked(absolute, error);
    if (fd < 0)
        return NULL;

    g_autoptr(PidFile) self = g_new0(PidFile, 1);
    self->path = g_steal_pointer(&absolute);
    self->fd = fd;
    self->owner = getpid();
    g_autofree char *text = g_strdup_printf("%d\n", (int)self->owner);
    ssize_t length = (ssize_t)strlen(text);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)length, 0) != length) {
        set_error(self->path, error);
        return NULL;
    }
    return g_steal_pointer(&self);
}

void
pid_file_free(PidFile *self)
{
    if (!self)
        return;
    if (self->owner == getpid())
        (void)unlink(self->path);
    close(self->fd);
    g_free(self->path);
    g_free(self);
}

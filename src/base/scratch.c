/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

/* What a script makes deeper than this stays: each level holds a descriptor open. */
#define DEPTH_MAX 64

struct Scratch {
    char *path;
    int directory; /* descriptor; the lock on it says that we live */
};

static void
set_error(GError **error, const char *what, const char *name)
{
    int code = errno;

    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM, "could not %s \"%s\": %s%s", what, name,
                g_strerror(code), error_advice(code));
}

/* Under its own name nobody ever sees it without its lock. */
static bool
lock_and_name(int directory, const char *hidden, const char *path, GError **error)
{
    if (flock(directory, LOCK_EX | LOCK_NB) == 0 && rename(hidden, path) == 0)
        return true;
    set_error(error, "create directory", path);
    return false;
}

Scratch *
scratch_new(const char *prefix, GError **error)
{
    g_autofree char *pattern = g_strdup_printf(".%sXXXXXX.%d", prefix, (int)getpid());
    g_autofree char *hidden = g_dir_make_tmp(pattern, error);

    if (hidden == NULL)
        return NULL;

    g_autofree char *name = g_path_get_basename(hidden);
    *strrchr(name, '.') = '\0';
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), name + 1, NULL);
    int directory = open(hidden, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0)
        set_error(error, "open directory", hidden);
    if (directory < 0 || !lock_and_name(directory, hidden, path, error)) {
        (void)rmdir(hidden);
        if (directory >= 0)
            (void)close(directory);
        return NULL;
    }

    Scratch *self = g_new(Scratch, 1);
    *self = (Scratch){.path = g_steal_pointer(&path), .directory = directory};
    return self;
}

/* That it is where it was: somebody else may have removed it before we had the lock. */
static bool
is_left(int directory, const char *path, uid_t user)
{
    struct stat here, there;

    return flock(directory, LOCK_EX | LOCK_NB) == 0 && fstat(directory, &here) == 0 &&
           (here.st_uid == geteuid() || here.st_uid == user) && lstat(path, &there) == 0 &&
           here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

Scratch *
scratch_take_over(const char *path, uid_t user)
{
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (directory < 0)
        return NULL;
    if (!is_left(directory, path, user)) {
        (void)close(directory);
        return NULL;
    }

    Scratch *self = g_new(Scratch, 1);
    *self = (Scratch){.path = g_strdup(path), .directory = directory};
    return self;
}

const char *
scratch_path(const Scratch *self)
{
    return self->path;
}

uid_t
scratch_owner(const Scratch *self)
{
    struct stat status;

    return fstat(self->directory, &status) == 0 ? status.st_uid : geteuid();
}

char *
scratch_mark(const Scratch *self)
{
    return g_strconcat("PGALMANAC_STEP=", self->path, NULL);
}

static const struct passwd *
find_user(const char *name, GError **error)
{
    const struct passwd *user = getpwnam(name);

    if (user == NULL)
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                    "there is no user \"%s\" on this machine", name);
    return user;
}

static bool
give_descriptor(int descriptor, const char *path, const char *user_name, GError **error)
{
    const struct passwd *user = find_user(user_name, error);

    if (user == NULL)
        return false;
    if (fchown(descriptor, user->pw_uid, user->pw_gid) == 0)
        return true;
    set_error(error, "change the owner of", path);
    return false;
}

static bool
write_all(int descriptor, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t written = write(descriptor, text, left);

        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            text += written;
            left -= (size_t)written;
        }
    }
    return true;
}

char *
scratch_add_program(Scratch *self, const char *name, const char *text, const char *user,
                    GError **error)
{
    g_autofree char *path = g_build_filename(self->path, name, NULL);
    int file = openat(self->directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);

    if (file < 0) {
        set_error(error, "create file", path);
        return NULL;
    }

    bool is_written = write_all(file, text);
    if (!is_written)
        set_error(error, "write file", path);
    bool is_given = is_written && (user == NULL || give_descriptor(file, path, user, error));
    /* Closed before it is run: a file that is open for writing cannot be. */
    if (close(file) != 0 && is_given) {
        set_error(error, "write file", path);
        return NULL;
    }
    return is_given ? g_steal_pointer(&path) : NULL;
}

bool
scratch_give_to(Scratch *self, const char *user, GError **error)
{
    return give_descriptor(self->directory, self->path, user, error);
}

void
scratch_end(Scratch *self)
{
    if (g_str_has_suffix(self->path, SCRATCH_ENDED))
        return;

    g_autofree char *path = g_strconcat(self->path, SCRATCH_ENDED, NULL);
    if (rename(self->path, path) != 0)
        return;
    g_free(self->path);
    self->path = g_steal_pointer(&path);
}

static bool
is_on_device(int descriptor, dev_t device)
{
    struct stat status;

    return fstat(descriptor, &status) == 0 && status.st_dev == device;
}

/* Takes the descriptor over. */
static void
empty_directory(int descriptor, dev_t device, int depth)
{
    DIR *directory = is_on_device(descriptor, device) ? fdopendir(descriptor) : NULL;

    if (directory == NULL) {
        (void)close(descriptor);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        const char *name = entry->d_name;

        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || unlinkat(descriptor, name, 0) == 0)
            continue;

        int below = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below < 0)
            continue;
        if (depth < DEPTH_MAX)
            empty_directory(below, device, depth + 1);
        else
            (void)close(below);
        (void)unlinkat(descriptor, name, AT_REMOVEDIR);
    }
    (void)closedir(directory);
}

void
scratch_free(Scratch *self)
{
    struct stat status;

    if (self == NULL)
        return;
    /* The lock ends with the descriptor, before the directory is gone. */
    scratch_end(self);
    if (fstat(self->directory, &status) == 0)
        empty_directory(self->directory, status.st_dev, 0);
    else
        (void)close(self->directory);
    (void)rmdir(self->path);
    g_free(self->path);
    g_free(self);
}

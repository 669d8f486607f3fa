/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "service/private-folder.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define UNPRIVILEGED_USER "postgres"

static bool
fail(GError **error, const char *dir, const char *what)
{
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM, "could not %s folder \"%s\": %s", what,
                dir, g_strerror(errno));
    return false;
}

static bool
is_empty(const char *dir)
{
    g_autoptr(GDir) folder = g_dir_open(dir, 0, NULL);

    return folder != NULL && g_dir_read_name(folder) == NULL;
}

/* A mistyped --private /home/me must not make that folder the server's. */
static bool
check_is_usable(const char *dir, GError **error)
{
    g_autofree char *lock = g_build_filename(dir, "lock", NULL);

    if (is_empty(dir) || g_file_test(lock, G_FILE_TEST_EXISTS))
        return true;
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                "folder \"%s\" is neither empty nor that of a private server", dir);
    return false;
}

static bool
become(const struct passwd *user, GError **error)
{
    if (initgroups(user->pw_name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
        setuid(user->pw_uid) != 0) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM, "could not become user %s: %s",
                    user->pw_name, g_strerror(errno));
        return false;
    }
    g_setenv("HOME", user->pw_dir, TRUE);
    g_setenv("USER", user->pw_name, TRUE);
    g_setenv("LOGNAME", user->pw_name, TRUE);
    return true;
}

static bool
give_away_and_become(const char *dir, GError **error)
{
    errno = 0;
    const struct passwd *user = getpwnam(UNPRIVILEGED_USER);

    if (user == NULL) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM,
                    "a private server cannot run as root, and there is no user "
                    "\"" UNPRIVILEGED_USER "\" to run it as");
        return false;
    }
    if (is_empty(dir) && chown(dir, user->pw_uid, user->pw_gid) != 0)
        return fail(error, dir, "give " UNPRIVILEGED_USER " the");
    return become(user, error);
}

bool
private_folder_prepare(const char *dir, GError **error)
{
    if (g_mkdir(dir, 0700) != 0 && errno != EEXIST)
        return fail(error, dir, "make");
    if (!check_is_usable(dir, error))
        return false;
    if (geteuid() == 0 && !give_away_and_become(dir, error))
        return false;

    struct stat state;
    if (chdir(dir) != 0 || stat(dir, &state) != 0)
        return fail(error, dir, "enter");
    if (state.st_uid != geteuid()) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                    "folder \"%s\" belongs to another user", dir);
        return false;
    }
    if (chmod(dir, 0700) != 0)
        return fail(error, dir, "protect");
    return true;
}

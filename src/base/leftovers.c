/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/leftovers.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/processes.h"

/* pgAgent's own begin with pga_. */
#define PREFIX "pgalmanac_"

/* A short one: the path of a socket in the directory must not become too long. */
static guint
host_code(void)
{
    return g_str_hash(g_get_host_name());
}

char *
leftovers_prefix(int job_id, int step_id)
{
    return g_strdup_printf(PREFIX "%08x_%d_%d_", host_code(), job_id, step_id);
}

static bool
is_of_step(const char *name)
{
    g_autofree char *pattern = g_strdup_printf(
        "^" PREFIX "%08x_[0-9]+_[0-9]+_[A-Za-z0-9]{6}(\\" SCRATCH_ENDED ")?$", host_code());

    return g_regex_match_simple(pattern, name, 0, 0);
}

/* One that has no lock yet (see scratch_new), whose maker is gone. In another name space of processes that may be wrong, and
 * takes from a script that is just about to begin its directory: it fails and says so. */
static bool
is_unnamed(const char *name)
{
    g_autofree char *pattern = g_strdup_printf(
        "^\\." PREFIX "%08x_[0-9]+_[0-9]+_[A-Za-z0-9]{6}\\.[0-9]{1,9}$", host_code());

    return g_regex_match_simple(pattern, name, 0, 0) &&
           kill((pid_t)g_ascii_strtoll(strrchr(name, '.') + 1, NULL, 10), 0) != 0 && errno == ESRCH;
}

uid_t
leftovers_user(const char *name)
{
    const struct passwd *entry = name != NULL ? getpwnam(name) : NULL;

    return entry != NULL ? entry->pw_uid : geteuid();
}

static void
end_leftover(Scratch *scratch)
{
    if (g_str_has_suffix(scratch_path(scratch), SCRATCH_ENDED))
        return;

    g_autofree char *mark = scratch_mark(scratch);
    guint ended = processes_end(mark, scratch_owner(scratch));

    log_notice("an agent was killed here while the script in \"%s\" ran: ended %u processes that "
               "it left, removing the directory",
               scratch_path(scratch), ended);
    scratch_end(scratch);
}

GPtrArray *
leftovers_end(uid_t user)
{
    GPtrArray *found = g_ptr_array_new();
    const char *place = g_get_tmp_dir();
    g_autoptr(GDir) directory = g_dir_open(place, 0, NULL);
    const char *name;

    while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *path = g_build_filename(place, name, NULL);
        Scratch *scratch = is_of_step(name) ? scratch_take_over(path, user) : NULL;

        if (is_unnamed(name))
            (void)rmdir(path);
        if (scratch == NULL)
            continue;
        end_leftover(scratch);
        g_ptr_array_add(found, scratch);
    }
    return found;
}

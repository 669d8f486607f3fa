/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/leftovers.h"

#include <pwd.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/log.h"
#include "base/processes.h"

/* As batch steps name them, followed by job and step and what makes it unique. */
static bool
is_of_step(const char *name)
{
    return g_regex_match_simple("^" SCRATCH_OF_STEP "[0-9]+_[0-9]+_[A-Za-z0-9]{6}$", name, 0, 0);
}

uid_t
leftovers_user(const char *name)
{
    const struct passwd *entry = name != NULL ? getpwnam(name) : NULL;

    return entry != NULL ? entry->pw_uid : geteuid();
}

static void
end_leftover(const Scratch *scratch)
{
    g_autofree char *mark = scratch_mark(scratch);
    guint ended = processes_end(mark, scratch_owner(scratch));

    log_notice("an agent was killed here while the script in \"%s\" ran: ended %u processes that "
               "it left, removing the directory",
               scratch_path(scratch), ended);
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

        if (scratch == NULL)
            continue;
        end_leftover(scratch);
        g_ptr_array_add(found, scratch);
    }
    return found;
}

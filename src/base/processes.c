/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Who forks while we look is found in the next round. */
#define ROUNDS   20
#define PAUSE_US 5000
/* Of an environment, so much is looked at; the mark is put in first. */
#define ENVIRONMENT_MAX (256 * 1024)

typedef struct {
    pid_t pid;
    pid_t parent;
    guint64 start; /* in ticks since the machine was started */
    bool is_meant;
} Process;

/* Reads a file of /proc/PID; NULL if it cannot be read. */
static char *
read_file(int directory, const char *name, gsize limit, gsize *length)
{
    int file = openat(directory, name, O_RDONLY | O_CLOEXEC);
    g_autofree char *text = g_malloc(limit + 1);
    gsize got = 0;
    ssize_t more = 0;

    if (file < 0)
        return NULL;
    while (got < limit && (more = read(file, text + got, limit - got)) > 0)
        got += (gsize)more;
    (void)close(file);
    if (more < 0)
        return NULL;
    text[got] = '\0';
    *length = got;
    return g_steal_pointer(&text);
}

/* False if it is gone, or only waits to be reaped. */
static bool
read_status(int directory, Process *process)
{
    gsize length;
    g_autofree char *text = read_file(directory, "stat", 4096, &length);
    const char *behind_name = text != NULL ? strrchr(text, ')') : NULL;
    char state;
    int parent;
    unsigned long long start;

    if (behind_name == NULL ||
        sscanf(behind_name + 1,
               " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
               &state, &parent, &start) != 3)
        return false;
    process->parent = parent;
    process->start = start;
    return state != 'Z' && state != 'X';
}

static bool
has_mark(int directory, const char *mark)
{
    gsize length;
    g_autofree char *text = read_file(directory, "environ", ENVIRONMENT_MAX, &length);

    if (text == NULL)
        return false;
    for (const char *line = text; line < text + length; line += strlen(line) + 1) {
        if (strcmp(line, mark) == 0)
            return true;
    }
    return false;
}

static int
open_process(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d", (int)pid);

    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* What stands in /proc about it; pid 0 if it is gone. */
static Process
look_at(pid_t pid, const char *mark, uid_t user)
{
    Process process = {0};
    int directory = open_process(pid);
    struct stat status;

    if (directory < 0)
        return process;
    if (read_status(directory, &process)) {
        process.pid = pid;
        process.is_meant = pid != getpid() && fstat(directory, &status) == 0 &&
                           status.st_uid == user && has_mark(directory, mark);
    }
    (void)close(directory);
    return process;
}

static GArray *
list_all(const char *mark, uid_t user)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(Process));
    DIR *directory = opendir("/proc");

    if (directory == NULL)
        return all;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        Process process = pid > 1 ? look_at(pid, mark, user) : (Process){0};

        if (process.pid != 0)
            g_array_append_val(all, process);
    }
    (void)closedir(directory);
    return all;
}

/* Whoever descends from one that is meant is meant too. True if one was found. */
static bool
spread(GArray *all)
{
    g_autoptr(GHashTable) meant = g_hash_table_new(NULL, NULL);
    bool found = false;

    for (guint i = 0; i < all->len; i++) {
        const Process *process = &g_array_index(all, Process, i);

        if (process->is_meant)
            g_hash_table_add(meant, GINT_TO_POINTER(process->pid));
    }
    for (guint i = 0; i < all->len; i++) {
        Process *process = &g_array_index(all, Process, i);

        if (!process->is_meant && process->pid != getpid() &&
            g_hash_table_contains(meant, GINT_TO_POINTER(process->parent)))
            process->is_meant = found = true;
    }
    return found;
}

/* Its number may be another's by now: what is signalled is looked at once more, and held meanwhile where that can be. */
static bool
kill_it(const Process *process)
{
    Process now = {0};
    int directory = open_process(process->pid);
    int held = -1;
    bool is_killed = false;

#ifdef SYS_pidfd_open
    held = (int)syscall(SYS_pidfd_open, process->pid, 0);
#endif
    if (directory >= 0 && read_status(directory, &now) && now.start == process->start) {
#ifdef SYS_pidfd_send_signal
        if (held >= 0)
            is_killed = syscall(SYS_pidfd_send_signal, held, SIGKILL, NULL, 0) == 0;
        else
#endif
            is_killed = kill(process->pid, SIGKILL) == 0;
    }
    if (directory >= 0)
        (void)close(directory);
    if (held >= 0)
        (void)close(held);
    return is_killed;
}

static guint
end_round(const char *mark, uid_t user)
{
    g_autoptr(GArray) all = list_all(mark, user);
    guint killed = 0;

    while (spread(all))
        ;
    for (guint i = 0; i < all->len; i++) {
        const Process *process = &g_array_index(all, Process, i);

        if (process->is_meant && kill_it(process))
            killed++;
    }
    return killed;
}

guint
processes_end(const char *mark, uid_t user)
{
    guint killed = 0;

    for (int round = 0; round < ROUNDS; round++) {
        guint more = end_round(mark, user);

        if (more == 0)
            break;
        killed = MAX(killed, more);
        g_usleep(PAUSE_US);
    }
    return killed;
}

char *
process_place(void)
{
    g_autofree char *start = NULL;
    g_autofree char *space = g_file_read_link("/proc/self/ns/pid", NULL);

    if (space == NULL ||
        !g_file_get_contents("/proc/sys/kernel/random/boot_id", &start, NULL, NULL))
        return NULL;
    return g_strdup_printf("%s/%s/", g_strstrip(start), space);
}

/* False if it is gone; true also if nothing can be read of it. */
static bool
is_there(pid_t pid, guint64 *start)
{
    Process process = {0};
    int directory = open_process(pid);
    bool is_alive = directory >= 0 && read_status(directory, &process);
    bool is_dead = directory >= 0 && !is_alive && process.start != 0; /* waits to be reaped */

    if (directory >= 0)
        (void)close(directory);
    *start = process.start;
    return is_alive || (!is_dead && (kill(pid, 0) == 0 || errno != ESRCH));
}

char *
process_self(void)
{
    g_autofree char *place = process_place();
    guint64 start = 0;

    if (place == NULL || !is_there(getpid(), &start) || start == 0)
        return NULL;
    return g_strdup_printf("%s%d/%" G_GUINT64_FORMAT, place, (int)getpid(), start);
}

bool
process_is_gone(const char *identity)
{
    g_autofree char *place = process_place();
    int pid;
    unsigned long long then;
    guint64 now;

    if (place == NULL || !g_str_has_prefix(identity, place) ||
        sscanf(identity + strlen(place), "%d/%llu", &pid, &then) != 2 || pid <= 0)
        return false;
    return !is_there(pid, &now) || (now != 0 && now != then);
}

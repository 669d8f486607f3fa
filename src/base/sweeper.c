/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/sweeper.h"

#include "base/leftovers.h"
#include "base/log.h"
#include "base/processes.h"

/* More would only compete for the same disk; a directory on another, slow one holds up no more than half of them. */
#define THREADS 2

struct Sweeper {
    GThreadPool *threads;
};

typedef struct {
    Scratch *scratch; /* NULL: look for leftovers */
    SweepWhat what;
    uid_t user;
} Task;

static void
sweep_leftovers(uid_t user)
{
    g_autoptr(GPtrArray) found = leftovers_end(user);

    for (guint i = 0; i < found->len; i++)
        scratch_free(g_ptr_array_index(found, i));
}

/* In a thread. */
static void
sweep(gpointer data, gpointer user_data)
{
    g_autofree Task *task = data;

    if (task->scratch == NULL) {
        sweep_leftovers(task->user);
        return;
    }
    if (task->what == SWEEP_PROCESSES_TOO) {
        g_autofree char *mark = scratch_mark(task->scratch);

        (void)processes_end(mark, scratch_owner(task->scratch));
    }
    scratch_free(task->scratch);
}

Sweeper *
sweeper_new(void)
{
    Sweeper *self = g_new(Sweeper, 1);

    /* Not exclusive: its threads are made when they are needed, and only then can that fail. */
    *self = (Sweeper){.threads = g_thread_pool_new(sweep, NULL, THREADS, FALSE, NULL)};
    return self;
}

void
sweeper_free(Sweeper *self)
{
    if (self == NULL)
        return;
    /* Without any thread nobody would ever end the wait; the next agent on this host finds what is left. */
    bool can_sweep = g_thread_pool_get_num_threads(self->threads) > 0;
    g_thread_pool_free(self->threads, !can_sweep, can_sweep);
    g_free(self);
}

static Task *
task_copy(const Task *task)
{
    Task *copy = g_new(Task, 1);

    *copy = *task;
    return copy;
}

static void
push(Sweeper *self, Task task)
{
    g_autoptr(GError) error = NULL;

    /* Then it stays in line, for the thread that the next one brings. */
    if (!g_thread_pool_push(self->threads, task_copy(&task), &error))
        log_debug("could not remove a directory yet: %s", error->message);
}

void
sweeper_take(Sweeper *self, Scratch *scratch, SweepWhat what)
{
    if (scratch == NULL)
        return;
    /* At once: it may wait in line for long. */
    if (what == SWEEP_DIRECTORY)
        scratch_end(scratch);
    push(self, (Task){.scratch = scratch, .what = what});
}

void
sweeper_look_for_leftovers(Sweeper *self, uid_t user)
{
    push(self, (Task){.user = user});
}

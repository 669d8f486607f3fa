/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/sweeper.h"

#include "base/log.h"

/* More would only compete for the same disk; a directory on another, slow one holds up no more than half of them. */
#define THREADS 2

struct Sweeper {
    GThreadPool *threads;
};

/* In a thread. */
static void
sweep(gpointer data, gpointer user_data)
{
    scratch_free(data);
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

void
sweeper_take(Sweeper *self, Scratch *scratch)
{
    g_autoptr(GError) error = NULL;

    if (scratch == NULL)
        return;
    /* Then it stays in line, for the thread that the next one brings. */
    if (!g_thread_pool_push(self->threads, scratch, &error))
        log_debug("could not remove a directory yet: %s", error->message);
}

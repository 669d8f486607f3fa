/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/interrupt.h"

#include <glib.h>
#include <signal.h>

/* A signal handler has nothing else that it could write to. */
static volatile sig_atomic_t was_interrupted;

static void
on_signal(int number)
{
    (void)number;
    was_interrupted = 1;
}

void
interrupt_catch(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool
interrupt_sleep(int ms)
{
    if (!was_interrupted)
        g_poll(NULL, 0, ms);
    return !was_interrupted;
}

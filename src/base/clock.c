/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/clock.h"

#include <glib.h>
#ifdef G_OS_WIN32
#include <windows.h>
#else
#include <time.h>
#endif

int64_t
clock_now_at(void)
{
    return g_get_real_time();
}

int64_t
clock_now_mono(void)
{
    return g_get_monotonic_time();
}

#ifdef G_OS_WIN32
int64_t
clock_now_boot(void)
{
    ULONGLONG ticks;

    /* Of 100 ns; time that was slept through counts. */
    QueryInterruptTime(&ticks);
    return (int64_t)(ticks / 10) + 1;
}
#else
/* Elsewhere than on Linux the monotonic clock itself counts it, or there is none that does. */
#ifndef CLOCK_BOOTTIME
#define CLOCK_BOOTTIME CLOCK_MONOTONIC
#endif

int64_t
clock_now_boot(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_BOOTTIME, &now) != 0)
        g_error("the machine has no clock that goes on while it sleeps");
    return (int64_t)now.tv_sec * CLOCK_US_PER_SECOND + now.tv_nsec / 1000 + 1;
}
#endif

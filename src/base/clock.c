/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/clock.h"

#include <time.h>

#include <glib.h>

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

int64_t
clock_now_boot(void)
{
#ifdef CLOCK_BOOTTIME
    struct timespec now;
    if (clock_gettime(CLOCK_BOOTTIME, &now) == 0)
        return now.tv_sec * CLOCK_US_PER_SECOND + now.tv_nsec / 1000;
#endif
    /* Systems without it count suspended time in their monotonic clock. */
    return g_get_monotonic_time();
}

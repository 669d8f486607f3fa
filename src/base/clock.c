/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/clock.h"

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

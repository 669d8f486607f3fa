/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/clock.h"

#include <glib.h>
#include <time.h>

static void
test_wall(void)
{
    int64_t before = (int64_t)time(NULL) - 1;
    int64_t now_at = clock_now_at();
    g_assert_cmpint(now_at, >=, before * CLOCK_US_PER_SECOND);
    g_assert_cmpint(now_at, <=, ((int64_t)time(NULL) + 1) * CLOCK_US_PER_SECOND);
}

static void
test_never_back(void)
{
    int64_t mono = clock_now_mono();
    for (int i = 0; i < 1000; i++) {
        int64_t next_mono = clock_now_mono();
        g_assert_cmpint(next_mono, >=, mono);
        mono = next_mono;
    }
}

static void
test_boot(void)
{
    int64_t boot = clock_now_boot();

    g_assert_cmpint(boot, >, 0);
    /* A machine has been up at least for as long as it was awake. */
    g_assert_cmpint(clock_now_boot(), >=, clock_now_mono() - CLOCK_US_PER_SECOND);
    g_assert_cmpint(clock_now_boot(), >=, boot);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clock/wall", test_wall);
    g_test_add_func("/clock/never-back", test_never_back);
    g_test_add_func("/clock/boot", test_boot);
    return g_test_run();
}

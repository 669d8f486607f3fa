/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/clockwatch.h"

#include <glib.h>

#include "base/clock.h"

#define S CLOCK_US_PER_SECOND

/* What has passed since the answer before, in seconds, and what is to be noticed. */
typedef struct {
    int64_t ours, mono, boot, server;
    int64_t took; /* the answer */
    unsigned news;
    int64_t skew; /* that has been told by then */
} Case;

static void
check(const Case *cases, size_t count)
{
    ClockWatch watch = {0};
    ClockReading sent = {.at = 1000 * S, .mono = 100 * S, .boot = 200 * S};
    int64_t server_at = 1000 * S;

    for (size_t i = 0; i < count; i++) {
        sent.at += cases[i].ours * S;
        sent.mono += cases[i].mono * S;
        sent.boot += cases[i].boot * S;
        server_at += cases[i].server * S;

        ClockReading got = sent;
        got.at += cases[i].took * S;
        got.mono += cases[i].took * S;
        got.boot += cases[i].took * S;
        g_assert_cmpuint(clock_watch_note(&watch, &sent, &got, server_at), ==, cases[i].news);
        g_assert_cmpint(watch.told_skew_us, ==, cases[i].skew * S);
    }
}

static void
test_ours(void)
{
    static const Case cases[] = {
        {.news = CLOCK_FIRST},     {3, 3, 3, 3, 0, 0, 0},         {3603, 3, 3, 3, 0, 0, 3600},
        {3, 3, 3, 3, 0, 0, 3600},  {100, 3, 3, 3, 0, 0, 3600}, /* not worth another word */
        {-3694, 3, 3, 3, 0, 0, 0}, {-7197, 3, 3, 3, 0, 0, -7200}, {-7197, 3, 3, 3, 0, 0, -14400},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void
test_database(void)
{
    static const Case cases[] = {
        {.news = CLOCK_FIRST},
        {3, 3, 3, 3603, 0, CLOCK_FORWARD, -3600},
        {3, 3, 3, 3, 0, 0, -3600},
        {3, 3, 3, -3597, 0, CLOCK_BACK, 0},
        /* Small ones are news, too, but nobody need hear of them. */
        {3, 3, 3, 5, 0, CLOCK_FORWARD, 0},
        {3, 3, 3, 1, 0, CLOCK_BACK, 0},
        /* One machine for both. */
        {3603, 3, 3, 3603, 0, CLOCK_FORWARD, 0},
        {-3597, 3, 3, -3597, 0, CLOCK_BACK, 0},
        /* Away for a month, in which two good clocks part. */
        {2600000, 2600000, 2600000, 2600400, 0, 0, -400},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void
test_sleep(void)
{
    static const Case cases[] = {
        {.news = CLOCK_FIRST},
        {3603, 3, 3603, 3603, 0, CLOCK_SLEPT, 0},
        /* A machine that was stopped by its host does not know. */
        {3, 3, 3, 3603, 0, CLOCK_FORWARD, -3600},
    };
    check(cases, G_N_ELEMENTS(cases));
}

/* The server may have answered at once or at last. */
static void
test_slow_answer(void)
{
    static const Case cases[] = {
        {.took = 60, .news = CLOCK_FIRST},
        {61, 61, 61, 120, 60, 0, 0},
        {61, 61, 61, 2, 60, 0, 0},
    };
    check(cases, G_N_ELEMENTS(cases));
}

/* Neither a difference near the limit nor slow answers bring one message after the other. */
static void
test_told_once(void)
{
    static const Case cases[] = {
        {.news = CLOCK_FIRST},
        {9, 3, 3, 3, 0, 0, 6},
        {1, 3, 3, 3, 0, 0, 6},
        /* Still 4 s ahead: it was asked 5 s before it said that. */
        {3, 3, 3, 8, 10, 0, 6},
        {3, 3, 3, -2, 0, 0, 6},
        {3, 3, 3, 3, 20, 0, 6},
        {3, 3, 3, 8, 0, CLOCK_FORWARD, 0},
        {6, 3, 3, 3, 0, 0, 0},
        /* 6 s */
        {7, 3, 3, 3, 0, 0, 6},
    };
    check(cases, G_N_ELEMENTS(cases));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clockwatch/ours", test_ours);
    g_test_add_func("/clockwatch/database", test_database);
    g_test_add_func("/clockwatch/sleep", test_sleep);
    g_test_add_func("/clockwatch/slow_answer", test_slow_answer);
    g_test_add_func("/clockwatch/told_once", test_told_once);
    return g_test_run();
}

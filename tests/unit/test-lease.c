/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include <glib.h>

#include "base/clock.h"
#include "store/lease.h"

#define S CLOCK_US_PER_SECOND

/* What a lease of 30 s whose last renewal was sent at 1000 s allows. */
static void
test_states(void)
{
    static const struct {
        int64_t seconds; /* after the renewal */
        LeaseState state;
        int64_t changes_in; /* seconds */
    } cases[] = {
        {0, LEASE_FRESH, 25}, {24, LEASE_FRESH, 1},   {25, LEASE_STALE, 2},  {26, LEASE_STALE, 1},
        {28, LEASE_OVER, -1}, {3600, LEASE_OVER, -1}, {-1, LEASE_FRESH, 26},
    };
    AgentLease lease;

    agent_lease_begin(&lease, 30 * S);
    agent_lease_confirm(&lease, 1000 * S, 1000 * S);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        int64_t now_boot = (1000 + cases[i].seconds) * S;
        int64_t changes_in = agent_lease_changes_in(&lease, now_boot);

        g_assert_cmpint(agent_lease_state(&lease, now_boot), ==, cases[i].state);
        g_assert_cmpint(changes_in < 0 ? -1 : changes_in / S, ==, cases[i].changes_in);
    }
}

/* It changes exactly when it says, and ends before the register's, whatever its length. */
static void
test_changes(void)
{
    for (int64_t length_us = 3 * S; length_us < 4000 * S; length_us = length_us * 3 / 2 + 1) {
        AgentLease lease;

        agent_lease_begin(&lease, length_us);
        agent_lease_confirm(&lease, 7, 7);
        int64_t stale = 7 + agent_lease_changes_in(&lease, 7);
        g_assert_cmpint(agent_lease_state(&lease, stale - 1), ==, LEASE_FRESH);
        g_assert_cmpint(agent_lease_state(&lease, stale), ==, LEASE_STALE);
        int64_t over = stale + agent_lease_changes_in(&lease, stale);
        g_assert_cmpint(agent_lease_state(&lease, over - 1), ==, LEASE_STALE);
        g_assert_cmpint(agent_lease_state(&lease, over), ==, LEASE_OVER);
        g_assert_cmpint(over, <, 7 + length_us);
        g_assert_cmpint(agent_lease_heartbeat_us(&lease) * 4, <, stale - 7);
    }
}

static void
test_renewals(void)
{
    AgentLease lease;

    agent_lease_begin(&lease, 30 * S);
    g_assert_cmpint(agent_lease_state(&lease, 1000 * S), ==, LEASE_NONE);
    g_assert_cmpint(agent_lease_changes_in(&lease, 1000 * S), ==, -1);
    agent_lease_confirm(&lease, 1010 * S, 1010 * S);
    agent_lease_confirm(&lease, 1000 * S, 1011 * S); /* an older answer takes nothing away */
    g_assert_cmpint(agent_lease_state(&lease, 1034 * S), ==, LEASE_FRESH);
    agent_lease_confirm(&lease, 1040 * S, 1040 * S); /* late, but nobody took it: it goes on */
    g_assert_cmpint(agent_lease_state(&lease, 1060 * S), ==, LEASE_FRESH);
    agent_lease_end(&lease);
    g_assert_cmpint(agent_lease_state(&lease, 1041 * S), ==, LEASE_NONE);
}

/* Who has come back after an outage waits before it declares anyone dead. */
static void
test_mercy(void)
{
    AgentLease lease;

    agent_lease_begin(&lease, 30 * S);
    agent_lease_confirm(&lease, 190 * S, 190 * S);
    g_assert_true(agent_lease_may_bury(&lease, 190 * S));
    g_assert_cmpint(agent_lease_calm_us(&lease, 190 * S), ==, -1);
    agent_lease_show_mercy(&lease, 200 * S);
    agent_lease_confirm(&lease, 203 * S, 203 * S);
    g_assert_false(agent_lease_may_bury(&lease, 214 * S));
    g_assert_true(agent_lease_may_bury(&lease, 215 * S));
    g_assert_cmpint(agent_lease_calm_us(&lease, 216 * S), ==, 16 * S);
}

/* Whatever kept it from renewing may have kept all. */
static void
test_late(void)
{
    AgentLease lease;

    agent_lease_begin(&lease, 30 * S);
    agent_lease_confirm(&lease, 100 * S, 101 * S);
    agent_lease_confirm(&lease, 120 * S, 124 * S);
    g_assert_true(agent_lease_may_bury(&lease, 124 * S));
    agent_lease_confirm(&lease, 143 * S, 145 * S);
    g_assert_false(agent_lease_may_bury(&lease, 159 * S));
    agent_lease_confirm(&lease, 158 * S, 160 * S);
    g_assert_true(agent_lease_may_bury(&lease, 160 * S));
    agent_lease_end(&lease);
    agent_lease_confirm(&lease, 300 * S, 300 * S);
    g_assert_true(agent_lease_may_bury(&lease, 300 * S));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lease/states", test_states);
    g_test_add_func("/lease/changes", test_changes);
    g_test_add_func("/lease/renewals", test_renewals);
    g_test_add_func("/lease/mercy", test_mercy);
    g_test_add_func("/lease/late", test_late);
    return g_test_run();
}

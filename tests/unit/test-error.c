/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/error.h"

static void
test_transient(void)
{
    static const struct {
        AlmanacError code;
        bool is_transient;
    } cases[] = {
        {ALMANAC_ERROR_CONNECTION, true}, {ALMANAC_ERROR_BUSY, true},
        {ALMANAC_ERROR_TIMEOUT, true},    {ALMANAC_ERROR_USAGE, false},
        {ALMANAC_ERROR_REFUSED, false},   {ALMANAC_ERROR_CANCELLED, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = g_error_new_literal(ALMANAC_ERROR, (gint)cases[i].code, "x");
        g_assert_cmpint(error_is_transient(error), ==, cases[i].is_transient);
    }
}

static void
test_ends(void)
{
    static const struct {
        AlmanacError code;
        bool is_given_up;
        bool is_cut_off;
    } cases[] = {
        {ALMANAC_ERROR_CANCELLED, true, true},
        {ALMANAC_ERROR_CONNECTION, false, true},
        {ALMANAC_ERROR_TIMEOUT, false, false},
        {ALMANAC_ERROR_QUERY, false, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = g_error_new_literal(ALMANAC_ERROR, (gint)cases[i].code, "x");
        g_assert_cmpint(error_is_given_up(error), ==, cases[i].is_given_up);
        g_assert_cmpint(error_is_cut_off(error), ==, cases[i].is_cut_off);
    }
}

static void
test_foreign(void)
{
    g_autoptr(GError) error =
        g_error_new_literal(G_FILE_ERROR, ALMANAC_ERROR_CONNECTION, "another domain");
    g_assert_false(error_is_transient(error));
    g_assert_false(error_is_transient(NULL));
    g_assert_false(error_is_cut_off(error));
    g_assert_false(error_is_cut_off(NULL));
    g_assert_false(error_is_given_up(NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/error/transient", test_transient);
    g_test_add_func("/error/ends", test_ends);
    g_test_add_func("/error/foreign", test_foreign);
    return g_test_run();
}

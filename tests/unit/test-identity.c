/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/identity.h"

typedef struct {
    const char *kept;
    const char *here;
    bool is_same;
    bool is_better;
} Case;

static const Case cases[] = {
    {"71/16384/jobs", "71/16384/jobs", true, false},
    {"71/16384/jobs", "71/16384/renamed", true, true},
    {"71/16384/jobs", "71/16385/jobs", false, true},
    {"71/16384/jobs", "72/16384/jobs", false, true},
    {"71/16384/jobs", "?/16384/jobs", true, false},
    {"71/16384/jobs", "?/16384/other", false, true},
    {"?/16384/jobs", "71/16384/jobs", true, true},
    {"?/16384/jobs", "?/16384/jobs", true, false},
    {"?/16384/jobs", "?/16385/jobs", false, true},
    {"71/16384/a/b", "71/16384/a/b", true, false},
    {"nonsense", "71/16384/jobs", false, true},
    {"", "71/16384/jobs", false, true},
};

static void
test_cases(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *it = &cases[i];

        g_test_message("%s, %s", it->kept, it->here);
        g_assert_cmpint(identity_is_same(it->kept, it->here), ==, it->is_same);
        g_assert_cmpint(identity_is_better(it->kept, it->here), ==, it->is_better);
    }
    g_assert_true(identity_is_better(NULL, "71/16384/jobs"));
}

static void
test_refusal(void)
{
    g_autoptr(GError) elsewhere = identity_refusal("71/1/jobs", "72/1/jobs", "here");
    g_autoptr(GError) beside = identity_refusal("?/1/jobs", "72/2/copy", "here");
    g_autoptr(GError) unreadable = identity_refusal("x", "72/2/copy", "here");

    g_assert_nonnull(g_strstr_len(elsewhere->message, -1, "(number 1) of another server"));
    g_assert_nonnull(g_strstr_len(beside->message, -1, "of this or another server"));
    g_assert_nonnull(g_strstr_len(unreadable->message, -1, "\"x\""));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/identity/cases", test_cases);
    g_test_add_func("/identity/refusal", test_refusal);
    return g_test_run();
}

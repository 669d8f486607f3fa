/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/halves.h"

#include <string.h>

/* Things that are refused, by a letter each: "x". What was accepted together comes back, groups by a blank. */
static char *
send_all(const char *things)
{
    g_autoptr(GString) accepted = g_string_new(NULL);
    Halves halves;

    halves_begin(&halves, (guint)strlen(things));
    while (halves_count(&halves) > 0) {
        g_autofree char *group = g_strndup(things + halves.at, halves_count(&halves));

        if (strchr(group, 'x') != NULL) {
            g_assert_true(halves_refused(&halves) == (strlen(group) == 1));
            continue;
        }
        g_string_append_printf(accepted, "%s ", group);
        halves_accepted(&halves);
    }
    return g_string_free(g_steal_pointer(&accepted), FALSE);
}

static void
test_halves(void)
{
    static const struct {
        const char *things;
        const char *accepted;
    } cases[] = {
        {"", ""},
        {"a", "a "},
        {"x", ""},
        {"abcdefgh", "abcdefgh "},
        {"xbcdefgh", "b cd efgh "},
        {"abcdefgx", "abcd ef g "},
        {"xx", ""},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *accepted = send_all(cases[i].things);

        g_test_message("%s: %s", cases[i].things, accepted);
        g_assert_cmpstr(accepted, ==, cases[i].accepted);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/halves/the bad ones stand alone", test_halves);
    return g_test_run();
}

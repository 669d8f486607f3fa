/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/json.h"

#include <glib.h>

static const struct {
    const char *text;
    const char *json;
} cases[] = {
    {NULL, "null"},
    {"", "\"\""},
    {"nightly", "\"nightly\""},
    {"a \"b\" \\c", "\"a \\\"b\\\" \\\\c\""},
    {"a\nb\tc\x7f", "\"a\\u000ab\\u0009c\\u007f\""},
    {"b\xc3\xa4"
     "d",
     "\"b\xc3\xa4"
     "d\""},
    {"b\xe4"
     "d",
     "\"b\xef\xbf\xbd"
     "d\""},
};

static void
test_quote(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *json = json_quote(cases[i].text);
        g_assert_cmpstr(json, ==, cases[i].json);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json/quote", test_quote);
    return g_test_run();
}

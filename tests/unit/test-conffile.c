/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/conffile.h"

#include <string.h>

#include "base/error.h"

static bool
on_entry(const char *name, const char *value, gpointer user_data, GError **error)
{
    if (g_str_equal(name, "bad")) {
        g_set_error_literal(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE, "bad is bad");
        return false;
    }
    g_string_append_printf(user_data, "<%s|%s>", name, value);
    return true;
}

static void
test_cases(void)
{
    static const struct {
        const char *text;
        const char *expected; /* entries, or the error */
    } cases[] = {
        {"", ""},
        {"\n\n# nothing\n   # indented\n\t\n", ""},
        {"a = 1", "<a|1>"},
        {"a=1\nb =2\n  c= 3 \n", "<a|1><b|2><c|3>"},
        {"\xef\xbb\xbf"
         "a = 1\r\nb = 'x'\r\n",
         "<a|1><b|x>"},
        {"max_runs = 5 # five", "<max_runs|5>"},
        {"a = host=x dbname=y", "<a|host=x dbname=y>"},
        {"a = 'it''s # no comment ' # but this", "<a|it's # no comment >"},
        {"a = ''", "<a|>"},
        {"a =", "<a|>"},
        {"a = ''''", "<a|'>"},
        {"a = 'C:\\new\\'", "<a|C:\\new\\>"},
        {"a = 1\nb = 'x", "f:2: the closing quote is missing"},
        {"a = 'x''", "f:1: the closing quote is missing"},
        {"a = 'x' y", "f:1: there is text after the closing quote; a quote inside quotes is "
                      "written twice"},
        {"\n\nword\n", "f:3: the line does not read \"name = value\""},
        {"= 5", "f:1: the line does not read \"name = value\""},
        {"[section]", "f:1: the line does not read \"name = value\""},
        {"a = 1\n bad = 2", "f:2: bad is bad"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GString) seen = g_string_new(NULL);
        bool ok = conffile_parse(cases[i].text, strlen(cases[i].text), "f", on_entry, seen, &error);
        g_assert_cmpstr(ok ? seen->str : error->message, ==, cases[i].expected);
        g_assert_true(ok || g_error_matches(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE));
    }
}

static void
test_foreign_files(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) large_error = NULL;
    g_autoptr(GString) seen = g_string_new(NULL);
    g_assert_false(conffile_parse("a = 1\nb\0c", 9, "f", on_entry, seen, &error));
    g_assert_cmpstr(error->message, ==, "f:2: the line contains a zero byte");

    g_autofree char *large = g_strnfill(CONFFILE_MAX_SIZE + 1, '#');
    g_assert_false(conffile_parse(large, CONFFILE_MAX_SIZE + 1, "f", on_entry, seen, &large_error));
    g_assert_cmpstr(large_error->message, ==, "\"f\" is too large for a configuration file");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/conffile/cases", test_cases);
    g_test_add_func("/conffile/foreign-files", test_foreign_files);
    return g_test_run();
}

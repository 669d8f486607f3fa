/* SPDX-License-Identifier: PostgreSQL */
/* The corners of libpq's rules. */
#include "config.h"

#include "cli/passfile.h"

#include <glib/gstdio.h>
#include <unistd.h>

typedef struct {
    const char *text;
    PassfileWish wish;
    PassfileOutcome outcome;
} Case;

static const Case cases[] = {
    {"db1:5432:sales:me:secret\n", {"db1", "5432", "sales", "me"}, PASSFILE_FOUND},
    {"db1:5432:sales:me:secret", {"db1", "5432", "sales", "me"}, PASSFILE_FOUND},
    {"db1:5432:sales:me:secret\r\n", {"db1", "5432", "sales", "me"}, PASSFILE_FOUND},
    {"db1:5432:sales:me:secret\n", {"db2", "5432", "sales", "me"}, PASSFILE_NO_ENTRY},
    {"db1:5432:sales:me:secret\n", {"db1", "5433", "sales", "me"}, PASSFILE_NO_ENTRY},
    {"db1:5432:sales:me:secret\n", {"db1", "5432", "sale", "me"}, PASSFILE_NO_ENTRY},
    {"db1:5432:sales:me:secret\n", {"db1", "5432", "sales2", "me"}, PASSFILE_NO_ENTRY},
    {"db1:5432:sales:me:secret\n", {"db1", "5432", "sales", "you"}, PASSFILE_NO_ENTRY},
    {"other:1:a:b:c\n*:*:*:*:secret\n", {"db1", "5432", "sales", "me"}, PASSFILE_FOUND},
    {"db*:*:*:*:secret\n", {"db1", "5432", "sales", "me"}, PASSFILE_NO_ENTRY},
    {"#db1:5432:sales:me:secret\n", {"#db1", "5432", "sales", "me"}, PASSFILE_NO_ENTRY},
    {"db1:5432:sales:me:\n", {"db1", "5432", "sales", "me"}, PASSFILE_NO_ENTRY},
    {"db1:5432:sales:me\n", {"db1", "5432", "sales", "me"}, PASSFILE_NO_ENTRY},
    {"", {"db1", "5432", "sales", "me"}, PASSFILE_NO_ENTRY},
    /* Colons and backslashes of values may be escaped; backslashes must. */
    {"\\:\\:1:5432:a\\\\b:me:secret\n", {"::1", "5432", "a\\b", "me"}, PASSFILE_FOUND},
    {"::1:5432:sales:me:secret\n", {"::1", "5432", "sales", "me"}, PASSFILE_FOUND},
    {"*:*:a\\b:me:secret\n", {"db1", "5432", "a\\b", "me"}, PASSFILE_NO_ENTRY},
    /* A socket in the default directory is localhost, another one its directory. */
    {"localhost:5432:sales:me:secret\n", {"", "5432", "sales", "me"}, PASSFILE_FOUND},
    {"localhost:5432:sales:me:secret\n",
     {"/var/run/postgresql", "5432", "sales", "me"},
     PASSFILE_FOUND},
    {"/srv/pg:5432:sales:me:secret\n", {"/srv/pg", "5432", "sales", "me"}, PASSFILE_FOUND},
};

static void
test_lines(void)
{
    g_autofree char *folder = g_dir_make_tmp("passfile-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "pgpass", NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_true(g_file_set_contents(path, cases[i].text, -1, NULL));
        g_assert_cmpint(g_chmod(path, 0600), ==, 0);
        g_test_message("%s", cases[i].text);
        g_assert_cmpint(passfile_find(path, &cases[i].wish), ==, cases[i].outcome);
    }
    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_cmpint(passfile_find(path, &cases[0].wish), ==, PASSFILE_NO_FILE);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static void
test_files_that_are_ignored(void)
{
    static const int open_modes[] = {0640, 0604, 0620, 0601};
    g_autofree char *folder = g_dir_make_tmp("passfile-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "pgpass", NULL);

    g_assert_true(g_file_set_contents(path, cases[0].text, -1, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(open_modes); i++) {
        g_assert_cmpint(g_chmod(path, open_modes[i]), ==, 0);
        g_assert_cmpint(passfile_find(path, &cases[0].wish), ==, PASSFILE_IGNORED);
    }
    g_assert_cmpint(g_chmod(path, 0400), ==, 0);
    g_assert_cmpint(passfile_find(path, &cases[0].wish), ==, PASSFILE_FOUND);
    g_assert_cmpint(passfile_find(folder, &cases[0].wish), ==, PASSFILE_IGNORED);
    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static void
test_default(void)
{
    g_setenv("PGPASSFILE", "/somewhere/pass", TRUE);
    g_autofree char *named = passfile_default();
    g_assert_cmpstr(named, ==, "/somewhere/pass");

    g_unsetenv("PGPASSFILE");
    g_autofree char *home = passfile_default();
    g_assert_true(g_str_has_suffix(home, "/.pgpass"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/passfile/lines", test_lines);
    g_test_add_func("/passfile/ignored", test_files_that_are_ignored);
    g_test_add_func("/passfile/default", test_default);
    return g_test_run();
}

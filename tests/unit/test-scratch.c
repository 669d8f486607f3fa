/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/sweeper.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void
test_program(void)
{
    g_autoptr(GError) error = NULL;
    Scratch *scratch = scratch_new("scratch-test-", &error);
    g_assert_no_error(error);
    g_autofree char *path = g_strdup(scratch_path(scratch));
    g_autofree char *file = scratch_add_program(scratch, "x.scr", "echo\n", NULL, &error);
    g_assert_no_error(error);
    struct stat status;

    g_assert_cmpint(g_stat(path, &status), ==, 0);
    g_assert_cmpint(status.st_mode & 0777, ==, 0700);
    g_assert_cmpint(g_stat(file, &status), ==, 0);
    g_assert_cmpint(status.st_mode & 0777, ==, 0700);
    g_assert_cmpint(status.st_size, ==, 5);

    g_assert_null(scratch_add_program(scratch, "x.scr", "", NULL, &error));
    g_assert_nonnull(strstr(error->message, "could not create file"));
    g_clear_error(&error);
    g_assert_null(scratch_add_program(scratch, "y.scr", "", "no such user", &error));
    g_assert_cmpstr(error->message, ==, "there is no user \"no such user\" on this machine");

    scratch_free(scratch);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

/* Whatever a script leaves goes, and nothing that it only points to. */
static void
test_removal(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *outside = g_dir_make_tmp("scratch-outside-XXXXXX", &error);
    g_autofree char *kept = g_build_filename(outside, "kept", NULL);
    Scratch *scratch = scratch_new("scratch-test-", &error);
    g_autofree char *path = g_strdup(scratch_path(scratch));
    g_autofree char *deep = g_build_filename(path, "a", "b", "c", NULL);
    g_autofree char *file = g_build_filename(deep, "file", NULL);
    g_autofree char *link = g_build_filename(path, "a", "link", NULL);

    g_assert_cmpint(g_mkdir_with_parents(deep, 0700), ==, 0);
    g_assert_true(g_file_set_contents(file, "x", 1, NULL));
    g_assert_true(g_file_set_contents(kept, "x", 1, NULL));
    g_assert_cmpint(symlink(outside, link), ==, 0);

    scratch_free(scratch);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(kept, G_FILE_TEST_EXISTS));
    g_assert_cmpint(g_unlink(kept), ==, 0);
    g_assert_cmpint(g_rmdir(outside), ==, 0);
}

/* Many at once; when the sweeper is gone, so are they. */
static void
test_sweeper(void)
{
    Sweeper *sweeper = sweeper_new();
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

    for (int i = 0; i < 20; i++) {
        g_autoptr(GError) error = NULL;
        Scratch *scratch = scratch_new("scratch-test-", &error);
        g_assert_no_error(error);
        g_autofree char *file = scratch_add_program(scratch, "x.scr", "", NULL, &error);

        g_assert_no_error(error);
        g_assert_nonnull(file);
        g_ptr_array_add(paths, g_strdup(scratch_path(scratch)));
        sweeper_take(sweeper, scratch, SWEEP_DIRECTORY);
    }
    sweeper_take(sweeper, NULL, SWEEP_DIRECTORY);
    sweeper_free(sweeper);
    for (guint i = 0; i < paths->len; i++)
        g_assert_false(g_file_test(g_ptr_array_index(paths, i), G_FILE_TEST_EXISTS));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scratch/program", test_program);
    g_test_add_func("/scratch/removal", test_removal);
    g_test_add_func("/scratch/sweeper", test_sweeper);
    return g_test_run();
}

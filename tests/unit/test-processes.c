/* SPDX-License-Identifier: PostgreSQL */
/* With real processes and real directories. */
#include "config.h"

#include "base/processes.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/leftovers.h"
#include "base/sweeper.h"

/* A shell that has a child of its own; both only wait. */
static GPid
start(const char *mark)
{
    g_auto(GStrv) environment = g_get_environ();
    const char *argv[] = {"/bin/sh", "-c", "echo; sleep 600; true", NULL};
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strndup(mark, (gsize)(strchr(mark, '=') - mark));
    GPid pid;
    int out;
    char byte;

    environment = g_environ_setenv(environment, name, strchr(mark, '=') + 1, TRUE);
    g_assert_true(g_spawn_async_with_pipes(NULL, (char **)argv, environment,
                                           G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL, &out,
                                           NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpint(read(out, &byte, 1), ==, 1);
    close(out);
    return pid;
}

static void
assert_killed(GPid pid)
{
    int status;

    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFSIGNALED(status));
}

static void
test_mark(void)
{
    GPid meant = start("PGALMANAC_TEST=one"), other = start("PGALMANAC_TEST=one more");

    g_assert_cmpint(processes_end("PGALMANAC_TEST=on", geteuid()), ==, 0);
    g_assert_cmpint(processes_end("PGALMANAC_TEST=one", geteuid() + 1), ==, 0);
    g_assert_cmpint(processes_end("PGALMANAC_TEST=one", geteuid()), >=, 1);
    assert_killed(meant);
    g_assert_cmpint(waitpid(other, NULL, WNOHANG), ==, 0);
    g_assert_cmpint(processes_end("PGALMANAC_TEST=one more", geteuid()), >=, 1);
    assert_killed(other);
}

static void
test_identity(void)
{
    g_autofree char *self = process_self();
    g_autofree char *place = process_place();
    GPid pid = start("PGALMANAC_TEST=two");
    g_autofree char *other = g_strdup_printf("%s%d/1", place, (int)pid);
    g_autofree char *far = g_strdup_printf("x%s%d/1", place, (int)pid);
    g_autofree char *broken = g_strdup_printf("%sx", place);

    g_assert_true(g_str_has_prefix(self, place));
    g_assert_false(process_is_gone(self));
    g_assert_true(process_is_gone(other)); /* the number was taken again */
    g_assert_false(process_is_gone(far));
    g_assert_false(process_is_gone(broken));
    g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
    assert_killed(pid);
    g_assert_true(process_is_gone(other));
    (void)processes_end("PGALMANAC_TEST=two", geteuid());
}

/* As if its agent had been killed: nobody holds the lock. One that is held, and what only looks like one, stay. */
static void
test_leftovers(void)
{
    g_autoptr(GError) error = NULL;
    Sweeper *sweeper = sweeper_new();
    g_autofree char *prefix = leftovers_prefix(1, 2);
    Scratch *held = scratch_new(prefix, &error);
    g_assert_no_error(error);
    g_autofree char *left = g_strdup_printf("%s/%sabcdef", g_get_tmp_dir(), prefix);
    g_autofree char *alike = g_strdup_printf("%s/pgalmanac_00000000_1_2_abcdef", g_get_tmp_dir());
    g_autofree char *mark = g_strdup_printf("PGALMANAC_STEP=%s", left);

    g_assert_cmpint(g_mkdir_with_parents(left, 0700), ==, 0);
    g_assert_cmpint(g_mkdir_with_parents(alike, 0700), ==, 0);
    GPid pid = start(mark);
    sweeper_look_for_leftovers(sweeper, leftovers_user(NULL));
    sweeper_free(sweeper);
    assert_killed(pid);
    g_assert_false(g_file_test(left, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(alike, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(scratch_path(held), G_FILE_TEST_EXISTS));
    scratch_free(held);
    g_assert_cmpint(rmdir(alike), ==, 0);
}

/* Its agent was killed before the directory had its name and its lock. One that is just being made stays. */
static void
test_unnamed(void)
{
    Sweeper *sweeper = sweeper_new();
    g_autofree char *prefix = leftovers_prefix(1, 2);
    GPid dead = start("PGALMANAC_TEST=three");
    g_autofree char *left = g_strdup_printf("%s/.%sabcdef.%d", g_get_tmp_dir(), prefix, (int)dead);
    g_autofree char *made =
        g_strdup_printf("%s/.%sabcdef.%d", g_get_tmp_dir(), prefix, (int)getpid());

    g_assert_cmpint(kill(dead, SIGKILL), ==, 0);
    assert_killed(dead);
    g_assert_cmpint(g_mkdir(left, 0700), ==, 0);
    g_assert_cmpint(g_mkdir(made, 0700), ==, 0);
    sweeper_look_for_leftovers(sweeper, leftovers_user(NULL));
    sweeper_free(sweeper);
    g_assert_false(g_file_test(left, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(made, G_FILE_TEST_EXISTS));
    g_assert_cmpint(rmdir(made), ==, 0);
}

/* It started a service and ended, but its directory could not be removed, or not yet, when its agent was killed. */
static void
test_ended(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *prefix = leftovers_prefix(1, 3);
    Scratch *scratch = scratch_new(prefix, &error);
    g_assert_no_error(error);
    g_autofree char *mark = scratch_mark(scratch);
    g_autofree char *path = g_strdup(scratch_path(scratch));
    g_autofree char *ended = g_strconcat(path, SCRATCH_ENDED, NULL);
    g_autoptr(GString) deep = g_string_new(path);
    GPid service = start(mark);

    for (int i = 0; i < 70; i++)
        g_string_append(deep, "/d");
    g_assert_cmpint(g_mkdir_with_parents(deep->str, 0700), ==, 0);
    for (int i = 0; i < 2; i++) {
        Sweeper *sweeper = sweeper_new();

        sweeper_take(sweeper, g_steal_pointer(&scratch), SWEEP_DIRECTORY);
        sweeper_look_for_leftovers(sweeper, leftovers_user(NULL));
        sweeper_free(sweeper);
        g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
        g_assert_true(g_file_test(ended, G_FILE_TEST_EXISTS));
    }
    g_assert_cmpint(waitpid(service, NULL, WNOHANG), ==, 0);
    g_assert_cmpint(processes_end(mark, geteuid()), >=, 1);
    assert_killed(service);

    for (gsize length = deep->len; length > strlen(path); length -= 2) {
        g_autofree char *below = g_strdup_printf("%s%.*s", ended, (int)(length - strlen(path)),
                                                 deep->str + strlen(path));
        g_assert_cmpint(rmdir(below), ==, 0);
    }
    g_assert_cmpint(rmdir(ended), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/processes/mark", test_mark);
    g_test_add_func("/processes/identity", test_identity);
    g_test_add_func("/processes/leftovers", test_leftovers);
    g_test_add_func("/processes/unnamed", test_unnamed);
    g_test_add_func("/processes/ended", test_ended);
    return g_test_run();
}

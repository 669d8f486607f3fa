/* SPDX-License-Identifier: PostgreSQL */
/* A private server from first use to last, with PostgreSQL's real programs. Started as root, the test becomes
 * user postgres with the first server, as the agent does. */
#include "config.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/session.h"
#include "service/private.h"
#include "service/server-programs.h"

/* A parent that everybody may enter, as /var/tmp is. */
static char *
make_parent(void)
{
    char *parent = g_dir_make_tmp("test-private-XXXXXX", NULL);

    g_assert_nonnull(parent);
    g_assert_cmpint(chmod(parent, 0777), ==, 0);
    return parent;
}

static void
remove_tree(const char *path)
{
    const char *argv[] = {"/usr/bin/find", path, "-mindepth", "1", "-delete", NULL};

    /* What root has made in /tmp itself, postgres may not remove. */
    g_assert_true(server_programs_run(argv, "/", NULL));
    (void)g_rmdir(path);
}

static char *
query(const Private *private, const char *sql)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CliSession) session = cli_session_open(private_conninfo(private), &error);
    g_assert_no_error(error);
    g_autoptr(PGresult) result = cli_session_query(session, sql, NULL, &error);
    g_assert_no_error(error);
    return PQntuples(result) > 0 ? g_strdup(cli_result_text(result, 0, 0)) : NULL;
}

static Private *
start(const char *dir)
{
    g_autoptr(GError) error = NULL;
    Private *private = private_start(dir, &error);

    g_assert_no_error(error);
    return private;
}

static void
assert_refused(const char *dir, const char *reason)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Private) private = private_start(dir, &error);

    g_assert_null(private);
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, reason));
}

static bool
server_runs(const char *dir)
{
    g_autofree char *path = g_build_filename(dir, "data", "postmaster.pid", NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void
test_keeps_its_data(void)
{
    g_autofree char *parent = make_parent();
    g_autofree char *dir = g_build_filename(parent, "almanac", NULL);
    struct stat state;

    for (int round = 1; round <= 2; round++) {
        g_autoptr(Private) private = start(dir);
        g_autofree char *done =
            query(private, round == 1 ? "CREATE TABLE public.kept AS SELECT 17 AS a; "
                                      : "SELECT a FROM public.kept");
        g_autofree char *tables = query(private, "SELECT setvalue FROM pgagent.pga_setting "
                                                 "WHERE setname = 'schema_version'");

        g_assert_cmpstr(done, ==, round == 1 ? NULL : "17");
        g_assert_nonnull(tables);
        assert_refused(dir, "in use by another agent");
    }
    g_assert_false(server_runs(dir));
    g_assert_cmpint(g_stat(dir, &state), ==, 0);
    g_assert_cmpint(state.st_mode & 0777, ==, 0700);
    remove_tree(parent);
}

/* The agent is killed, its server goes on: the next agent takes it over and stops it at the end. */
static void
test_takes_over_from_a_killed_agent(void)
{
    g_autofree char *parent = make_parent();
    g_autofree char *dir = g_build_filename(parent, "almanac", NULL);
    pid_t pid = fork();

    if (pid == 0)
        _exit(private_start(dir, NULL) != NULL ? 0 : 1);
    int status = 0;
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
    g_assert_true(server_runs(dir));

    Private *private = start(dir);
    g_autofree char *one = query(private, "SELECT 1");
    g_assert_cmpstr(one, ==, "1");
    private_stop(private);
    g_assert_false(server_runs(dir));
    remove_tree(parent);
}

/* The name of a socket has room for 107 bytes, and postgresql.conf takes no comma in it. */
static void
test_any_path_will_do(void)
{
    g_autofree char *parent = make_parent();
    g_autofree char *dir = g_build_filename(
        parent,
        "a folder, 'quoted', with a name that is much too long for the name of a socket in it",
        NULL);

    for (int round = 1; round <= 2; round++) {
        g_autoptr(Private) private = start(dir);
        g_autofree char *one = query(private, "SELECT 1");

        g_assert_cmpstr(one, ==, "1");
    }
    g_assert_false(server_runs(dir));
    remove_tree(parent);
}

static void
test_folders_that_are_not_ours(void)
{
    g_autofree char *parent = make_parent();
    g_autofree char *file = g_build_filename(parent, "letter.txt", NULL);
    g_autofree char *deep = g_build_filename(parent, "no", "such", NULL);

    g_assert_true(g_file_set_contents(file, "dear", -1, NULL));
    assert_refused(parent, "neither empty nor that of a private server");
    assert_refused(file, "folder");
    assert_refused(deep, "could not make folder");
    remove_tree(parent);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *programs = server_programs_find(NULL, &error);

    g_test_init(&argc, &argv, NULL);
    if (programs == NULL) {
        printf("1..0 # SKIP %s\n", error->message);
        return 0;
    }
    g_test_add_func("/private/keeps-its-data", test_keeps_its_data);
    g_test_add_func("/private/killed-agent", test_takes_over_from_a_killed_agent);
    g_test_add_func("/private/any-path", test_any_path_will_do);
    g_test_add_func("/private/not-ours", test_folders_that_are_not_ours);
    return g_test_run();
}

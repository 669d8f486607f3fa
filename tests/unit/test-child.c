/* SPDX-License-Identifier: PostgreSQL */
/* With real programs. Every test runs twice: with pidfds and without. */
#include "config.h"

#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

typedef struct {
    Child *child;
    GMainLoop *loop;
    int *running; /* several share one loop */
    int exit_code;
    int signal;
    char *out, *err;
    bool frees;
} Program;

static const char *const environment[] = {"PATH=/usr/bin:/bin", "COLOUR=blue", NULL};

static void
program_clear(Program *self)
{
    child_free(self->child);
    g_free(self->out);
    g_free(self->err);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Program, program_clear)

static void
on_done(const ChildResult *result, gpointer user_data)
{
    Program *self = user_data;
    self->exit_code = result->exit_code;
    self->signal = result->signal;
    self->out = g_strdup(result->out);
    self->err = g_strdup(result->err);
    if (self->frees)
        g_clear_pointer(&self->child, child_free);
    if (--*self->running == 0)
        g_main_loop_quit(self->loop);
}

static ChildSpec
shell(const char **argv, const char *script)
{
    argv[0] = "/bin/sh";
    argv[1] = "-c";
    argv[2] = script;
    argv[3] = NULL;
    return (ChildSpec){
        .argv = argv, .environment = environment, .directory = "/", .output_limit = 1024};
}

static void
start(Program *self, GMainLoop *loop, int *running, const ChildSpec *spec)
{
    g_autoptr(GError) error = NULL;
    self->loop = loop;
    self->running = running;
    ++*running;
    self->child = child_start(spec, on_done, self, &error);
    g_assert_no_error(error);
    g_assert_nonnull(self->child);
}

static void
run_spec(Program *self, const ChildSpec *spec)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    int running = 0;
    start(self, loop, &running, spec);
    g_main_loop_run(loop);
}

static void
run_script(Program *self, const char *script)
{
    const char *argv[4];
    ChildSpec spec = shell(argv, script);
    run_spec(self, &spec);
}

static void
test_results(void)
{
    static const struct {
        const char *script;
        int exit_code;
        int signal;
        const char *out, *err;
    } cases[] = {
        {"true", 0, 0, "", ""},
        {"echo hello; echo oops >&2; exit 3", 3, 0, "hello\n", "oops\n"},
        {"exit 255", 255, 0, "", ""},
        {"echo last words; kill -TERM $$", -1, SIGTERM, "last words\n", ""},
        {"kill -KILL $$", -1, SIGKILL, "", ""},
        {"cat; pwd; echo $COLOUR$HOME", 0, 0, "/\nblue\n", ""},
        {"printf 'a\\377b\\000c\\303\\244'", 0, 0,
         "a\xef\xbf\xbd"
         "b\xef\xbf\xbd"
         "cä",
         ""},
        {"exec >&- 2>&-; exit 7", 7, 0, "", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Program) program = {.frees = i % 2 == 0};
        run_script(&program, cases[i].script);
        g_assert_cmpint(program.exit_code, ==, cases[i].exit_code);
        g_assert_cmpint(program.signal, ==, cases[i].signal);
        g_assert_cmpstr(program.out, ==, cases[i].out);
        g_assert_cmpstr(program.err, ==, cases[i].err);
    }
}

/* 10 MB on each stream at once; only head and tail are kept. */
static void
test_large_output(void)
{
    g_auto(Program) program = {0};
    run_script(&program, "echo start; head -c 10000000 /dev/zero | tr '\\0' x; echo; echo end; "
                         "(echo first; head -c 10000000 /dev/zero | tr '\\0' y; echo last) >&2");
    g_assert_cmpint(program.exit_code, ==, 0);
    g_assert_true(g_str_has_prefix(program.out, "start\nxxx"));
    g_assert_true(g_str_has_suffix(program.out, "xxx\nend\n"));
    g_assert_nonnull(strstr(program.out, "\n[… 9998987 bytes left out …]\n"));
    g_assert_cmpuint(strlen(program.out), <, 1100);
    g_assert_true(g_str_has_suffix(program.err, "yyy"
                                                "last\n"));
}

/* The background process holds both pipes open, and even writes without end: we do not wait for it. */
static void
test_background(void)
{
    g_auto(Program) program = {0};
    run_script(&program, "yes & echo $!; echo started >&2; exit 4");
    g_assert_cmpint(program.exit_code, ==, 4);
    g_assert_cmpstr(program.err, ==, "started\n");

    int in_background = 0;
    g_assert_cmpint(sscanf(strpbrk(program.out, "0123456789"), "%d", &in_background), ==, 1);
    kill(in_background, SIGKILL);
}

/* What ends by itself leaves its background processes alone, also when it is freed. */
static void
test_background_survives(void)
{
    g_auto(Program) program = {.frees = true};
    run_script(&program, "sleep 1000 >/dev/null 2>&1 & echo $!");
    int in_background = atoi(program.out);
    g_assert_cmpint(in_background, >, 1);
    g_assert_cmpint(kill(in_background, 0), ==, 0);
    kill(in_background, SIGKILL);
}

/* The test reads from a pipe that every process of the group holds: its end says that all are gone. */
static int
open_witness(int *ours)
{
    int ends[2];
    g_autofree char *directory = g_dir_make_tmp("almanac-child-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "fifo", NULL);
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    ends[0] = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ends[1] = open(path, O_WRONLY | O_CLOEXEC);
    g_setenv("WITNESS", path, TRUE);
    *ours = ends[0];
    return ends[1];
}

static void
close_witness(void)
{
    g_autofree char *path = g_strdup(g_getenv("WITNESS"));
    g_autofree char *directory = g_path_get_dirname(path);
    g_unlink(path);
    g_rmdir(directory);
}

static gboolean
on_witness(gint fd, GIOCondition condition, gpointer user_data)
{
    char buffer[64];
    if (read(fd, buffer, sizeof buffer) > 0)
        return G_SOURCE_CONTINUE;
    g_main_loop_quit(user_data);
    return G_SOURCE_REMOVE;
}

/* Starts a shell with a child and a grandchild that all hold the witness and ignore SIGTERM. */
static void
start_group(Program *self, GMainLoop *loop, int *running, int *witness)
{
    int writing_end = open_witness(witness);
    g_autofree char *script = g_strdup_printf(
        "exec 9>%s; trap '' TERM; (sleep 1000 & wait) & echo up >&9; wait", g_getenv("WITNESS"));
    const char *argv[4];
    ChildSpec spec = shell(argv, script);
    start(self, loop, running, &spec);

    char buffer[8];
    g_assert_cmpint(fcntl(*witness, F_SETFL, 0), ==, 0);
    g_assert_cmpint(read(*witness, buffer, sizeof buffer), ==, 3);
    close(writing_end);
    close_witness();
}

static void
test_kill_group(void)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_auto(Program) program = {0};
    int running = 1; /* the loop ends with the witness */
    int witness;
    start_group(&program, loop, &running, &witness);
    child_signal(program.child, SIGTERM);
    child_signal(program.child, SIGKILL);
    g_unix_fd_add(witness, G_IO_IN | G_IO_HUP, on_witness, loop);
    g_main_loop_run(loop);
    while (running > 1)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpint(program.signal, ==, SIGKILL);
    close(witness);
}

static void
test_free_kills(void)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_auto(Program) program = {0};
    int running = 0, witness;
    start_group(&program, loop, &running, &witness);
    pid_t pid = child_pid(program.child);
    g_clear_pointer(&program.child, child_free);
    g_unix_fd_add(witness, G_IO_IN | G_IO_HUP, on_witness, loop);
    g_main_loop_run(loop);
    close(witness);

    /* Nor does it stay a zombie. */
    while (kill(pid, 0) == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpint(errno, ==, ESRCH);
    g_assert_cmpint(running, ==, 1);
}

/* The shell is gone, its background process is not: the group can still be ended. */
static void
test_signal_after_end(void)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_auto(Program) program = {0};
    if (g_getenv("PGALMANAC_NO_PIDFD")) {
        run_script(&program, "exit 1");
        child_signal(program.child, SIGKILL);
        return;
    }
    int witness, writing_end = open_witness(&witness);
    g_autofree char *script =
        g_strdup_printf("exec 9>%s; sleep 1000 & exit 5", g_getenv("WITNESS"));
    run_script(&program, script);
    close(writing_end);
    close_witness();
    g_assert_cmpint(program.exit_code, ==, 5);
    child_signal(program.child, SIGKILL);
    g_unix_fd_add(witness, G_IO_IN | G_IO_HUP, on_witness, loop);
    g_main_loop_run(loop);
    close(witness);
}

/* A session and group of its own, default signals, no mask: whatever ours are. */
static void
test_clean_start(void)
{
    g_auto(Program) program = {0};
    sigset_t mask, before;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    sigprocmask(SIG_BLOCK, &mask, &before);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    run_script(&program,
               "grep -E 'Sig(Blk|Ign)' /proc/self/status; cut -d' ' -f1,5,6 /proc/$$/stat; exit 2");
    sigprocmask(SIG_SETMASK, &before, NULL);
    g_assert_cmpint(program.exit_code, ==, 2);

    int pid, group, session;
    guint64 blocked = 1, ignored = 1;
    g_assert_cmpint(sscanf(program.out,
                           "SigBlk: %" G_GINT64_MODIFIER "x SigIgn: %" G_GINT64_MODIFIER
                           "x %d %d %d",
                           &blocked, &ignored, &pid, &group, &session),
                    ==, 5);
    g_assert_cmpuint(blocked, ==, 0);
    /* Signals 32 and 33 are the C library's own; it lets nobody touch them. */
    g_assert_cmpuint(ignored & ~(G_GUINT64_CONSTANT(3) << 31), ==, 0);
    g_assert_cmpint(pid, ==, child_pid(program.child));
    g_assert_cmpint(group, ==, pid);
    g_assert_cmpint(session, ==, pid);
}

static int
count_fds(void)
{
    int count = 0;
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    while (g_dir_read_name(dir))
        count++;
    return count;
}

static void
test_no_leaks(void)
{
    g_auto(Program) first = {.frees = true};
    g_auto(Program) program = {.frees = true};
    /* GLib's worker opens what it needs the first time. */
    run_script(&first, "true");
    int before = count_fds();
    /* Not closed on exec: the child must close it itself. */
    int ours = fcntl(STDERR_FILENO, F_DUPFD, 50);
    run_script(&program, "ls /proc/self/fd | wc -l");
    close(ours);
    g_assert_cmpint(atoi(program.out), ==, 4); /* 0, 1, 2 and the directory that ls reads */
    g_assert_cmpint(count_fds(), ==, before);
}

static void
assert_refused(const ChildSpec *spec, const char *message)
{
    g_autoptr(GError) error = NULL;
    int before = count_fds();
    g_assert_null(child_start(spec, on_done, NULL, &error));
    g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM);
    g_assert_cmpstr(error->message, ==, message);
    g_assert_cmpint(count_fds(), ==, before);
    g_assert_cmpint(waitpid(-1, NULL, WNOHANG), ==, -1);
}

static void
test_cannot_run(void)
{
    const char *argv[] = {"/nonexistent/program", NULL};
    ChildSpec spec = {
        .argv = argv, .environment = environment, .directory = "/", .output_limit = 1024};
    assert_refused(&spec, "could not run \"/nonexistent/program\": No such file or directory");
    argv[0] = "/etc/passwd";
    assert_refused(&spec, "could not run \"/etc/passwd\": Permission denied");
    argv[0] = "/bin/true";
    spec.directory = "/nonexistent";
    assert_refused(&spec,
                   "could not change to directory \"/nonexistent\": No such file or directory");
    spec.user = "no-such-user-here";
    assert_refused(&spec, "could not become user \"no-such-user-here\": there is no such user");
}

static void
test_bad_interpreter(void)
{
    g_autofree char *directory = g_dir_make_tmp("almanac-child-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "script", NULL);
    g_autofree char *message = g_strdup_printf(
        "could not run \"%s\": the interpreter that its first line names does not exist", path);
    g_assert_true(g_file_set_contents(path, "#!/nonexistent/perl\n", -1, NULL));
    g_chmod(path, 0700);
    const char *argv[] = {path, NULL};
    ChildSpec spec = {
        .argv = argv, .environment = environment, .directory = "/", .output_limit = 1024};
    assert_refused(&spec, message);
    g_unlink(path);
    g_rmdir(directory);
}

static void
test_user(void)
{
    g_auto(Program) program = {0};
    const char *argv[4];
    ChildSpec spec = shell(argv, "id -un; id -Gn; grep -E '^(Uid|Gid)' /proc/self/status | "
                                 "tr '\\t' '\\n' | sort -u | wc -l");
    spec.user = "nobody";
    if (geteuid() != 0) {
        assert_refused(&spec, "could not become user \"nobody\": Operation not permitted");
        return;
    }
    run_spec(&program, &spec);
    g_assert_cmpstr(program.out, ==, "nobody\nnogroup\n3\n");
}

static void
test_many(void)
{
    enum {
        N = 100
    };
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autofree Program *programs = g_new0(Program, N);
    int running = 0;
    for (int i = 0; i < N; i++) {
        g_autofree char *script = g_strdup_printf("echo %d; exit %d", i, i);
        const char *argv[4];
        ChildSpec spec = shell(argv, script);
        start(&programs[i], loop, &running, &spec);
    }
    g_main_loop_run(loop);
    for (int i = 0; i < N; i++) {
        g_assert_cmpint(programs[i].exit_code, ==, i);
        g_assert_cmpint(atoi(programs[i].out), ==, i);
        program_clear(&programs[i]);
    }
}

static void
run_without_pidfd(gconstpointer test)
{
    g_setenv("PGALMANAC_NO_PIDFD", "1", TRUE);
    ((void (*)(void))test)();
    g_unsetenv("PGALMANAC_NO_PIDFD");
}

static void
add(const char *name, void (*test)(void))
{
    g_autofree char *path = g_strconcat("/child/pidfd/", name, NULL);
    g_autofree char *other = g_strconcat("/child/child-watch/", name, NULL);
    g_test_add_func(path, test);
    g_test_add_data_func(other, (gconstpointer)test, run_without_pidfd);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("results", test_results);
    add("large-output", test_large_output);
    add("background", test_background);
    add("background-survives", test_background_survives);
    add("kill-group", test_kill_group);
    add("free-kills", test_free_kills);
    add("signal-after-end", test_signal_after_end);
    add("clean-start", test_clean_start);
    add("no-leaks", test_no_leaks);
    add("cannot-run", test_cannot_run);
    add("bad-interpreter", test_bad_interpreter);
    add("user", test_user);
    add("many", test_many);
    return g_test_run();
}

/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "service/unix.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "service/pid-file.h"

typedef struct {
    char *directory;
    char *path;
} Fixture;

/* A subprocess, which ends without tear_down, makes no folder of its own. */
static void
set_up(Fixture *self, gconstpointer data)
{
    if (g_test_subprocess())
        return;
    self->directory = g_dir_make_tmp("almanac-unix-XXXXXX", NULL);
    self->path = g_build_filename(self->directory, "file", NULL);
}

static void
tear_down(Fixture *self, gconstpointer data)
{
    g_unlink(self->path);
    g_rmdir(self->directory);
    g_free(self->directory);
    g_free(self->path);
}

static void
assert_content(const char *path, const char *expected)
{
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, expected);
}

static void
test_pid_file(Fixture *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *own = g_strdup_printf("%d\n", (int)getpid());
    PidFile *file = pid_file_new(self->path, &error);
    g_assert_no_error(error);
    assert_content(self->path, own);

    g_autofree char *message = g_strdup_printf(
        "another agent is running (process %d): it holds the lock on pid file \"%s\"",
        (int)getpid(), self->path);
    g_assert_null(pid_file_new(self->path, &error));
    g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM);
    g_assert_cmpstr(error->message, ==, message);
    assert_content(self->path, own);

    pid_file_free(file);
    g_assert_false(g_file_test(self->path, G_FILE_TEST_EXISTS));
}

/* What kill -9 leaves behind is no hindrance, even if its number is somebody else's now. */
static void
test_stale_pid_file(Fixture *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *own = g_strdup_printf("%d\n", (int)getpid());
    g_assert_true(g_file_set_contents(self->path, "1 and much more text\n", -1, NULL));
    g_autoptr(PidFile) file = pid_file_new(self->path, &error);
    g_assert_no_error(error);
    g_assert_nonnull(file);
    assert_content(self->path, own);
}

static void
test_pid_file_errors(Fixture *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(pid_file_new("/nonexistent/x.pid", &error));
    g_assert_cmpstr(error->message, ==,
                    "could not write pid file \"/nonexistent/x.pid\": No such file or directory");
    g_clear_error(&error);
    g_assert_cmpint(symlink("/tmp/elsewhere", self->path), ==, 0);
    g_assert_null(pid_file_new(self->path, &error));
    g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM);
}

static void
on_request(UnixRequest request, gpointer user_data)
{
    static const char *const names[] = {
        [UNIX_STOP] = "stop ", [UNIX_STOP_NOW] = "now ", [UNIX_RELOAD] = "reload "};
    g_string_append(user_data, names[request]);
}

static void
send_and_wait(int number, GString *seen)
{
    gsize before = seen->len;
    raise(number);
    while (seen->len == before)
        g_main_context_iteration(NULL, TRUE);
}

static void
test_requests(void)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autoptr(Unix) shell = unix_new();
    raise(SIGHUP); /* too early to mean anything, and harmless */
    unix_watch_requests(shell, on_request, seen);
    send_and_wait(SIGHUP, seen);
    send_and_wait(SIGTERM, seen);
    send_and_wait(SIGHUP, seen);
    send_and_wait(SIGINT, seen);
    raise(SIGTERM);
    send_and_wait(SIGHUP, seen);
    g_assert_cmpstr(seen->str, ==, "reload stop reload now reload ");
    raise(SIGPIPE);
    g_clear_pointer(&shell, unix_free);
    raise(SIGTERM); /* again, when we are as good as gone */
}

/* In the daemon: writes what it is into the file that the test reads. */
static void
write_state(const char *path)
{
    struct stat status;
    g_autofree char *directory = g_get_current_dir();
    g_assert_cmpint(fstat(STDERR_FILENO, &status), ==, 0);
    g_autofree char *text = g_strdup_printf("%s %s %s", getsid(0) == getpid() ? "leader" : "member",
                                            directory, S_ISCHR(status.st_mode) ? "null" : "open");
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
test_daemon(Fixture *self, gconstpointer data)
{
    if (g_test_subprocess()) {
        g_autoptr(Unix) shell = unix_new();
        g_assert_true(unix_daemonize(shell, NULL));
        write_state(g_getenv("ALMANAC_TEST_PATH"));
        unix_ready(shell);
        _exit(9);
    }
    g_setenv("ALMANAC_TEST_PATH", self->path, TRUE);
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    assert_content(self->path, "leader / null");
}

static void
test_daemon_fails(void)
{
    if (g_test_subprocess()) {
        g_autoptr(Unix) shell = unix_new();
        g_assert_true(unix_daemonize(shell, NULL));
        unix_failed(shell, 3, "could not connect to database \"x\"");
        _exit(0);
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("pgalmanac: could not connect to database \"x\"\n");
}

static void
test_daemon_dies(void)
{
    if (g_test_subprocess()) {
        g_autoptr(Unix) shell = unix_new();
        g_assert_true(unix_daemonize(shell, NULL));
        _exit(0);
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("pgalmanac: the service ended before it was ready\n");
}

#ifdef HAVE_SYSTEMD
static int
open_notify_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    g_assert_cmpuint(g_strlcpy(address.sun_path, path, sizeof address.sun_path), <,
                     sizeof address.sun_path);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_setenv("NOTIFY_SOCKET", path, TRUE);
    return fd;
}

static void
assert_notified(int fd, const char *pattern)
{
    char text[256];
    ssize_t length;
    while ((length = recv(fd, text, sizeof text - 1, 0)) < 0)
        g_main_context_iteration(NULL, TRUE);
    text[length] = '\0';
    if (!g_pattern_match_simple(pattern, text))
        g_error("\"%s\" does not match \"%s\"", text, pattern);
}

static void
test_systemd(Fixture *self, gconstpointer data)
{
    int fd = open_notify_socket(self->path);
    g_autofree char *pid = g_strdup_printf("%d", (int)getpid());
    g_setenv("WATCHDOG_USEC", "20000", TRUE);
    g_setenv("WATCHDOG_PID", pid, TRUE);

    Unix *shell = unix_new();
    unix_ready(shell);
    assert_notified(fd, "READY=1");
    unix_status(shell, "%d jobs run\nREADY=0", 3);
    assert_notified(fd, "STATUS=3 jobs run READY=0");
    assert_notified(fd, "WATCHDOG=1");
    assert_notified(fd, "WATCHDOG=1");
    unix_reloading(shell);
    assert_notified(fd, "RELOADING=1\nMONOTONIC_USEC=*");
    unix_ready(shell);
    assert_notified(fd, "READY=1");
    unix_stopping(shell);
    assert_notified(fd, "STOPPING=1");
    unix_free(shell);

    close(fd);
    g_unsetenv("NOTIFY_SOCKET");
    g_unsetenv("WATCHDOG_USEC");
    g_unsetenv("WATCHDOG_PID");
}
#endif

/* Nobody listens: nothing happens. */
static void
test_no_systemd(void)
{
    g_setenv("NOTIFY_SOCKET", "/nonexistent/socket", TRUE);
    g_autoptr(Unix) shell = unix_new();
    unix_ready(shell);
    unix_status(shell, "idle");
    unix_failed(shell, 1, "no one waits");
    unix_stopping(shell);
    g_unsetenv("NOTIFY_SOCKET");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/pid-file/lock", Fixture, NULL, set_up, test_pid_file, tear_down);
    g_test_add("/pid-file/stale", Fixture, NULL, set_up, test_stale_pid_file, tear_down);
    g_test_add("/pid-file/errors", Fixture, NULL, set_up, test_pid_file_errors, tear_down);
    g_test_add_func("/unix/requests", test_requests);
    g_test_add("/unix/daemon", Fixture, NULL, set_up, test_daemon, tear_down);
    g_test_add_func("/unix/daemon-fails", test_daemon_fails);
    g_test_add_func("/unix/daemon-dies", test_daemon_dies);
#ifdef HAVE_SYSTEMD
    g_test_add("/unix/systemd", Fixture, NULL, set_up, test_systemd, tear_down);
#endif
    g_test_add_func("/unix/no-systemd", test_no_systemd);
    return g_test_run();
}

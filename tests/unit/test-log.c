/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/log.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

typedef struct {
    char *directory;
    char *path;
} Fixture;

static void
set_up(Fixture *self, gconstpointer data)
{
    self->directory = g_dir_make_tmp("almanac-log-XXXXXX", NULL);
    self->path = g_build_filename(self->directory, "log", NULL);
    umask(022);
}

static void
tear_down(Fixture *self, gconstpointer data)
{
    log_close();
    g_autoptr(GDir) dir = g_dir_open(self->directory, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(self->directory, name, NULL);
        g_unlink(path);
    }
    g_rmdir(self->directory);
    g_free(self->directory);
    g_free(self->path);
}

static void
open_log(Fixture *self, LogLevel threshold)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(log_open(self->path, threshold, &error));
    g_assert_no_error(error);
}

static char *
read_all(const char *path)
{
    char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static void
assert_matches(const char *text, const char *pattern)
{
    if (!g_regex_match_simple(pattern, text, G_REGEX_DOLLAR_ENDONLY, 0))
        g_error("\"%s\" does not match %s", text, pattern);
}

static void
test_line(Fixture *self, gconstpointer data)
{
    open_log(self, LOG_LEVEL_ERROR);
    log_job_error(17, "could not start step \"%s\"", "lo\nad\033[2J");
    g_autofree char *text = read_all(self->path);
    assert_matches(text,
                   "^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3} \\S+ \\[\\d+\\] ERROR:  "
                   "job 17: could not start step \"lo\n\tad \\[2J\"\n$");

    struct stat status;
    g_assert_cmpint(stat(self->path, &status), ==, 0);
    g_assert_cmpint(status.st_mode & 0777, ==, 0640);
}

static void
test_levels(Fixture *self, gconstpointer data)
{
    static const char *const expected[] = {
        [LOG_LEVEL_ERROR] = "ERROR LOG ",
        [LOG_LEVEL_WARNING] = "ERROR WARNING LOG ",
        [LOG_LEVEL_DEBUG] = "ERROR WARNING LOG DEBUG ",
    };
    for (LogLevel threshold = LOG_LEVEL_ERROR; threshold <= LOG_LEVEL_DEBUG; threshold++) {
        open_log(self, threshold);
        log_error("e");
        log_warning("w");
        log_notice("n");
        log_debug("d");
        g_autofree char *text = read_all(self->path);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        g_autoptr(GString) words = g_string_new(NULL);
        for (char **line = lines; *line && **line; line++) {
            char *word = strchr(*line, ']') + 2;
            *strchr(word, ':') = '\0';
            g_string_append_printf(words, "%s ", word);
        }
        g_assert_cmpstr(words->str, ==, expected[threshold]);
        g_unlink(self->path);
    }
}

static void
test_reopen(Fixture *self, gconstpointer data)
{
    g_autofree char *old = g_strconcat(self->path, ".1", NULL);
    open_log(self, LOG_LEVEL_ERROR);
    log_notice("before");
    g_assert_cmpint(g_rename(self->path, old), ==, 0);
    log_notice("between");
    log_reopen();
    log_notice("after");

    g_autofree char *first = read_all(old);
    g_autofree char *second = read_all(self->path);
    assert_matches(first, "before\n.*between\n$");
    assert_matches(second, "^[^\n]*after\n$");
}

static void
test_cannot_reopen(Fixture *self, gconstpointer data)
{
    g_autofree char *old = g_strconcat(self->path, ".1", NULL);
    open_log(self, LOG_LEVEL_ERROR);
    g_assert_cmpint(g_rename(self->path, old), ==, 0);
    g_assert_cmpint(g_mkdir(self->path, 0700), ==, 0);
    log_reopen();
    log_notice("still here");
    g_autofree char *text = read_all(old);
    assert_matches(text, "ERROR:  could not open log file .*\n.*still here\n$");
    g_rmdir(self->path);
}

static void
test_cannot_open(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(log_open("/nonexistent/log", LOG_LEVEL_ERROR, &error));
    g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM);
    g_assert_cmpstr(error->message, ==,
                    "could not open log file \"/nonexistent/log\": No such file or directory");
}

static void
test_full_disk(void)
{
    if (access("/dev/full", W_OK) != 0) {
        g_test_skip("no /dev/full");
        return;
    }
    g_autoptr(GError) error = NULL;
    g_assert_true(log_open("/dev/full", LOG_LEVEL_ERROR, &error));
    log_error("lost");
    log_error("lost too");
    log_close();
}

/* Standard error is a pipe that nobody reads any more: the program goes on. */
static void
test_broken_pipe(void)
{
    if (g_test_subprocess()) {
        int ends[2];
        signal(SIGPIPE, SIG_IGN);
        g_assert_cmpint(pipe(ends), ==, 0);
        close(ends[0]);
        dup2(ends[1], STDERR_FILENO);
        g_assert_true(log_open(NULL, LOG_LEVEL_ERROR, NULL));
        log_error("nobody hears this");
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
}

static void
test_stderr(void)
{
    if (g_test_subprocess()) {
        g_assert_true(log_open(NULL, LOG_LEVEL_WARNING, NULL));
        log_warning("hello \xff %d", 5);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("*WARNING:  hello \xef\xbf\xbd 5\n");
}

/* JOURNAL_STREAM names our stderr, but no journal answers: the line goes to stderr after all. */
static void
test_journal_gone(void)
{
    if (g_test_subprocess()) {
        struct stat status;
        g_assert_cmpint(fstat(STDERR_FILENO, &status), ==, 0);
        g_autofree char *stream =
            g_strdup_printf("%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
        g_setenv("JOURNAL_STREAM", stream, TRUE);
        g_assert_true(log_open(NULL, LOG_LEVEL_WARNING, NULL));
        log_notice("kept");
        return;
    }
    if (access("/run/systemd/journal/socket", F_OK) == 0) {
        g_test_skip("there is a journal here");
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("*LOG:  kept\n");
}

static void
test_glib(void)
{
    if (g_test_subprocess()) {
        g_log_set_always_fatal(G_LOG_FATAL_MASK);
        g_log_set_default_handler(g_log_default_handler, NULL);
        g_assert_true(log_open(NULL, LOG_LEVEL_WARNING, NULL));
        g_log("Cedar", G_LOG_LEVEL_CRITICAL, "assertion failed");
        g_log("Cedar", G_LOG_LEVEL_DEBUG, "chatter");
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("*ERROR:  Cedar: assertion failed\n");
    g_test_trap_assert_stderr_unmatched("*chatter*");
}

static void
on_message(LogLevel level, int job_id, const char *message, gpointer user_data)
{
    g_string_append_printf(user_data, "%d/%d/%s ", (int)level, job_id, message);
    log_error("from the observer");
}

static gpointer
log_elsewhere(gpointer user_data)
{
    log_warning("thread");
    return NULL;
}

static void
test_observer(Fixture *self, gconstpointer data)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    open_log(self, LOG_LEVEL_ERROR);
    log_observe(on_message, seen);
    log_notice("start");
    log_debug("detail");
    log_job_error(4, "bad");
    log_warning("odd");
    g_assert_cmpstr(seen->str, ==, "0/4/bad 1/0/odd ");

    g_thread_join(g_thread_new("elsewhere", log_elsewhere, NULL));
    g_assert_cmpstr(seen->str, ==, "0/4/bad 1/0/odd ");
    g_main_context_iteration(NULL, FALSE);
    g_assert_cmpstr(seen->str, ==, "0/4/bad 1/0/odd 1/0/thread ");

    log_observe(NULL, NULL);
    log_error("unseen");
    g_assert_cmpstr(seen->str, ==, "0/4/bad 1/0/odd 1/0/thread ");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/log/line", Fixture, NULL, set_up, test_line, tear_down);
    g_test_add("/log/levels", Fixture, NULL, set_up, test_levels, tear_down);
    g_test_add("/log/reopen", Fixture, NULL, set_up, test_reopen, tear_down);
    g_test_add("/log/cannot-reopen", Fixture, NULL, set_up, test_cannot_reopen, tear_down);
    g_test_add_func("/log/cannot-open", test_cannot_open);
    g_test_add_func("/log/full-disk", test_full_disk);
    g_test_add_func("/log/broken-pipe", test_broken_pipe);
    g_test_add_func("/log/stderr", test_stderr);
    g_test_add_func("/log/journal-gone", test_journal_gone);
    g_test_add_func("/log/glib", test_glib);
    g_test_add("/log/observer", Fixture, NULL, set_up, test_observer, tear_down);
    return g_test_run();
}

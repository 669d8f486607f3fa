/* SPDX-License-Identifier: PostgreSQL */
/* The only mutable global state of the program: where its messages go. Any thread may log; the observer
 * is called in the thread that registered it, because it belongs to the main loop.
 *
 * Each message is one write() of one line, so that several processes can append to one file. A message
 * that cannot be written is lost, and counted: the next one that can be written says how many. */
#include "config.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

typedef struct {
    LogLevel level;
    int job_id;
    char *message;
} Observed;

static struct {
    GMutex mutex;
    char *path; /* NULL = stderr or journal */
    int fd;
    bool journal;
    int threshold; /* a LogLevel, atomic */
    unsigned lost;
    GThread *observer_thread;
    LogObserver observer;
    gpointer observer_data;
    bool observing;
} the_log = {.fd = STDERR_FILENO, .threshold = LOG_LEVEL_WARNING};

static const struct {
    const char *word;
    const char *priority; /* syslog's */
    GLogLevelFlags glib;
} levels[] = {
    [LOG_LEVEL_ERROR] = {"ERROR", "3", G_LOG_LEVEL_CRITICAL},
    [LOG_LEVEL_WARNING] = {"WARNING", "4", G_LOG_LEVEL_WARNING},
    [LOG_LEVEL_DEBUG] = {"DEBUG", "7", G_LOG_LEVEL_DEBUG},
    [LOG_LEVEL_NOTICE] = {"LOG", "5", G_LOG_LEVEL_MESSAGE},
};
G_STATIC_ASSERT(G_N_ELEMENTS(levels) == N_LOG_LEVELS);

/* systemd says in JOURNAL_STREAM which device and inode of a unit's stderr is its journal socket. */
static bool
stderr_is_journal(void)
{
    struct stat status;
    const char *stream = g_getenv("JOURNAL_STREAM");
    if (!stream || fstat(STDERR_FILENO, &status) != 0)
        return false;
    g_autofree char *own =
        g_strdup_printf("%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    return g_str_equal(stream, own);
}

static bool
write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, data, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        data += written;
        length -= (size_t)written;
    }
    return true;
}

static void
append_prefix(GString *line, LogLevel level)
{
    int64_t now_at = clock_now_at();
    time_t seconds = (time_t)(now_at / CLOCK_US_PER_SECOND);
    struct tm local;
    char date[32], zone[16];
    localtime_r(&seconds, &local);
    strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &local);
    strftime(zone, sizeof zone, "%Z", &local);
    g_string_append_printf(line, "%s.%03d %s [%d] %s:  ", date,
                           (int)(now_at % CLOCK_US_PER_SECOND / CLOCK_US_PER_MS), zone,
                           (int)getpid(), levels[level].word);
}

/* Lines after the first begin with a tab, as in PostgreSQL's log: nobody can forge an entry by a name or
 * an output that contains a line end. Other control characters would let him play with a terminal. */
static void
append_message(GString *line, const char *message)
{
    for (const char *c = message; *c; c++) {
        if (*c == '\n')
            g_string_append(line, "\n\t");
        else if ((unsigned char)*c < ' ' && *c != '\t')
            g_string_append_c(line, ' ');
        else
            g_string_append_c(line, *c);
    }
    g_string_append_c(line, '\n');
}

static bool
write_line(LogLevel level, const char *message)
{
    g_autoptr(GString) line = g_string_sized_new(128);
    append_prefix(line, level);
    append_message(line, message);
    return write_all(the_log.fd, line->str, line->len);
}

static bool
write_journal(LogLevel level, int job_id, const char *message)
{
    g_autofree char *job = g_strdup_printf("%d", job_id);
    const GLogField fields[] = {
        {"MESSAGE", message, -1},
        {"PRIORITY", levels[level].priority, -1},
        {"SYSLOG_IDENTIFIER", "pgalmanac", -1},
        {"PGALMANAC_JOB", job, -1},
    };
    gsize n_fields = job_id ? G_N_ELEMENTS(fields) : G_N_ELEMENTS(fields) - 1;
    return g_log_writer_journald(levels[level].glib, fields, n_fields, NULL) ==
           G_LOG_WRITER_HANDLED;
}

static void
report_lost(void)
{
    g_autofree char *message =
        g_strdup_printf("%u messages before this one could not be written", the_log.lost);
    if (write_line(LOG_LEVEL_WARNING, message))
        the_log.lost = 0;
}

static void
emit(LogLevel level, int job_id, const char *message)
{
    g_mutex_lock(&the_log.mutex);
    if (the_log.lost > 0)
        report_lost();
    bool written =
        (the_log.journal && write_journal(level, job_id, message)) || write_line(level, message);
    if (!written)
        the_log.lost++;
    g_mutex_unlock(&the_log.mutex);
}

static void
observe(LogLevel level, int job_id, const char *message)
{
    if (!the_log.observer || the_log.observing)
        return;
    the_log.observing = true;
    the_log.observer(level, job_id, message, the_log.observer_data);
    the_log.observing = false;
}

static gboolean
on_observed(gpointer user_data)
{
    const Observed *observed = user_data;
    observe(observed->level, observed->job_id, observed->message);
    return G_SOURCE_REMOVE;
}

static void
observed_free(gpointer data)
{
    Observed *observed = data;
    g_free(observed->message);
    g_free(observed);
}

static void
tell_observer(LogLevel level, int job_id, const char *message)
{
    g_mutex_lock(&the_log.mutex);
    GThread *thread = the_log.observer_thread;
    g_mutex_unlock(&the_log.mutex);
    if (thread == g_thread_self()) {
        observe(level, job_id, message);
        return;
    }
    if (!thread)
        return;
    Observed *observed = g_new0(Observed, 1);
    observed->level = level;
    observed->job_id = job_id;
    observed->message = g_strdup(message);
    /* Not g_main_context_invoke: that would run it here while nobody iterates the loop. */
    g_idle_add_full(G_PRIORITY_DEFAULT, on_observed, observed, observed_free);
}

static bool
is_written(LogLevel level)
{
    return level == LOG_LEVEL_NOTICE || (int)level <= g_atomic_int_get(&the_log.threshold);
}

static void
write_message(LogLevel level, int job_id, const char *message)
{
    g_autofree char *valid = g_utf8_make_valid(message, -1);
    g_autofree char *whole = job_id ? g_strdup_printf("job %d: %s", job_id, valid) : NULL;
    if (is_written(level))
        emit(level, job_id, whole ? whole : valid);
    if (level == LOG_LEVEL_ERROR || level == LOG_LEVEL_WARNING)
        tell_observer(level, job_id, valid);
}

static LogLevel
level_from_glib(GLogLevelFlags flags)
{
    if (flags & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
        return LOG_LEVEL_ERROR;
    return flags & G_LOG_LEVEL_WARNING ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG;
}

/* What GLib and libraries above it have to say. Their debugging is theirs: it is dropped. */
static GLogWriterOutput
on_glib_message(GLogLevelFlags flags, const GLogField *fields, gsize n_fields, gpointer user_data)
{
    if (flags & (G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO))
        return G_LOG_WRITER_HANDLED;

    const char *domain = NULL, *message = NULL;
    for (gsize i = 0; i < n_fields; i++) {
        if (g_str_equal(fields[i].key, "MESSAGE"))
            message = fields[i].value;
        else if (g_str_equal(fields[i].key, "GLIB_DOMAIN"))
            domain = fields[i].value;
    }
    log_write(level_from_glib(flags), 0, "%s: %s", domain ? domain : "library",
              message ? message : "(no message)");
    return G_LOG_WRITER_HANDLED;
}

static int
open_file(const char *path, GError **error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
    if (fd < 0)
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM,
                    "could not open log file \"%s\": %s", path, g_strerror(errno));
    return fd;
}

static void
set_destination(char *path, int fd)
{
    g_mutex_lock(&the_log.mutex);
    if (the_log.fd != STDERR_FILENO)
        close(the_log.fd);
    g_free(the_log.path);
    the_log.path = path;
    the_log.fd = fd;
    the_log.journal = !path && stderr_is_journal();
    g_mutex_unlock(&the_log.mutex);
}

bool
log_open(const char *path, LogLevel threshold, GError **error)
{
    static gsize glib_taken;
    /* A daemon changes its directory; the file must be found again by log_reopen. */
    g_autofree char *absolute = path ? g_canonicalize_filename(path, NULL) : NULL;
    int fd = absolute ? open_file(absolute, error) : STDERR_FILENO;
    if (fd < 0)
        return false;

    set_destination(g_steal_pointer(&absolute), fd);
    log_set_threshold(threshold);
    if (g_once_init_enter(&glib_taken)) {
        g_log_set_writer_func(on_glib_message, NULL, NULL);
        g_once_init_leave(&glib_taken, 1);
    }
    return true;
}

void
log_reopen(void)
{
    if (!the_log.path)
        return;
    g_autoptr(GError) error = NULL;
    int fd = open_file(the_log.path, &error);
    if (fd < 0)
        log_error("%s; the old one is still written", error->message);
    else
        set_destination(g_strdup(the_log.path), fd);
}

void
log_set_threshold(LogLevel threshold)
{
    g_atomic_int_set(&the_log.threshold, (int)threshold);
}

void
log_close(void)
{
    log_observe(NULL, NULL);
    set_destination(NULL, STDERR_FILENO);
}

void
log_observe(LogObserver observer, gpointer user_data)
{
    g_mutex_lock(&the_log.mutex);
    the_log.observer = observer;
    the_log.observer_data = user_data;
    the_log.observer_thread = observer ? g_thread_self() : NULL;
    g_mutex_unlock(&the_log.mutex);
}

void
log_write(LogLevel level, int job_id, const char *format, ...)
{
    /* Cheap where nobody reads it: debugging is off in most agents. */
    if (level == LOG_LEVEL_DEBUG && !is_written(level))
        return;
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    write_message(level, job_id, message);
}

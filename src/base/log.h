/* SPDX-License-Identifier: PostgreSQL */
/* The agent's log: to stderr, a file (mode 0640) or the journal. Messages are in PostgreSQL's voice:
 * lower case, no full stop. Levels are pgAgent's numbers: 0 errors, 1 warnings, 2 debug; LOG_NOTICE
 * (start-up, changes of state) is written at every level. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum {
    LOG_LEVEL_ERROR = 0,
    LOG_LEVEL_WARNING = 1,
    LOG_LEVEL_DEBUG = 2,
    LOG_LEVEL_NOTICE = 3, /* always written */
    N_LOG_LEVELS
} LogLevel;

/* Opens the log. path NULL = stderr, or the journal when stderr is connected to it. */
bool log_open(const char *path, LogLevel threshold, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Opens the same file again (after rotation); on failure goes on with the old one and says so. */
void log_reopen(void);
void log_set_threshold(LogLevel threshold);
void log_close(void);

/* Called for each ERROR and WARNING, also those below the threshold (the store keeps them in pga_agentlog), in
 * the thread that registered it; other threads' messages come by the default GMainContext.
 * A message that is written while the observer runs is not passed to it again. */
typedef void (*LogObserver)(LogLevel level, int job_id, const char *message, gpointer user_data);
void log_observe(LogObserver observer, gpointer user_data);

/* job_id 0 = not about a job. */
void log_write(LogLevel level, int job_id, const char *format, ...) G_GNUC_PRINTF(3, 4);

#define log_error(...)            log_write(LOG_LEVEL_ERROR, 0, __VA_ARGS__)
#define log_warning(...)          log_write(LOG_LEVEL_WARNING, 0, __VA_ARGS__)
#define log_notice(...)           log_write(LOG_LEVEL_NOTICE, 0, __VA_ARGS__)
#define log_debug(...)            log_write(LOG_LEVEL_DEBUG, 0, __VA_ARGS__)
#define log_job_error(job, ...)   log_write(LOG_LEVEL_ERROR, job, __VA_ARGS__)
#define log_job_warning(job, ...) log_write(LOG_LEVEL_WARNING, job, __VA_ARGS__)
#define log_job_notice(job, ...)  log_write(LOG_LEVEL_NOTICE, job, __VA_ARGS__)
#define log_job_debug(job, ...)   log_write(LOG_LEVEL_DEBUG, job, __VA_ARGS__)

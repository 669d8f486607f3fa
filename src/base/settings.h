/* SPDX-License-Identifier: PostgreSQL */
/* What an agent is told: one table of settings feeds the command line, the configuration file, --help
 * and the man page. The command line wins over the file. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct {
    char *conninfo;             /* words of the command line joined by spaces, or a URI, or -d
                                 * (there also a bare database name: it becomes dbname='…');
                                 * "" = libpq's own defaults */
    char *config_file;          /* --config */
    char *name;                 /* --name; the host name by default */
    bool foreground;            /* -f */
    int64_t poll_us;            /* -t SECONDS: the longest time between two looks */
    int64_t retry_us;           /* -r SECONDS: the longest time between two attempts to connect */
    int64_t lease_us;           /* --lease SECONDS: how long others take this agent for alive */
    char *log_file;             /* -s FILE; NULL = stderr or journal */
    int log_level;              /* -l 0|1|2 */
    int64_t grace_us;           /* --grace: how long running steps may go on after SIGTERM */
    char *pid_file;             /* --pid-file; NULL = none */
    char *private_dir;          /* --private DIR; NULL = none */
    bool batch;                 /* --batch on|off: whether this agent runs batch steps */
    char *batch_user;           /* --batch-user NAME: as whom; NULL = as the agent's own user */
    int max_runs;               /* --max-runs: jobs that run here at once */
    int max_connections;        /* --max-connections: to one server */
    int64_t connect_timeout_us; /* --connect-timeout: for one attempt at one address */
    int64_t output_limit;       /* --output-limit BYTES: of a step's output kept in its log row */

    /* For settings_reload. */
    char **arguments; /* the command line */
    char *directory;  /* where it was given: relative paths begin here */
    char **
        needs_restart; /* long names that settings_reload found changed but left as they were; not NULL */
} Settings;

typedef enum {
    SETTINGS_RUN,     /* go on */
    SETTINGS_HELP,    /* print settings_print_help and exit 0 */
    SETTINGS_VERSION, /* print the version and exit 0 */
} SettingsRequest;

/* Reads the command line, then the configuration file for what it did not say. A missing file is an
 * error only if it was named. Errors (ALMANAC_ERROR_USAGE) name the option or file, line and what is allowed.
 * All paths in the result are absolute. argv is copied, so its passwords can be masked afterwards. */
Settings *settings_load(int argc, char **argv, SettingsRequest *request,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Reads the file again. What may change while the agent runs has its new value in the result; the rest keeps the
 * running one and is listed in needs_restart. On an error the running settings stay good. */
Settings *settings_reload(const Settings *running, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void settings_free(Settings *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Settings, settings_free)

void settings_print_help(FILE *out);
/* One line per setting, which the tests compare with the man page: "long\tshort\targument\tdefault\thelp". */
void settings_print_table(FILE *out);

/* SPDX-License-Identifier: PostgreSQL */
/* The commands: `pgalmanac WORD …`. One file each; they talk to the database and never to the engine, and
 * they may wait, for they have no loop. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

typedef enum {
    CLI_OK = 0,
    CLI_USAGE = 1,       /* the command line is wrong */
    CLI_INPUT = 2,       /* wrong input, or no such thing */
    CLI_FINDINGS = 2,    /* doctor: it found an error or a warning */
    CLI_NO_DATABASE = 3, /* no database, or wrong tables in it */
    CLI_JOB_FAILED = 4,  /* run --wait: the job failed */
} CliExit;

typedef struct {
    const char *word;
    int (*run)(int argc, char **argv); /* argv[0] is the word; returns a CliExit */
    const char *help;                  /* one line */
} CliCommand;

/* NULL if there is no such command. */
const CliCommand *cli_find(const char *word);

/* Runs the command that argv[1] names; returns the exit code of the program. */
int cli_main(int argc, char **argv);

/* "  word   help", a line each. */
void cli_print_commands(FILE *out);

/* Writes "pgalmanac WORD: reason" to stderr and returns the exit code that the error stands for. */
int cli_fail(const char *word, const GError *error);

/* A full disk or a closed output must not look like an answer: the last thing that a command does. Errors: SYSTEM. */
bool cli_flush(GError **error) G_GNUC_WARN_UNUSED_RESULT;

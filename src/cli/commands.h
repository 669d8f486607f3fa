/* SPDX-License-Identifier: PostgreSQL */
/* The commands that look at jobs and steer them; each is described where it is written. They return a CliExit. */
#pragma once

int cli_jobs(int argc, char **argv);
int cli_show(int argc, char **argv);
int cli_run(int argc, char **argv);
int cli_cancel(int argc, char **argv);
int cli_skip(int argc, char **argv);
int cli_pause(int argc, char **argv);
int cli_resume(int argc, char **argv);
int cli_log(int argc, char **argv);
int cli_status(int argc, char **argv);
int cli_why(int argc, char **argv);

/* SPDX-License-Identifier: PostgreSQL */
/* The statements of sql/query, built into the program: one file each, named like the function that runs it; and
 * scripts of several statements, sent as one. */
#pragma once

/* The text of sql/query/NAME.sql; a name that does not exist is a programming error. Lives for ever. */
const char *sql_query(const char *name);

/* The text of sql/NAME.sql (a folder and a file), a script without parameters. As above. */
const char *sql_script(const char *name);

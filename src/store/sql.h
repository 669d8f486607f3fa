/* SPDX-License-Identifier: PostgreSQL */
/* The statements of sql/query, built into the program: one file each, named like the function that runs it. */
#pragma once

/* The text of sql/query/NAME.sql; a name that does not exist is a programming error. Lives for ever. */
const char *sql_query(const char *name);

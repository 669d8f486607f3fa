/* SPDX-License-Identifier: PostgreSQL */
/* Tables of cases: a text file with a case on each line, columns separated by one or more tabs. The first line
 * names the columns; empty lines and lines that begin with # are comments. Each line becomes a test of its own. */
#pragma once

#include <glib.h>

/* file: below tests/, the columns are as many as the first line has. */
void case_table_add(const char *file, void (*check)(char *const *columns));

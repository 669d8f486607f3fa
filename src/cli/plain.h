/* SPDX-License-Identifier: PostgreSQL */
/* Text of any origin made fit to stand in one line of a terminal. */
#pragma once

#include <glib.h>

/* One line that shows all that is there and does nothing to a terminal: line feeds as \n, tabs as \t, other control and
 * formatting characters as \u{202e}, bytes that are not UTF-8 as \xff. Free with g_free. */
char *plain_text(const char *text);
/* How many columns of a terminal plain text takes: wide characters take two, combining ones none. */
int plain_width(const char *text);
/* At most so many columns (1 or more) of plain text; what had to be cut ends with an ellipsis. Free with g_free. */
char *plain_cut(const char *text, int width);

/* "3 min 20 s": the two largest units of a length in seconds; coarse: the second one only where it matters. */
char *plain_length(double seconds, gboolean coarse);
/* "2026-01-31 09:00+01:00" of the ISO text of an instant: seconds only where there are any. */
char *plain_instant(const char *iso);

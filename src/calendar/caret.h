/* SPDX-License-Identifier: PostgreSQL */
/* Shows where in a text something is. */
#pragma once

#include "calendar/place.h"

/* The line of the text (UTF-8) that the place begins in, indented, and below it a caret under each of its columns; both end
 * with a line feed. Of a long line only what is near is shown. Free with g_free. */
char *caret_show(const char *text, const Place *place);

/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/json.h"

#include <glib.h>

char *
json_quote(const char *text)
{
    if (text == NULL)
        return g_strdup("null");

    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *quoted = g_string_new("\"");
    for (const char *p = valid; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            g_string_append_printf(quoted, "\\%c", *p);
        else if (g_ascii_iscntrl(*p))
            g_string_append_printf(quoted, "\\u%04x", (unsigned)*p);
        else
            g_string_append_c(quoted, *p);
    }
    g_string_append_c(quoted, '"');
    return g_string_free(quoted, FALSE);
}

/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/plain.h"

#include <string.h>

/* Joiners are parts of words and emoji; other formatting characters can make a line show something else. */
static gboolean
is_harmless(gunichar c)
{
    if (c == 0x200c || c == 0x200d)
        return TRUE;
    GUnicodeType type = g_unichar_type(c);
    return g_unichar_isprint(c) && type != G_UNICODE_FORMAT && type != G_UNICODE_LINE_SEPARATOR &&
           type != G_UNICODE_PARAGRAPH_SEPARATOR;
}

static void
append_character(GString *out, gunichar c)
{
    if (c == '\n')
        g_string_append(out, "\\n");
    else if (c == '\t')
        g_string_append(out, "\\t");
    else if (c == '\r')
        g_string_append(out, "\\r");
    else if (is_harmless(c))
        g_string_append_unichar(out, c);
    else
        g_string_append_printf(out, "\\u{%x}", c);
}

char *
plain_text(const char *text)
{
    GString *out = g_string_new(NULL);

    while (*text != '\0') {
        gunichar c = g_utf8_get_char_validated(text, -1);
        if (c == (gunichar)-1 || c == (gunichar)-2) {
            g_string_append_printf(out, "\\x%02x", (guchar)*text++);
            continue;
        }
        append_character(out, c);
        text = g_utf8_next_char(text);
    }
    return g_string_free(out, FALSE);
}

static int
character_width(gunichar c)
{
    if (g_unichar_iszerowidth(c))
        return 0;
    return g_unichar_iswide(c) ? 2 : 1;
}

int
plain_width(const char *text)
{
    int width = 0;

    for (; *text != '\0'; text = g_utf8_next_char(text))
        width += character_width(g_utf8_get_char(text));
    return width;
}

char *
plain_cut(const char *text, int width)
{
    if (plain_width(text) <= width)
        return g_strdup(text);

    int used = 0;
    const char *end = text;
    for (; used + character_width(g_utf8_get_char(end)) <= width - 1; end = g_utf8_next_char(end))
        used += character_width(g_utf8_get_char(end));
    return g_strdup_printf("%.*s…", (int)(end - text), text);
}

static const struct {
    const char *name;
    gint64 seconds;
} units[] = {{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}};

char *
plain_length(double seconds, gboolean coarse)
{
    if (seconds < 0.9995 && !coarse)
        return g_strdup_printf("%.0f ms", MAX(seconds, 0) * 1000);
    if (seconds < 9.95 && !coarse)
        return g_strdup_printf("%.1f s", seconds);

    gint64 whole = (gint64)(CLAMP(seconds, 0, 1e15) + 0.5);
    guint i = 0;
    while (i + 1 < G_N_ELEMENTS(units) && whole < units[i].seconds)
        i++;
    gint64 count = whole / units[i].seconds;
    gint64 rest = i + 1 < G_N_ELEMENTS(units) ? whole % units[i].seconds / units[i + 1].seconds : 0;
    if (rest == 0 || (coarse && count >= 10))
        return g_strdup_printf("%" G_GINT64_FORMAT " %s", count, units[i].name);
    return g_strdup_printf("%" G_GINT64_FORMAT " %s %" G_GINT64_FORMAT " %s", count, units[i].name,
                           rest, units[i + 1].name);
}

char *
plain_instant(const char *iso)
{
    const char *time = strchr(iso, 'T');
    if (time == NULL || strlen(time) < strlen("T00:00:00"))
        return g_strdup(iso);

    const char *rest = time + strlen("T00:00:00");
    gboolean whole_minute = strncmp(time + strlen("T00:00"), ":00", 3) == 0 && *rest != '.';
    return g_strdup_printf("%.*s %.*s%s", (int)(time - iso), iso, whole_minute ? 5 : 8, time + 1,
                           rest);
}

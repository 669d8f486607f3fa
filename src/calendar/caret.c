/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/caret.h"

#include <glib.h>
#include <string.h>

#define INDENT "    "
#define CUT    "..."
/* So many characters of a line are shown on each side of where the place begins. */
#define AROUND 100

static int
width_of(gunichar c)
{
    if (g_unichar_iszerowidth(c))
        return 0;
    return g_unichar_iswide(c) ? 2 : 1;
}

/* As it is, but for what would move the cursor. */
static void
append_shown(GString *shown, gunichar c)
{
    g_string_append_unichar(shown, c != '\t' && g_unichar_iscntrl(c) ? '?' : c);
}

/* A tab stays one: nobody knows how wide it is. */
static void
append_below(GString *below, gunichar c, char mark)
{
    if (c == '\t' && mark == ' ')
        g_string_append_c(below, '\t');
    else
        for (int i = width_of(c); i > 0; i--)
            g_string_append_c(below, mark);
}

/* At most AROUND characters before `at`, and after it. */
static const char *
back_to(const char *line, const char *at)
{
    for (int i = 0; i < AROUND && at > line; i++)
        at = g_utf8_prev_char(at);
    return at;
}

static const char *
on_to(const char *line_end, const char *at)
{
    for (int i = 0; i < AROUND && at < line_end; i++)
        at = g_utf8_next_char(at);
    return at;
}

char *
caret_show(const char *text, const Place *place)
{
    const char *begin = text + MIN(place->offset, strlen(text));
    const char *line = begin;
    while (line > text && line[-1] != '\n')
        line--;
    const char *line_end = line + strcspn(line, "\r\n");
    const char *end = begin + MIN(place->length, strlen(begin));

    const char *from = back_to(line, begin);
    const char *to = on_to(line_end, begin);

    g_autoptr(GString) shown = g_string_new(from > line ? INDENT CUT : INDENT);
    g_autoptr(GString) below = g_string_new(from > line ? INDENT "   " : INDENT);
    for (const char *at = from; at < to; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        append_shown(shown, c);
        if (at < begin)
            append_below(below, c, ' ');
        else if (at < end)
            append_below(below, c, '^');
    }
    if (to < line_end)
        g_string_append(shown, CUT);
    if (!strchr(below->str, '^'))
        g_string_append_c(below, '^');
    return g_strdup_printf("%s\n%s\n", shown->str, below->str);
}

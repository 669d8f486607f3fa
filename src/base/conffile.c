/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/conffile.h"

#include <string.h>

#include "base/error.h"

static bool
fail(GError **error, const char *message)
{
    g_set_error_literal(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE, message);
    return false;
}

static bool
is_name_char(char c)
{
    return g_ascii_isalnum(c) || c == '-' || c == '_';
}

static char *
parse_quoted(const char *text, GError **error)
{
    g_autoptr(GString) value = g_string_new(NULL);
    const char *c = text + 1;
    while (*c && !(*c == '\'' && c[1] != '\'')) {
        g_string_append_c(value, *c);
        c += *c == '\'' ? 2 : 1;
    }
    if (!*c) {
        (void)fail(error, "the closing quote is missing");
        return NULL;
    }
    for (c++; g_ascii_isspace(*c);)
        c++;
    if (*c && *c != '#') {
        (void)fail(error, "there is text after the closing quote; "
                          "a quote inside quotes is written twice");
        return NULL;
    }
    return g_string_free(g_steal_pointer(&value), FALSE);
}

static char *
parse_value(const char *text, GError **error)
{
    if (*text == '\'')
        return parse_quoted(text, error);
    return g_strchomp(g_strndup(text, strcspn(text, "#")));
}

static bool
parse_line(const char *line, ConffileEntry entry, gpointer user_data, GError **error)
{
    while (g_ascii_isspace(*line))
        line++;
    if (!*line || *line == '#')
        return true;

    const char *end = line;
    while (is_name_char(*end))
        end++;
    const char *value_text = end;
    while (g_ascii_isspace(*value_text))
        value_text++;
    if (end == line || *value_text != '=')
        return fail(error, "the line does not read \"name = value\"");
    for (value_text++; g_ascii_isspace(*value_text);)
        value_text++;

    g_autofree char *name = g_strndup(line, (gsize)(end - line));
    g_autofree char *value = parse_value(value_text, error);
    return value && entry(name, value, user_data, error);
}

bool
conffile_parse(const char *text, size_t length, const char *file, ConffileEntry entry,
               gpointer user_data, GError **error)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    const char *end = text + length;
    if (length > CONFFILE_MAX_SIZE) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                    "\"%s\" is too large for a configuration file", file);
        return false;
    }
    if (length >= 3 && memcmp(text, byte_order_mark, 3) == 0)
        text += 3;

    for (int number = 1; text < end; number++) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));
        size_t line_length = (size_t)((line_end ? line_end : end) - text);
        g_autofree char *line = g_strndup(text, line_length);
        bool ok = memchr(text, '\0', line_length) ? fail(error, "the line contains a zero byte")
                                                  : parse_line(line, entry, user_data, error);
        if (!ok) {
            g_prefix_error(error, "%s:%d: ", file, number);
            return false;
        }
        text = line_end ? line_end + 1 : end;
    }
    return true;
}

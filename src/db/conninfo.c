/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "db/conninfo.h"

#include <glib.h>
#include <libpq-fe.h>
#include <string.h>

static const char *const uri_prefixes[] = {"postgresql://", "postgres://"};

/* As libpq sees it; GLib leaves the vertical tab out. */
static bool
is_blank(char c)
{
    return c == '\v' || g_ascii_isspace(c);
}

static size_t
uri_prefix_length(const char *conninfo)
{
    for (size_t i = 0; i < G_N_ELEMENTS(uri_prefixes); i++) {
        if (g_str_has_prefix(conninfo, uri_prefixes[i]))
            return strlen(uri_prefixes[i]);
    }
    return 0;
}

static bool
is_password_keyword(const char *keyword)
{
    return g_ascii_strcasecmp(keyword, "password") == 0 ||
           g_ascii_strcasecmp(keyword, "sslpassword") == 0;
}

static void
mask_range(char *from, const char *to)
{
    while (from < to)
        *from++ = 'x';
}

/* The end of a value that starts here, as libpq reads it: quoted or not, backslashes escape. */
static char *
value_end(char *p)
{
    bool quoted = *p == '\'';
    if (quoted)
        p++;
    for (; *p; p++) {
        if (quoted ? *p == '\'' : is_blank(*p))
            return p;
        if (*p == '\\' && p[1])
            p++;
    }
    return p;
}

/* to_end: the string is malformed, so where a password ends is anyone's guess. */
static void
mask_keywords(char *p, bool to_end)
{
    while (*p) {
        while (is_blank(*p))
            p++;
        char *keyword = p;
        while (*p && *p != '=' && !is_blank(*p))
            p++;
        g_autofree char *name = g_strndup(keyword, (gsize)(p - keyword));
        while (is_blank(*p))
            p++;
        if (*p != '=')
            continue;
        p++;
        while (is_blank(*p))
            p++;
        char *end = value_end(p);
        if (is_password_keyword(name)) {
            if (to_end)
                end = p + strlen(p);
            mask_range(*p == '\'' && !to_end ? p + 1 : p, end);
        }
        p = *end ? end + 1 : end;
    }
}

static void
mask_uri_query(char *p, bool to_end)
{
    while (*p) {
        char *end = p + strcspn(p, "&");
        char *value = memchr(p, '=', (size_t)(end - p));
        if (value) {
            g_autofree char *keyword = g_uri_unescape_segment(p, value, NULL);
            if (keyword && is_password_keyword(keyword))
                mask_range(value + 1, to_end ? value + strlen(value) : end);
        }
        p = *end ? end + 1 : end;
    }
}

/* Up to the last '@' before the query, because passwords with a raw '@' or '/' are the usual mistake. */
static void
mask_uri(char *authority, bool to_end)
{
    char *at = authority + strcspn(authority, "@/");
    char *query = strchr(*at == '@' ? at : authority, '?');
    size_t length = query && !to_end ? (size_t)(query - authority) : strlen(authority);
    char *last_at = g_strrstr_len(authority, (gssize)length, "@");
    if (last_at) {
        char *colon = memchr(authority, ':', (size_t)(last_at - authority));
        if (colon)
            mask_range(colon + 1, last_at);
        query = strchr(last_at, '?');
    }
    if (query)
        mask_uri_query(query + 1, to_end);
}

static bool
is_readable(const char *conninfo)
{
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    PQconninfoFree(options);
    return options != NULL;
}

void
db_conninfo_mask(char *conninfo)
{
    bool to_end = !is_readable(conninfo);
    size_t prefix = uri_prefix_length(conninfo);
    if (prefix)
        mask_uri(conninfo + prefix, to_end);
    else
        mask_keywords(conninfo, to_end);
}

void
db_conninfo_mask_words(char **words, int count)
{
    g_autoptr(GString) joined = g_string_new(NULL);
    for (int i = 0; i < count; i++)
        g_string_append_printf(joined, "%s%s", i ? " " : "", words[i]);
    db_conninfo_mask(joined->str);

    const char *from = joined->str;
    for (int i = 0; i < count; i++) {
        size_t length = strlen(words[i]);
        memcpy(words[i], from, length);
        from += length + 1;
    }
}

bool
db_conninfo_may_hold_password(const char *conninfo)
{
    if (strchr(conninfo, '@') || strchr(conninfo, '%'))
        return true;
    g_autofree char *lower = g_ascii_strdown(conninfo, -1);
    return strstr(lower, "pass") != NULL;
}

bool
db_conninfo_is_uri(const char *conninfo)
{
    return uri_prefix_length(conninfo) > 0;
}

/* One '@' at most, and before the first '/': what libpq takes for the end of user and password is then what
 * the writer meant. An '@' in the query is a parameter's own. */
bool
db_conninfo_is_badly_encoded(const char *conninfo)
{
    const char *authority = conninfo + uri_prefix_length(conninfo);
    if (authority == conninfo)
        return false;
    const char *stop = authority + strcspn(authority, "@/");
    const char *rest = *stop == '@' ? stop + 1 : authority;
    return rest[strcspn(rest, "@?")] == '@';
}

/* Somebody's whole connection string or "user:password@" may have ended up in the wrong option. */
char *
db_conninfo_shown(const char *value)
{
    const char *at = strrchr(value, '@');
    if (at && at != value && !db_conninfo_is_uri(value))
        value = at + 1;
    char *copy = g_strdup(value);
    if (db_conninfo_is_uri(copy) || strchr(copy, '='))
        db_conninfo_mask(copy);
    return copy;
}

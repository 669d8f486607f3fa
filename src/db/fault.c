/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "db/fault-private.h"

#include <string.h>

#include "base/error.h"

static char *
copy_text(const char *text)
{
    if (!text)
        return NULL;
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    return g_strdup(g_strchomp(valid));
}

static char *
copy_field(const PGresult *result, int code)
{
    return copy_text(PQresultErrorField(result, code));
}

DbFault *
fault_new_from_result(const PGresult *result)
{
    DbFault *self = g_new0(DbFault, 1);
    self->severity = copy_field(result, PG_DIAG_SEVERITY);
    self->sqlstate = copy_field(result, PG_DIAG_SQLSTATE);
    self->message = copy_field(result, PG_DIAG_MESSAGE_PRIMARY);
    self->detail = copy_field(result, PG_DIAG_MESSAGE_DETAIL);
    self->hint = copy_field(result, PG_DIAG_MESSAGE_HINT);
    self->context = copy_field(result, PG_DIAG_CONTEXT);
    self->statement_position = copy_field(result, PG_DIAG_STATEMENT_POSITION);
    /* What libpq itself complains about has no fields, only a text. */
    if (!self->severity)
        self->severity = g_strdup("ERROR");
    if (!self->sqlstate)
        self->sqlstate = g_strdup("");
    if (!self->message)
        self->message = copy_text(PQresultErrorMessage(result));
    return self;
}

DbFault *
fault_new(const char *sqlstate, const char *message)
{
    DbFault *self = g_new0(DbFault, 1);
    self->severity = g_strdup("ERROR");
    self->sqlstate = g_strdup(sqlstate);
    self->message = g_strdup(message);
    return self;
}

void
fault_free(DbFault *self)
{
    if (!self)
        return;
    g_free((char *)self->severity);
    g_free((char *)self->sqlstate);
    g_free((char *)self->message);
    g_free((char *)self->detail);
    g_free((char *)self->hint);
    g_free((char *)self->context);
    g_free((char *)self->statement_position);
    g_free(self);
}

bool
fault_ends_session(const PGresult *result)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (!severity) /* before 9.6, or a pooler */
        severity = PQresultErrorField(result, PG_DIAG_SEVERITY);
    if (g_strcmp0(severity, "FATAL") == 0 || g_strcmp0(severity, "PANIC") == 0)
        return true;
    /* An immediate shutdown and another session's crash end all sessions with a mere WARNING. */
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return g_strcmp0(sqlstate, "57P01") == 0 || g_strcmp0(sqlstate, "57P02") == 0;
}

static bool
has_one_of(const DbFault *self, const char *const *states)
{
    for (const char *const *state = states; *state; state++) {
        if (g_str_has_prefix(self->sqlstate, *state))
            return true;
    }
    return false;
}

bool
fault_is_of_server(const DbFault *self)
{
    static const char *const states[] = {"25006", "53", "57P", "58", NULL};
    return !self || has_one_of(self, states);
}

bool
fault_is_of_rivals(const DbFault *self)
{
    static const char *const states[] = {"40", "55P03", "57014", NULL};
    return self && has_one_of(self, states);
}

GError *
fault_to_error(const DbFault *fault)
{
    g_autoptr(GString) text = g_string_new(fault->message);
    if (fault->detail)
        g_string_append_printf(text, "; %s", fault->detail);
    if (*fault->sqlstate)
        g_string_append_printf(text, " (%s)", fault->sqlstate);
    /* Standbys are told from that before. */
    if (strcmp(fault->sqlstate, "25006") == 0)
        g_string_append(text, "; see default_transaction_read_only");
    return g_error_new_literal(ALMANAC_ERROR, ALMANAC_ERROR_QUERY, text->str);
}

bool
fault_is_of_tables(const DbFault *self)
{
    static const char *const states[] = {"42501", "42P01", "42703", "42883", "3F000", NULL};
    return self && has_one_of(self, states);
}

/* What the server says while it lets nobody in, and what may be gone at the next attempt. Everything else
 * that it says about a connection, it will say again. */
static AlmanacError
code_from_sqlstate(const char *sqlstate)
{
    static const char *const passing_classes[] = {"08", "53", "57", "58", "XX"};
    if (strcmp(sqlstate, "53300") == 0 || strcmp(sqlstate, "57P03") == 0)
        return ALMANAC_ERROR_BUSY;
    for (gsize i = 0; i < G_N_ELEMENTS(passing_classes); i++) {
        if (strncmp(sqlstate, passing_classes[i], 2) == 0)
            return ALMANAC_ERROR_CONNECTION;
    }
    return ALMANAC_ERROR_REFUSED;
}

/* "FATAL:  53300: sorry, too many clients already": where "53300: " is. The words before it may be in any
 * language, and before them stands libpq's own preamble. */
static const char *
find_sqlstate(const char *line)
{
    for (const char *p = strstr(line, ":  "); p; p = strstr(p + 1, ":  ")) {
        const char *state = p + 3;
        gsize length = strspn(state, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
        if (length == 5 && state[5] == ':' && state[6] == ' ')
            return state;
    }
    return NULL;
}

/* "LOCATION:  InitProcess, proc.c:359" in any language. */
static bool
is_location(const char *line)
{
    return g_regex_match_simple("^[^:]+:  .*, [^ ]+\\.[a-z]+:[0-9]+$", line, 0, 0);
}

/* The address is in our own message already, and libpq's function names mean nothing to a reader. */
static const char *
skip_preamble(const char *line)
{
    static const char function[] = "fe_sendauth: ";
    const char *reason = strstr(line, " failed: ");
    if (g_str_has_prefix(line, "connection to server ") && reason)
        line = reason + strlen(" failed: ");
    return g_str_has_prefix(line, function) ? line + strlen(function) : line;
}

static void
append_line(GString *to, const char *line)
{
    if (to->len > 0)
        g_string_append(to, "; ");
    g_string_append(to, line);
}

/* With sslmode=prefer or allow libpq tries twice and keeps both messages: the same reason counts once. */
GError *
fault_from_connect_message(const char *message, bool needs_password)
{
    g_autofree char *valid = g_utf8_make_valid(message ? message : "", -1);
    g_auto(GStrv) lines = g_strsplit(valid, "\n", -1);
    g_autoptr(GString) text = g_string_new(NULL);
    AlmanacError code = needs_password ? ALMANAC_ERROR_REFUSED : ALMANAC_ERROR_CONNECTION;

    for (char **line = lines; *line; line++) {
        if (**line == '\0' || **line == '\t' || is_location(*line))
            continue;
        const char *shown = skip_preamble(*line);
        const char *state = find_sqlstate(*line);
        if (state) {
            g_autofree char *sqlstate = g_strndup(state, 5);
            code = code_from_sqlstate(sqlstate);
            shown = state + strlen("00000: ");
        }
        if (!strstr(text->str, shown))
            append_line(text, shown);
    }
    return g_error_new_literal(ALMANAC_ERROR, (gint)code,
                               text->len ? text->str : "no reason given");
}

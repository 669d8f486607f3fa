/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/session.h"

#include <string.h>

#include "base/error.h"
#include "base/settings.h"

struct CliSession {
    PGconn *conn;
};

char *
cli_session_choose(const char *conninfo, const char *config_file, GError **error)
{
    if (conninfo != NULL)
        return g_strdup(conninfo);

    char *named[] = {(char *)"pgalmanac", (char *)"--config", (char *)config_file, NULL};
    char *unnamed[] = {(char *)"pgalmanac", NULL};
    SettingsRequest request;
    g_autoptr(Settings) settings = config_file != NULL ? settings_load(3, named, &request, error)
                                                       : settings_load(1, unnamed, &request, error);

    return settings != NULL ? g_strdup(settings->conninfo) : NULL;
}

/* Server and libpq end their messages with a line feed and may use several lines. */
static void
set_error(GError **error, AlmanacError code, const char *message)
{
    g_autofree char *text = g_strchomp(g_strdup(message));

    g_set_error_literal(error, ALMANAC_ERROR, (int)code, text);
}

/* libpq's own message about a string that it cannot read quotes parts of it: perhaps the password. */
static bool
may_read(const char *conninfo)
{
    if (strchr(conninfo, '=') == NULL && strstr(conninfo, "://") == NULL)
        return true;

    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    bool readable = options != NULL;

    PQconninfoFree(options);
    return readable;
}

CliSession *
cli_session_open(const char *conninfo, GError **error)
{
    const char *const keywords[] = {"dbname", "fallback_application_name", NULL};
    const char *const values[] = {conninfo, "pgalmanac", NULL};

    if (!may_read(conninfo)) {
        set_error(error, ALMANAC_ERROR_USAGE,
                  "cannot read the connection string (it is not shown as it may hold a password): "
                  "neither keyword=value words nor a URI");
        return NULL;
    }

    g_autoptr(CliSession) self = g_new0(CliSession, 1);
    self->conn = PQconnectdbParams(keywords, values, 1);
    if (PQstatus(self->conn) != CONNECTION_OK) {
        set_error(error, ALMANAC_ERROR_CONNECTION, PQerrorMessage(self->conn));
        return NULL;
    }
    PQsetErrorVerbosity(self->conn, PQERRORS_DEFAULT);
    /* Nothing that a role or a database sets may change what our statements mean. */
    if (!cli_session_script(self, "SET client_min_messages = warning; SET search_path = pg_catalog",
                            error))
        return NULL;
    return g_steal_pointer(&self);
}

void
cli_session_close(CliSession *self)
{
    if (self == NULL)
        return;
    PQfinish(self->conn);
    g_free(self);
}

static bool
check_result(CliSession *self, PGresult *result, GError **error)
{
    ExecStatusType status = PQresultStatus(result);

    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
        return true;
    set_error(error,
              PQstatus(self->conn) == CONNECTION_OK ? ALMANAC_ERROR_QUERY
                                                    : ALMANAC_ERROR_CONNECTION,
              PQerrorMessage(self->conn));
    return false;
}

PGresult *
cli_session_query(CliSession *self, const char *sql, const char *const *params, GError **error)
{
    int count = params != NULL ? (int)g_strv_length((char **)params) : 0;
    g_autoptr(PGresult) result = PQexecParams(self->conn, sql, count, NULL, params, NULL, NULL, 0);

    if (!check_result(self, result, error))
        return NULL;
    return g_steal_pointer(&result);
}

bool
cli_session_script(CliSession *self, const char *sql, GError **error)
{
    g_autoptr(PGresult) result = PQexec(self->conn, sql);

    if (check_result(self, result, error))
        return true;
    if (PQtransactionStatus(self->conn) == PQTRANS_INERROR)
        PQclear(PQexec(self->conn, "ROLLBACK"));
    return false;
}

char *
cli_session_quote(CliSession *self, const char *text)
{
    char *quoted = PQescapeLiteral(self->conn, text, strlen(text));

    g_assert(quoted !=
             NULL); /* only text that is not of the connection's encoding fails: ours is ASCII */
    char *copy = g_strdup(quoted);
    PQfreemem(quoted);
    return copy;
}

const char *
cli_result_text(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

char *
cli_session_describe(CliSession *self)
{
    const char *host = PQhost(self->conn);

    return g_strdup_printf("database \"%s\" on %s \"%s\", port %s", PQdb(self->conn),
                           host != NULL && host[0] == '/' ? "socket" : "host",
                           host != NULL ? host : "", PQport(self->conn));
}

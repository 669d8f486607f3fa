/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/session.h"

#include <string.h>

#include "base/error.h"
#include "base/settings.h"
#include "cli/pooler.h"
#include "store/schema.h"
#include "store/sql.h"

struct CliSession {
    PGconn *conn;
    char sqlstate[6]; /* of the last error */
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

/* What is printed is UTF-8. A database without an encoding has bytes, and may have any: they are looked at when they
 * are printed. The few encodings that the server cannot convert stay as they are. */
static void
choose_encoding(PGconn *conn)
{
    bool has_bytes = g_strcmp0(PQparameterStatus(conn, "server_encoding"), "SQL_ASCII") == 0;

    (void)PQsetClientEncoding(conn, has_bytes ? "SQL_ASCII" : "UTF8");
}

static bool
begin(CliSession *self, GError **error)
{
    if (PQstatus(self->conn) != CONNECTION_OK) {
        set_error(error, ALMANAC_ERROR_CONNECTION, PQerrorMessage(self->conn));
        return false;
    }
    PQsetErrorVerbosity(self->conn, PQERRORS_DEFAULT);
    /* Nothing that a role or a database sets may change what our statements mean. */
    if (!cli_session_script(self,
                            "SET client_min_messages = warning; SET search_path = pg_catalog; "
                            "SET datestyle = 'ISO'; SET intervalstyle = 'postgres'; "
                            "SET standard_conforming_strings = on",
                            error))
        return false;
    /* Compiling a statement takes longer than any of them. */
    if (PQserverVersion(self->conn) >= 110000 && !cli_session_script(self, "SET jit = off", error))
        return false;
    choose_encoding(self->conn);
    return true;
}

static bool
names_several_hosts(const char *conninfo)
{
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    bool found = false;

    for (PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++)
        found |= g_str_has_prefix(o->keyword, "host") && o->val != NULL && strchr(o->val, ',');
    PQconninfoFree(options);
    return found;
}

/* Of several hosts rather the primary than the first that answers, unless the string says what it wants. */
static PGconn *
connect_to(const char *conninfo, const char *const *keywords, const char *const *values)
{
    const char *const choosy[] = {"target_session_attrs", "dbname", "fallback_application_name",
                                  NULL};
    const char *const chosen[] = {"primary", conninfo, "pgalmanac", NULL};
    PGconn *conn = names_several_hosts(conninfo) ? PQconnectdbParams(choosy, chosen, 1) : NULL;

    if (conn != NULL && PQstatus(conn) == CONNECTION_OK)
        return conn;
    PQfinish(conn);
    return PQconnectdbParams(keywords, values, 1);
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

    /* The server lets nobody in who asks for an encoding that it cannot convert to. */
    g_unsetenv("PGCLIENTENCODING");
    g_autoptr(CliSession) self = g_new0(CliSession, 1);
    self->conn = connect_to(conninfo, keywords, values);
    g_autofree char *place = cli_session_describe(self);
    if (PQstatus(self->conn) == CONNECTION_OK &&
        !cli_pooler_check(self->conn, keywords, values, place, error))
        return NULL;
    return begin(self, error) ? g_steal_pointer(&self) : NULL;
}

bool
cli_session_reopen(CliSession *self, GError **error)
{
    PQreset(self->conn);
    return begin(self, error);
}

void
cli_session_close(CliSession *self)
{
    if (self == NULL)
        return;
    PQfinish(self->conn);
    g_free(self);
}

static AlmanacError
read_sqlstate(const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    if (g_strcmp0(state, "P0002") == 0) /* no_data_found */
        return ALMANAC_ERROR_NOT_FOUND;
    if (state != NULL && (strcmp(state, "21000") == 0 || strcmp(state, "55000") == 0 ||
                          g_str_has_prefix(state, "22")))
        return ALMANAC_ERROR_INPUT;
    return ALMANAC_ERROR_QUERY;
}

static bool
is_forbidden(const PGresult *result)
{
    return g_strcmp0(PQresultErrorField(result, PG_DIAG_SQLSTATE), "42501") == 0;
}

/* What was given is wrong, and not the statement: people need not see where in the server that was found. */
static char *
describe_plainly(const PGresult *result)
{
    static const int fields[] = {PG_DIAG_MESSAGE_DETAIL, PG_DIAG_MESSAGE_HINT};
    GString *text = g_string_new(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));

    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        const char *more = PQresultErrorField(result, fields[i]);
        if (more != NULL)
            g_string_append_printf(text, "\n%s", more);
    }
    return g_string_free(text, FALSE);
}

static bool
check_result(CliSession *self, PGresult *result, GError **error)
{
    ExecStatusType status = PQresultStatus(result);

    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
        return true;
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    g_strlcpy(self->sqlstate, state != NULL ? state : "", sizeof(self->sqlstate));
    /* The server gives each of its errors a state. Without one it is libpq that could not write to a server that is gone;
     * while a last message of that server is unread, it takes the connection for good. */
    if (PQstatus(self->conn) != CONNECTION_OK || state == NULL) {
        set_error(error, ALMANAC_ERROR_CONNECTION, PQerrorMessage(self->conn));
        return false;
    }
    if (strcmp(state, "25006") == 0) {
        g_autofree char *place = cli_session_describe(self);
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_QUERY,
                    "%s cannot be written: it is a standby, or default_transaction_read_only is on",
                    place);
        return false;
    }
    AlmanacError code = read_sqlstate(result);
    bool is_plain = code != ALMANAC_ERROR_QUERY || is_forbidden(result);
    g_autofree char *plain = is_plain ? describe_plainly(result) : NULL;
    set_error(error, code, is_plain ? plain : PQerrorMessage(self->conn));
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

GPtrArray *
cli_session_list(CliSession *self, const char *sql, const char *const *params, GError **error)
{
    g_autoptr(PGresult) result = cli_session_query(self, sql, params, error);

    if (result == NULL)
        return NULL;
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    for (int row = 0; row < PQntuples(result); row++)
        g_ptr_array_add(texts, g_strdup(cli_result_text(result, row, 0)));
    return texts;
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

bool
cli_session_check_tables(CliSession *self, GError **error)
{
    g_autoptr(PGresult) state = cli_session_query(self, sql_query("schema_state"), NULL, error);

    if (state == NULL)
        return false;
    if (cli_result_text(state, 0, 0)[0] != 't') {
        g_autofree char *place = cli_session_describe(self);
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SCHEMA,
                    cli_result_text(state, 0, 1)[0] == 't'
                        ? "%s has pgAgent's own tables, not yet ours: run pgalmanac setup"
                        : "%s has no job tables: run pgalmanac setup to install them",
                    place);
        return false;
    }

    g_autoptr(PGresult) version = cli_session_query(self, sql_query("schema_version"), NULL, error);
    return version != NULL &&
           schema_is_current(PQntuples(version) == 1 ? cli_result_text(version, 0, 0) : NULL,
                             error);
}

const char *
cli_session_sqlstate(const CliSession *self)
{
    return self->sqlstate;
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

bool
cli_session_used_password(const CliSession *self)
{
    return PQconnectionUsedPassword(self->conn) != 0;
}

char *
cli_session_describe(CliSession *self)
{
    const char *host = PQhost(self->conn);

    return g_strdup_printf("database \"%s\" on %s \"%s\", port %s", PQdb(self->conn),
                           host != NULL && host[0] == '/' ? "socket" : "host",
                           host != NULL ? host : "", PQport(self->conn));
}

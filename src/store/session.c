/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/session.h"

#include "base/error.h"
#include "store/fields.h"
#include "store/sql.h"

struct Session {
    int former_pid;     /* whose end is to be seen; 0 = there was none */
    int64_t started_at; /* when that process was started */
    int64_t server;
    DbConn *conn;
    SessionBegun begun;
    gpointer user_data;
};

Session *
session_new(void)
{
    Session *self = g_new0(Session, 1);

    self->started_at = NO_INSTANT;
    return self;
}

void
session_free(Session *self)
{
    g_free(self);
}

static void
on_begun(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Session *self = user_data;
    g_autoptr(GError) busy = NULL;

    if (error == NULL && db_result_int(result, 0, 1) > 0) {
        busy = g_error_new_literal(ALMANAC_ERROR, ALMANAC_ERROR_BUSY,
                                   "the server still has the session before this one");
    } else if (error == NULL) {
        self->former_pid = (int)db_result_int(result, 0, 2);
        self->started_at = field_instant(result, 0, 0);
    }
    self->begun(error == NULL ? busy : error, self->user_data);
}

static void
on_set_up(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Session *self = user_data;

    if (error != NULL) {
        self->begun(error, self->user_data);
        return;
    }

    self->server = db_result_instant(result, 0, 1);

    g_autoptr(DbParams) params = db_params_new();
    db_params_add_int4(params, self->former_pid);
    params_add_optional_instant(params, self->started_at);
    db_conn_query(self->conn, sql_query("session_begin"), g_steal_pointer(&params), on_begun, self);
}

int64_t
session_server(const Session *self)
{
    return self->server;
}

void
session_begin(Session *self, DbConn *conn, SessionBegun begun, gpointer user_data)
{
    self->conn = conn;
    self->begun = begun;
    self->user_data = user_data;
    db_conn_query(conn, sql_query("session_setup"), NULL, on_set_up, self);
}

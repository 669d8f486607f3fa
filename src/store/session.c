/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/session.h"

#include "base/clock.h"
#include "base/error.h"
#include "store/fields.h"
#include "store/sql.h"

struct Session {
    int former_pid;     /* whose end is to be seen; 0 = there was none */
    int64_t started_at; /* when that process was started */
    int64_t patience_us;
    int64_t in_the_way_mono; /* since when it is seen to be there still; 0 = it is not */
    int64_t server;
    DbConn *conn;
    SessionBegun begun;
    gpointer user_data;
};

Session *
session_new(int64_t patience_us)
{
    Session *self = g_new0(Session, 1);

    self->patience_us = patience_us;
    self->started_at = NO_INSTANT;
    return self;
}

void
session_free(Session *self)
{
    g_free(self);
}

/* Its end was asked for, but a process that hangs in the system hears nothing. */
static GError *
session_held_up(Session *self)
{
    int64_t now = clock_now_mono();

    if (self->in_the_way_mono == 0)
        self->in_the_way_mono = now;
    if (now - self->in_the_way_mono < self->patience_us)
        return g_error_new_literal(ALMANAC_ERROR, ALMANAC_ERROR_BUSY,
                                   "the server still has the session before this one");

    self->in_the_way_mono = 0;
    self->former_pid = 0;
    return g_error_new_literal(ALMANAC_ERROR, ALMANAC_ERROR_FENCED,
                               "the server does not end the session before this one");
}

static void
on_begun(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Session *self = user_data;
    g_autoptr(GError) held_up = NULL;

    if (error == NULL && db_result_int(result, 0, 1) > 0) {
        held_up = session_held_up(self);
    } else if (error == NULL) {
        self->in_the_way_mono = 0;
        self->former_pid = (int)db_result_int(result, 0, 2);
        self->started_at = field_instant(result, 0, 0);
    }
    self->begun(error == NULL ? held_up : error, self->user_data);
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

/* SPDX-License-Identifier: PostgreSQL */
/* Which server process serves a connection, so that others can tell later whether it is still that one. */
#include "config.h"

#include "db/conn-private.h"

void
db_conn_ask_backend(DbConn *self, DbQueryDone asked, gpointer user_data)
{
    db_conn_query(self,
                  "SELECT pg_catalog.pg_backend_pid(), backend_start::timestamptz"
                  " FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid())",
                  NULL, asked, user_data);
}

void
db_conn_note_backend(DbConn *self, const DbResult *result)
{
    if (db_result_rows(result) != 1 || !db_result_is_int(result, 0))
        return;
    self->is_pooled = db_result_int(result, 0, 0) != self->backend_pid;
    if (!self->is_pooled && !db_result_is_null(result, 0, 1))
        self->backend_started_at = db_result_instant(result, 0, 1);
}

bool
db_conn_is_pooled(const DbConn *self)
{
    return self->is_pooled;
}

DbBackend
db_conn_backend(const DbConn *self)
{
    return (DbBackend){.pid = self->backend_pid, .started_at = self->backend_started_at};
}

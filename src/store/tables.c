/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/tables.h"

#include "base/error.h"
#include "store/schema.h"
#include "store/sql.h"

typedef struct {
    Home *home;
    DbConn *conn;
    TablesChecked checked;
    gpointer user_data;
} Check;

static void
check_end(Check *self, const GError *error)
{
    self->checked(error, self->user_data);
    g_free(self);
}

static void
on_home_checked(const GError *error, gpointer user_data)
{
    check_end(user_data, error);
}

static void
on_version(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Check *check = user_data;
    g_autoptr(GError) wrong = NULL;

    if (error != NULL) {
        check_end(check, error);
        return;
    }
    const char *version = db_result_text(result, 0, 0);
    if (schema_is_current(version, &wrong))
        home_check(check->home, check->conn, db_result_text(result, 0, 1), on_home_checked, check);
    else
        check_end(check, wrong);
}

static GError *
find_fault(const DbResult *result, const DbConn *conn)
{
    bool has_jobs = db_result_bool(result, 0, 0);
    bool has_settings = db_result_bool(result, 0, 1);

    if (db_result_bool(result, 0, 2))
        return g_error_new(ALMANAC_ERROR, ALMANAC_ERROR_BUSY,
                           "%s is a standby, which cannot be written: waiting until it is promoted",
                           db_conn_describe(conn));
    if (!has_jobs)
        return g_error_new(
            ALMANAC_ERROR, ALMANAC_ERROR_SCHEMA,
            "%s has no job tables: run \"pgalmanac setup -d CONNINFO\" to install them",
            db_conn_describe(conn));
    if (!has_settings)
        return g_error_new(
            ALMANAC_ERROR, ALMANAC_ERROR_SCHEMA,
            "%s has pgAgent's own tables, not yet ours: run \"pgalmanac setup -d CONNINFO\"",
            db_conn_describe(conn));
    return NULL;
}

static void
on_looked(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Check *check = user_data;

    if (error != NULL) {
        check_end(check, error);
        return;
    }
    g_autoptr(GError) wrong = find_fault(result, check->conn);
    if (wrong != NULL) {
        check_end(check, wrong);
        return;
    }
    db_conn_query(check->conn, sql_query("schema_version"), NULL, on_version, check);
}

void
tables_check(Home *home, DbConn *conn, TablesChecked checked, gpointer user_data)
{
    Check *check = g_new(Check, 1);

    *check = (Check){.home = home, .conn = conn, .checked = checked, .user_data = user_data};
    db_conn_query(conn, sql_query("schema_check"), NULL, on_looked, check);
}

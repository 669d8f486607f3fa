/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/agents.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/log.h"
#include "store/sql.h"

#define N_REGISTER_STATEMENTS 3

typedef struct {
    AgentsRegistered registered;
    AgentsRenewed renewed;
    gpointer user_data;
    DbParams *params[N_REGISTER_STATEMENTS];
} Request;

static void
request_free(Request *self)
{
    for (guint i = 0; i < G_N_ELEMENTS(self->params); i++)
        db_params_free(self->params[i]);
    g_free(self);
}

static void
on_registered(const GPtrArray *results, int failed, const GError *error, const DbFault *fault,
              gpointer user_data)
{
    Request *request = user_data;
    int64_t epoch = 0;

    if (error == NULL) {
        const DbResult *inserted = g_ptr_array_index(results, 0);

        if (db_result_rows(inserted) == 1)
            epoch = db_result_int(inserted, 0, 0);
    }
    request->registered(epoch, error, request->user_data);
    request_free(request);
}

void
agents_register(Store *store, DbConn *conn, AgentsRegistered registered, gpointer user_data)
{
    Request *request = g_new0(Request, 1);
    DbParams *row = request->params[0] = db_params_new();

    request->registered = registered;
    request->user_data = user_data;
    db_params_add_text(row, store_uuid(store));
    db_params_add_text(row, store_name(store));
    db_params_add_text(row, store_host(store));
    db_params_add_text(row, PACKAGE_VERSION);
    db_params_add_int8(row, store_epoch(store));
    db_params_add_int8(row, STORE_LEASE_US);
    for (int i = 1; i < N_REGISTER_STATEMENTS; i++) {
        request->params[i] = db_params_new();
        db_params_add_text(request->params[i], store_uuid(store));
    }

    const DbStatement statements[N_REGISTER_STATEMENTS] = {
        {sql_query("agents_register"), request->params[0]},
        {sql_query("agents_repoint"), request->params[1]},
        {sql_query("agents_forget_old"), request->params[2]},
    };
    db_conn_transaction(conn, statements, N_REGISTER_STATEMENTS, on_registered, request);
}

static void
on_renewed(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Request *request = user_data;

    if (error == NULL || !g_error_matches(error, ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION))
        request->renewed(error == NULL && db_result_rows(result) == 1, error, request->user_data);
    request_free(request);
}

void
agents_renew(Store *store, AgentsRenewed renewed, gpointer user_data)
{
    Request *request = g_new0(Request, 1);
    g_autoptr(DbParams) params = db_params_new();

    request->renewed = renewed;
    request->user_data = user_data;
    db_params_add_text(params, store_uuid(store));
    db_params_add_int8(params, store_epoch(store));
    db_params_add_int8(params, STORE_LEASE_US);
    db_conn_query(store_control(store), sql_query("agents_renew"), g_steal_pointer(&params),
                  on_renewed, request);
}

/* Burying */

static void
on_buried(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    g_autofree char *name = user_data;

    if (error != NULL) {
        log_warning("could not close what dead agent \"%s\" left: %s", name, error->message);
        return;
    }
    if (db_result_int(result, 0, 0) > 0)
        log_warning("agent \"%s\" is dead: closed %" PRId64 " runs as aborted, freed %" PRId64
                    " jobs",
                    name, db_result_int(result, 0, 1), db_result_int(result, 0, 2));
}

static void
on_orphans_buried(const DbResult *result, const GError *error, const DbFault *fault,
                  gpointer user_data)
{
    if (error != NULL)
        log_debug("could not look for runs without an agent: %s", error->message);
    else if (db_result_affected(result) > 0)
        log_warning("closed %" PRId64 " runs whose agent is not registered any more as aborted",
                    db_result_affected(result));
}

static void
on_dead(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Store *store = user_data;
    DbConn *control = store_control(store);

    if (error != NULL || control == NULL)
        return;
    for (int row = 0; row < db_result_rows(result); row++) {
        g_autoptr(DbParams) params = db_params_new();

        db_params_add_int4(params, (int32_t)db_result_int(result, row, 0));
        if (db_result_is_null(result, row, 2))
            db_params_add_null(params);
        else
            db_params_add_int8(params, db_result_int(result, row, 2));
        db_params_add_int8(params, STORE_LEASE_US);
        db_conn_query(control, sql_query("agents_bury"), g_steal_pointer(&params), on_buried,
                      g_strdup(db_result_text(result, row, 1)));
    }
    db_conn_query(control, sql_query("agents_bury_orphans"), NULL, on_orphans_buried, NULL);
}

void
agents_bury_dead(Store *store)
{
    DbConn *control = store_control(store);

    if (control == NULL)
        return;

    g_autoptr(DbParams) params = db_params_new();
    db_params_add_int8(params, STORE_LEASE_US);
    db_params_add_text(params, store_uuid(store));
    db_conn_query(control, sql_query("agents_dead"), g_steal_pointer(&params), on_dead, store);
}

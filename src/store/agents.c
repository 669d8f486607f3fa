/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/agents.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/processes.h"
#include "store/lists.h"
#include "store/sql.h"

enum {
    REGISTER,
    REPOINT,
    FORGET_OLD,
    N_REGISTER_STATEMENTS
};

typedef struct {
    AgentsRegistered registered;
    AgentsRenewed renewed;
    AgentsTidied tidied;
    gpointer user_data;
    Store *store;
    ClockReading sent;
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
request_add_tidying(Request *self, Store *store)
{
    for (int i = REPOINT; i <= FORGET_OLD; i++) {
        self->params[i] = db_params_new();
        db_params_add_text(self->params[i], store_uuid(store));
    }
}

static void
on_registered(const GPtrArray *results, int failed, const GError *error, const DbFault *fault,
              gpointer user_data)
{
    Request *request = user_data;
    const DbResult *entered = error == NULL ? g_ptr_array_index(results, 0) : NULL;
    g_autoptr(GError) taken = NULL;
    int64_t epoch = 0;

    if (entered != NULL && !db_result_is_null(entered, 0, 0))
        epoch = db_result_int(entered, 0, 0);
    else if (entered != NULL && db_result_bool(entered, 0, 1))
        taken = g_error_new_literal(ALMANAC_ERROR, ALMANAC_ERROR_BUSY,
                                    "the register still has another agent under this connection's "
                                    "process id");
    request->registered(epoch, taken != NULL ? taken : error, request->user_data);
    request_free(request);
}

void
agents_register(Store *store, DbConn *conn, AgentsRegistered registered, gpointer user_data)
{
    Request *request = g_new0(Request, 1);
    DbParams *row = request->params[REGISTER] = db_params_new();
    g_autofree char *process = process_self();

    request->registered = registered;
    request->user_data = user_data;
    db_params_add_text(row, store_uuid(store));
    db_params_add_text(row, store_name(store));
    db_params_add_text(row, store_host(store));
    db_params_add_text(row, PACKAGE_VERSION);
    db_params_add_int8(row, store_epoch(store));
    db_params_add_int8(row, store_lease_us(store));
    db_params_add_bool(row, !store_was_registered(store));
    db_params_add_text(row, store_user(store));
    db_params_add_text(row, store_batch(store));
    db_params_add_instant(row, clock_now_at());
    db_params_add_text(row, process);
    request_add_tidying(request, store);

    const DbStatement statements[N_REGISTER_STATEMENTS] = {
        {sql_query("agents_register"), request->params[REGISTER]},
        {sql_query("agents_repoint"), request->params[REPOINT]},
        {sql_query("agents_forget_old"), request->params[FORGET_OLD]},
    };
    db_conn_transaction(conn, statements, N_REGISTER_STATEMENTS, on_registered, request);
}

static void
on_tidied(const GPtrArray *results, int failed, const GError *error, const DbFault *fault,
          gpointer user_data)
{
    Request *request = user_data;

    if (error == NULL)
        request->tidied(db_result_bool(g_ptr_array_index(results, 1), 0, 0), request->user_data);
    request_free(request);
}

void
agents_tidy(Store *store, AgentsTidied tidied, gpointer user_data)
{
    Request *request = g_new0(Request, 1);

    request->tidied = tidied;
    request->user_data = user_data;
    request_add_tidying(request, store);

    const DbStatement statements[] = {
        {sql_query("agents_repoint"), request->params[REPOINT]},
        {sql_query("agents_forget_old"), request->params[FORGET_OLD]},
    };
    db_conn_transaction(store_control(store), statements, G_N_ELEMENTS(statements), on_tidied,
                        request);
}

/* A renewal brings the database's time, in the last column. */
static void
note_time(const Request *request, const DbResult *result)
{
    const ClockReading got = clock_reading();
    int64_t server_at = db_result_instant(result, 0, db_result_columns(result) - 1);
    unsigned news = store_note_time(request->store, &request->sent, &got, server_at);

    if (news & (CLOCK_FIRST | CLOCK_BACK))
        db_conn_query(store_control(request->store), sql_query("agents_rewind"), NULL, NULL, NULL);
}

static void
on_renewed(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Request *request = user_data;

    if (error == NULL) {
        const AgentRenewal renewal = {.was_renewed = db_result_bool(result, 0, 0),
                                      .is_ours = db_result_bool(result, 0, 1),
                                      .sent_boot = request->sent.boot};

        if (renewal.was_renewed && store_control(request->store) != NULL)
            note_time(request, result);
        request->renewed(&renewal, NULL, request->user_data);
    } else if (fault != NULL) {
        request->renewed(NULL, error, request->user_data);
    }
    request_free(request);
}

void
agents_renew(Store *store, AgentsRenewed renewed, gpointer user_data)
{
    Request *request = g_new0(Request, 1);
    g_autoptr(DbParams) params = db_params_new();

    request->renewed = renewed;
    request->user_data = user_data;
    request->store = store;
    request->sent = clock_reading();
    db_params_add_text(params, store_uuid(store));
    db_params_add_int8(params, store_epoch(store));
    db_params_add_int8(params, store_lease_us(store));
    params_add_texts(params, store_full(store));
    db_params_add_text(params, store_batch(store));
    db_params_add_instant(params, clock_now_at());
    db_conn_query(store_control(store), sql_query("agents_renew"), g_steal_pointer(&params),
                  on_renewed, request);
}

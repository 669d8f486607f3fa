/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/requests.h"

#include "store/sql.h"

typedef struct {
    RequestsCancels loaded;
    gpointer user_data;
} Request;

static void
cancel_request_free(gpointer data)
{
    CancelRequest *self = data;

    g_free(self->by);
    g_free(self);
}

static void
on_cancels(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    g_autofree Request *request = user_data;

    if (error != NULL) {
        request->loaded(NULL, error, request->user_data);
        return;
    }

    g_autoptr(GPtrArray) requests = g_ptr_array_new_with_free_func(cancel_request_free);
    for (int row = 0; row < db_result_rows(result); row++) {
        CancelRequest *cancel = g_new(CancelRequest, 1);

        *cancel = (CancelRequest){.run_id = db_result_int(result, row, 0),
                                  .by = g_strdup(db_result_text(result, row, 1))};
        g_ptr_array_add(requests, cancel);
    }
    request->loaded(requests, NULL, request->user_data);
}

void
requests_cancels(Store *store, RequestsCancels loaded, gpointer user_data)
{
    Request *request = g_new(Request, 1);
    g_autoptr(DbParams) params = db_params_new();

    *request = (Request){.loaded = loaded, .user_data = user_data};
    db_params_add_int8(params, store_epoch(store));
    db_params_add_text(params, store_uuid(store));
    db_conn_query(store_control(store), sql_query("requests_cancels"), g_steal_pointer(&params),
                  on_cancels, request);
}

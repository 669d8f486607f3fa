/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/history.h"

#include "base/error.h"
#include "store/sql.h"

/* What one statement looks at and removes: a few dozen milliseconds, so that no snapshot and no lock is held for long. */
#define BATCH_ROWS 300
/* The statement's own limit (session_setup) ends it before; this is for a connection that does not answer any more. */
#define LIMIT_MS 90000

struct HistoryPruning {
    DbLease *lease;
    DbConn *conn;
    DbParams *params;
    guint limit_id;
    HistoryPruned pruned;
    gpointer user_data;
};

static void
pruning_end(HistoryPruning *self, const HistoryBatch *batch, const GError *error)
{
    g_clear_handle_id(&self->limit_id, g_source_remove);
    if (batch != NULL && batch->has_more)
        db_lease_release(g_steal_pointer(&self->lease));
    self->pruned(batch, error, self->user_data);
}

/* What somebody holds, or the server cannot do now, may succeed later. */
static void
pruning_refused(HistoryPruning *self, const GError *error, const DbFault *fault)
{
    bool is_passing = fault != NULL && (fault_is_of_server(fault) || fault_is_of_rivals(fault));
    g_autoptr(GError) busy = g_error_new_literal(ALMANAC_ERROR, ALMANAC_ERROR_BUSY, error->message);

    pruning_end(self, NULL, is_passing ? busy : error);
}

static void
on_pruned(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    HistoryPruning *self = user_data;

    if (error != NULL) {
        pruning_refused(self, error, fault);
        return;
    }

    const HistoryBatch batch = {
        .is_ours = db_result_bool(result, 0, 0),
        .removed = db_result_int(result, 0, 1),
        .has_more = !db_result_is_null(result, 0, 2),
        .go_on_after = (int)db_result_int(result, 0, 2),
    };
    pruning_end(self, &batch, NULL);
}

static void
on_set_up(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    HistoryPruning *self = user_data;

    if (error != NULL)
        pruning_end(self, NULL, error);
    else
        db_conn_query(self->conn, sql_query("history_prune"), g_steal_pointer(&self->params),
                      on_pruned, self);
}

static void
on_connected(DbConn *conn, const GError *error, gpointer user_data)
{
    HistoryPruning *self = user_data;

    if (error != NULL) {
        pruning_end(self, NULL, error);
        return;
    }
    self->conn = conn;
    db_conn_query(conn, sql_query("session_setup"), NULL, on_set_up, self);
}

static gboolean
on_limit(gpointer user_data)
{
    HistoryPruning *self = user_data;
    g_autoptr(GError) error =
        g_error_new_literal(ALMANAC_ERROR, ALMANAC_ERROR_TIMEOUT, "the server does not answer");

    self->limit_id = 0;
    pruning_end(self, NULL, error);
    return G_SOURCE_REMOVE;
}

HistoryPruning *
history_prune(Store *store, DbPool *pool, DbTarget *target, const HistoryPlace *place,
              HistoryPruned pruned, gpointer user_data)
{
    HistoryPruning *self = g_new0(HistoryPruning, 1);

    self->pruned = pruned;
    self->user_data = user_data;
    self->params = db_params_new();
    db_params_add_int4(self->params, place->after_id);
    db_params_add_int4(self->params, place->is_single ? 1 : HISTORY_BATCH_JOBS);
    db_params_add_int4(self->params, BATCH_ROWS);
    db_params_add_text(self->params, store_uuid(store));
    db_params_add_int8(self->params, store_epoch(store));
    db_params_add_int4(self->params, place->passed_over);
    self->limit_id = g_timeout_add(LIMIT_MS, on_limit, self);
    self->lease = db_pool_acquire(pool, target, on_connected, self);
    return self;
}

void
history_pruning_free(HistoryPruning *self)
{
    if (self == NULL)
        return;
    g_clear_handle_id(&self->limit_id, g_source_remove);
    db_lease_close(self->lease);
    db_params_free(self->params);
    g_free(self);
}

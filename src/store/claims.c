/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/claims.h"

#include "base/error.h"
#include "store/fields.h"
#include "store/sql.h"

typedef struct {
    union {
        ClaimsTaken taken;
        ClaimsSkipped skipped;
        ClaimsUnknown unknown;
    } done;
    gpointer user_data;
    Store *store;
    char *batch;
} Request;

static void
request_free(Request *self)
{
    g_free(self->batch);
    g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Request, request_free)

void
claim_free(Claim *self)
{
    g_free(self->label);
    g_free(self);
}

static Request *
request_new(gpointer user_data)
{
    Request *self = g_new0(Request, 1);

    self->user_data = user_data;
    return self;
}

/* One array parameter with a field of each claim. */
typedef void (*AddField)(DbParams *params, const Claim *claim);

static void
params_add_column(DbParams *params, const GPtrArray *claims, DbType type, AddField add)
{
    db_params_begin_array(params, type);
    for (guint i = 0; i < claims->len; i++)
        add(params, g_ptr_array_index(claims, i));
    db_params_end_array(params);
}

static void
add_job_id(DbParams *params, const Claim *claim)
{
    db_params_add_int4(params, claim->job_id);
}

static void
add_next_at(DbParams *params, const Claim *claim)
{
    params_add_optional_instant(params, claim->next_at);
}

static void
add_revision(DbParams *params, const Claim *claim)
{
    db_params_add_int4(params, claim->revision);
}

static void
add_is_manual(DbParams *params, const Claim *claim)
{
    db_params_add_bool(params, claim->is_manual);
}

static void
add_slot_at(DbParams *params, const Claim *claim)
{
    params_add_optional_instant(params, claim->slot_at);
}

static void
add_label(DbParams *params, const Claim *claim)
{
    db_params_add_text(params, claim->label);
}

static void
add_slots(DbParams *params, const Claim *claim)
{
    db_params_add_int4(params, claim->slots);
}

static void
add_schedule_id(DbParams *params, const Claim *claim)
{
    if (claim->schedule_id == 0)
        db_params_add_null(params);
    else
        db_params_add_int4(params, claim->schedule_id);
}

static void
add_is_late(DbParams *params, const Claim *claim)
{
    db_params_add_bool(params, claim->is_late);
}

static void
add_planned_at(DbParams *params, const Claim *claim)
{
    params_add_optional_instant(params, claim->planned_at);
}

static void
add_skipped_from(DbParams *params, const Claim *claim)
{
    params_add_optional_instant(params, claim->skipped_from);
}

static void
add_skipped_to(DbParams *params, const Claim *claim)
{
    params_add_optional_instant(params, claim->skipped_to);
}

static void
add_first_step_id(DbParams *params, const Claim *claim)
{
    if (claim->first_step_id == 0)
        db_params_add_null(params);
    else
        db_params_add_int4(params, claim->first_step_id);
}

static void
on_taken(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    g_autoptr(Request) request = user_data;

    if (error != NULL) {
        if (fault == NULL)
            store_remember_lost_batch(request->store, request->batch);
        request->done.taken(NULL, error, request->user_data);
        return;
    }

    g_autoptr(GArray) taken = g_array_new(FALSE, FALSE, sizeof(TakenRun));
    for (int row = 0; row < db_result_rows(result); row++) {
        const TakenRun run = {.run_id = db_result_int(result, row, 0),
                              .job_id = (int)db_result_int(result, row, 1),
                              .step_log_id = db_result_int(result, row, 2)};

        g_array_append_val(taken, run);
    }
    request->done.taken(taken, NULL, request->user_data);
}

void
claims_take(Store *store, GPtrArray *claims, ClaimsTaken taken, gpointer user_data)
{
    Request *request = request_new(user_data);
    g_autoptr(DbParams) params = db_params_new();

    request->done.taken = taken;
    request->store = store;
    request->batch = g_uuid_string_random();
    db_params_add_text(params, store_uuid(store));
    db_params_add_int8(params, store_epoch(store));
    params_add_column(params, claims, DB_INT4, add_job_id);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_next_at);
    params_add_column(params, claims, DB_INT4, add_revision);
    params_add_column(params, claims, DB_BOOL, add_is_manual);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_slot_at);
    params_add_column(params, claims, DB_TEXT, add_label);
    params_add_column(params, claims, DB_INT4, add_slots);
    params_add_column(params, claims, DB_INT4, add_schedule_id);
    params_add_column(params, claims, DB_BOOL, add_is_late);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_planned_at);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_skipped_from);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_skipped_to);
    params_add_column(params, claims, DB_INT4, add_first_step_id);
    db_params_add_text(params, request->batch);
    db_params_add_text(params, store_host(store));
    db_conn_query(store_control(store), sql_query("claims_take"), g_steal_pointer(&params),
                  on_taken, request);
}

static void
on_skipped(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    g_autoptr(Request) request = user_data;

    request->done.skipped(error, request->user_data);
}

void
claims_skip_busy(Store *store, GPtrArray *claims, ClaimsSkipped skipped, gpointer user_data)
{
    Request *request = request_new(user_data);
    g_autoptr(DbParams) params = db_params_new();

    request->done.skipped = skipped;
    params_add_column(params, claims, DB_INT4, add_job_id);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_next_at);
    params_add_column(params, claims, DB_INT4, add_revision);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_skipped_from);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_slot_at);
    params_add_column(params, claims, DB_INT4, add_slots);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_planned_at);
    db_params_add_text(params, store_name(store));
    db_conn_query(store_control(store), sql_query("claims_busy"), g_steal_pointer(&params),
                  on_skipped, request);
}

static void
unknown_run_free(gpointer data)
{
    UnknownRun *self = data;

    g_free(self->job_name);
    g_free(self);
}

static void
on_unknown(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    g_autoptr(Request) request = user_data;

    if (error != NULL) {
        request->done.unknown(NULL, error, request->user_data);
        return;
    }

    store_forget_lost_batches(request->store);
    g_autoptr(GPtrArray) runs = g_ptr_array_new_with_free_func(unknown_run_free);
    for (int row = 0; row < db_result_rows(result); row++) {
        UnknownRun *run = g_new(UnknownRun, 1);

        *run = (UnknownRun){
            .run_id = db_result_int(result, row, 0),
            .job_id = (int)db_result_int(result, row, 1),
            .job_name = g_strdup(db_result_text(result, row, 2)),
            .timeout_us = db_result_int(result, row, 3),
            .first_step_id = (int)db_result_int(result, row, 4),
            .step_log_id = db_result_int(result, row, 5),
        };
        g_ptr_array_add(runs, run);
    }
    request->done.unknown(runs, NULL, request->user_data);
}

void
claims_unknown(Store *store, ClaimsUnknown loaded, gpointer user_data)
{
    Request *request = request_new(user_data);
    g_autoptr(DbParams) params = db_params_new();

    request->done.unknown = loaded;
    request->store = store;
    db_params_add_int8(params, store_epoch(store));
    db_params_begin_array(params, DB_TEXT);
    for (guint i = 0; i < store_lost_batches(store)->len; i++)
        db_params_add_text(params, g_ptr_array_index(store_lost_batches(store), i));
    db_params_end_array(params);
    db_conn_query(store_control(store), sql_query("runs_unknown"), g_steal_pointer(&params),
                  on_unknown, request);
}

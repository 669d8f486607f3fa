/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/claims.h"

#include "base/error.h"
#include "store/fields.h"
#include "store/lists.h"
#include "store/sql.h"

typedef struct {
    union {
        ClaimsSkipped skipped;
        ClaimsUnknown unknown;
    } done;
    gpointer user_data;
    Store *store;
} Request;

void
claim_free(Claim *self)
{
    g_free(self->label);
    g_clear_pointer(&self->rule_ids, g_array_unref);
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
add_seen_planned_at(DbParams *params, const Claim *claim)
{
    params_add_optional_instant(params, claim->seen_planned_at);
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
add_id(DbParams *params, int id)
{
    if (id == 0)
        db_params_add_null(params);
    else
        db_params_add_int4(params, id);
}

static void
add_schedule_id(DbParams *params, const Claim *claim)
{
    add_id(params, claim->schedule_id);
}

static void
add_rule_id(DbParams *params, const Claim *claim)
{
    add_id(params, claim->rule_id);
}

static void
add_rule_ids(DbParams *params, const Claim *claim)
{
    for (guint i = 0; claim->rule_ids != NULL && i < claim->rule_ids->len; i++)
        db_params_add_int4(params, g_array_index(claim->rule_ids, int, i));
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
add_skipped(DbParams *params, const Claim *claim)
{
    db_params_add_int4(params, claim->skipped);
}

static void
add_why_skipped(DbParams *params, const Claim *claim)
{
    db_params_add_text(params, claim->why_skipped);
}

static void
add_is_busy(DbParams *params, const Claim *claim)
{
    db_params_add_bool(params, claim->is_busy);
}

static void
add_first_step_id(DbParams *params, const Claim *claim)
{
    add_id(params, claim->first_step_id);
}

static void
add_needs_plan(DbParams *params, const Claim *claim)
{
    db_params_add_bool(params, claim->needs_plan);
}

static DbParams *
take_params(Store *store, const GPtrArray *claims, const char *batch)
{
    DbParams *params = db_params_new();

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
    db_params_add_text(params, batch);
    db_params_add_text(params, store_host(store));
    params_add_column(params, claims, DB_BOOL, add_needs_plan);
    params_add_column(params, claims, DB_INT4, add_rule_id);
    params_add_column(params, claims, DB_INT4, add_rule_ids);
    params_add_column(params, claims, DB_INT4, add_skipped);
    params_add_column(params, claims, DB_TEXT, add_why_skipped);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_seen_planned_at);
    return params;
}

/* The claims go in one statement. If the server refuses it, half of them are tried, and so on until the bad one
 * stands alone: it shall not keep the others from running. */
typedef struct {
    Store *store;
    GPtrArray *claims;
    guint at;   /* the claims before it are through */
    guint size; /* how many are tried at once */
    char *batch;
    GArray *taken;
    GError *refusal;
    ClaimsTaken done;
    gpointer user_data;
} Take;

static void take_next(Take *self);

static void
take_end(Take *self, const GError *error)
{
    self->done(self->taken, self->refusal, error, self->user_data);
    g_array_unref(self->taken);
    g_clear_error(&self->refusal);
    g_free(self->batch);
    g_free(self);
}

static guint
take_count(const Take *self)
{
    return MIN(self->size, self->claims->len - self->at);
}

static void
take_refused(Take *self, const GError *error)
{
    Claim *claim = g_ptr_array_index(self->claims, self->at);

    if (take_count(self) > 1) {
        self->size = take_count(self) / 2;
    } else if (claim->first_step_id != 0) {
        /* Maybe it is only the step's row: then the run can be opened, and say so. */
        claim->first_step_id = 0;
    } else {
        if (self->refusal == NULL)
            self->refusal = g_error_copy(error);
        self->at++;
    }
    take_next(self);
}

static void
on_taken(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Take *self = user_data;

    if (error != NULL) {
        if (fault == NULL)
            store_remember_lost_batch(self->store, self->batch);
        if (fault_is_of_server(fault))
            take_end(self, error);
        else
            take_refused(self, error);
        return;
    }

    for (int row = 0; row < db_result_rows(result); row++) {
        const TakenRun run = {.run_id = db_result_int(result, row, 0),
                              .job_id = (int)db_result_int(result, row, 1),
                              .step_log_id = db_result_int(result, row, 2)};

        g_array_append_val(self->taken, run);
    }
    self->at += take_count(self);
    self->size *= 2;
    take_next(self);
}

static void
take_next(Take *self)
{
    g_autoptr(GPtrArray) claims = g_ptr_array_new();
    g_autoptr(DbParams) params = NULL;

    if (self->at == self->claims->len) {
        take_end(self, NULL);
        return;
    }
    if (store_control(self->store) == NULL) {
        g_autoptr(GError) lost = g_error_new_literal(ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION,
                                                     "the control connection is gone");
        take_end(self, lost);
        return;
    }
    for (guint i = 0; i < take_count(self); i++)
        g_ptr_array_add(claims, g_ptr_array_index(self->claims, self->at + i));
    g_free(self->batch);
    self->batch = g_uuid_string_random();
    params = take_params(self->store, claims, self->batch);
    db_conn_query(store_control(self->store), sql_query("claims_take"), g_steal_pointer(&params),
                  on_taken, self);
}

void
claims_take(Store *store, GPtrArray *claims, ClaimsTaken taken, gpointer user_data)
{
    Take *take = g_new0(Take, 1);

    take->store = store;
    take->claims = claims;
    take->size = claims->len;
    take->taken = g_array_new(FALSE, FALSE, sizeof(TakenRun));
    take->done = taken;
    take->user_data = user_data;
    take_next(take);
}

static void
on_skipped(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    g_autofree Request *request = user_data;

    if (error != NULL) {
        request->done.skipped(NULL, false, error, request->user_data);
        return;
    }

    g_autoptr(GArray) job_ids = g_array_new(FALSE, FALSE, sizeof(int));
    for (int row = 0; row < db_result_rows(result); row++) {
        int id = (int)db_result_int(result, row, 0);

        g_array_append_val(job_ids, id);
    }
    bool has_cancels = db_result_rows(result) > 0 && db_result_bool(result, 0, 1);
    request->done.skipped(job_ids, has_cancels, NULL, request->user_data);
}

void
claims_skip(Store *store, GPtrArray *claims, ClaimsSkipped skipped, gpointer user_data)
{
    Request *request = request_new(user_data);
    g_autoptr(DbParams) params = db_params_new();

    request->done.skipped = skipped;
    params_add_column(params, claims, DB_INT4, add_job_id);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_next_at);
    params_add_column(params, claims, DB_INT4, add_revision);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_skipped_from);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_slot_at);
    params_add_column(params, claims, DB_INT4, add_skipped);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_planned_at);
    db_params_add_text(params, store_name(store));
    params_add_column(params, claims, DB_BOOL, add_needs_plan);
    params_add_column(params, claims, DB_BOOL, add_is_busy);
    params_add_column(params, claims, DB_TEXT, add_why_skipped);
    params_add_column(params, claims, DB_INT4, add_rule_id);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_skipped_to);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_seen_planned_at);
    params_add_column(params, claims, DB_INT4, add_rule_ids);
    db_params_add_text(params, store_uuid(store));
    db_params_add_int8(params, store_epoch(store));
    db_conn_query(store_control(store), sql_query("claims_skip"), g_steal_pointer(&params),
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
    g_autofree Request *request = user_data;

    if (error != NULL) {
        request->done.unknown(NULL, error, request->user_data);
        return;
    }

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
            .is_over = db_result_bool(result, row, 6),
        };
        g_ptr_array_add(runs, run);
    }
    request->done.unknown(runs, NULL, request->user_data);
}

void
claims_unknown(Store *store, const GArray *in_hand, ClaimsUnknown loaded, gpointer user_data)
{
    Request *request = request_new(user_data);
    g_autoptr(DbParams) params = db_params_new();

    request->done.unknown = loaded;
    request->store = store;
    db_params_add_int8(params, store_epoch(store));
    params_add_texts(params, store_lost_batches(store));
    db_params_begin_array(params, DB_INT8);
    for (guint i = 0; i < in_hand->len; i++)
        db_params_add_int8(params, g_array_index(in_hand, int64_t, i));
    db_params_end_array(params);
    db_conn_query(store_control(store), sql_query("runs_unknown"), g_steal_pointer(&params),
                  on_unknown, request);
}

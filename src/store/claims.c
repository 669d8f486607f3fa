/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/claims.h"

#include "base/error.h"
#include "store/claim-params.h"
#include "store/halves.h"
#include "store/lists.h"
#include "store/sql.h"

typedef struct {
    ClaimsUnknown done;
    gpointer user_data;
} Request;

void
claim_free(Claim *self)
{
    g_free(self->label);
    g_clear_pointer(&self->rule_ids, g_array_unref);
    g_free(self);
}

/* The claims that a statement is sent for now. */
static GPtrArray *
next_claims(const Halves *halves, const GPtrArray *claims)
{
    GPtrArray *next = g_ptr_array_new();

    for (guint i = 0; i < halves_count(halves); i++)
        g_ptr_array_add(next, g_ptr_array_index(claims, halves->at + i));
    return next;
}

static GError *
connection_is_gone(void)
{
    return g_error_new_literal(ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION,
                               "the control connection is gone");
}

typedef struct {
    Store *store;
    GPtrArray *claims;
    Halves halves;
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

static void
take_refused(Take *self, const GError *error)
{
    Claim *claim = g_ptr_array_index(self->claims, self->halves.at);

    /* Maybe it is only the step's row: then the run can be opened, and say so. */
    if (halves_count(&self->halves) == 1 && claim->first_step_id != 0)
        claim->first_step_id = 0;
    else if (halves_refused(&self->halves) && self->refusal == NULL)
        self->refusal = g_error_copy(error);
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
    halves_accepted(&self->halves);
    take_next(self);
}

static void
take_next(Take *self)
{
    g_autoptr(GPtrArray) claims = next_claims(&self->halves, self->claims);
    g_autoptr(DbParams) params = NULL;

    if (claims->len == 0) {
        take_end(self, NULL);
        return;
    }
    if (store_control(self->store) == NULL) {
        g_autoptr(GError) gone = connection_is_gone();
        take_end(self, gone);
        return;
    }
    g_free(self->batch);
    self->batch = g_uuid_string_random();
    params = claims_take_params(self->store, claims, self->batch);
    db_conn_query(store_control(self->store), sql_query("claims_take"), g_steal_pointer(&params),
                  on_taken, self);
}

void
claims_take(Store *store, GPtrArray *claims, ClaimsTaken taken, gpointer user_data)
{
    Take *take = g_new0(Take, 1);

    take->store = store;
    take->claims = claims;
    halves_begin(&take->halves, claims->len);
    take->taken = g_array_new(FALSE, FALSE, sizeof(TakenRun));
    take->done = taken;
    take->user_data = user_data;
    take_next(take);
}

typedef struct {
    Store *store;
    GPtrArray *claims;
    Halves halves;
    GArray *job_ids;
    bool has_cancels;
    GError *refusal;
    ClaimsSkipped done;
    gpointer user_data;
} Skip;

static void skip_next(Skip *self);

static void
skip_end(Skip *self, const GError *error)
{
    self->done(self->job_ids, self->has_cancels, self->refusal, error, self->user_data);
    g_array_unref(self->job_ids);
    g_clear_error(&self->refusal);
    g_free(self);
}

static void
on_skipped(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Skip *self = user_data;

    if (error != NULL && fault_is_of_server(fault)) {
        skip_end(self, error);
        return;
    }
    if (error != NULL) {
        if (halves_refused(&self->halves) && self->refusal == NULL)
            self->refusal = g_error_copy(error);
        skip_next(self);
        return;
    }

    for (int row = 0; row < db_result_rows(result); row++) {
        int id = (int)db_result_int(result, row, 0);

        g_array_append_val(self->job_ids, id);
    }
    if (db_result_rows(result) > 0 && db_result_bool(result, 0, 1))
        self->has_cancels = true;
    halves_accepted(&self->halves);
    skip_next(self);
}

static void
skip_next(Skip *self)
{
    g_autoptr(GPtrArray) claims = next_claims(&self->halves, self->claims);

    if (claims->len == 0) {
        skip_end(self, NULL);
    } else if (store_control(self->store) == NULL) {
        g_autoptr(GError) gone = connection_is_gone();
        skip_end(self, gone);
    } else {
        db_conn_query(store_control(self->store), sql_query("claims_skip"),
                      claims_skip_params(self->store, claims), on_skipped, self);
    }
}

void
claims_skip(Store *store, GPtrArray *claims, ClaimsSkipped skipped, gpointer user_data)
{
    Skip *skip = g_new0(Skip, 1);

    skip->store = store;
    skip->claims = claims;
    halves_begin(&skip->halves, claims->len);
    skip->job_ids = g_array_new(FALSE, FALSE, sizeof(int));
    skip->done = skipped;
    skip->user_data = user_data;
    skip_next(skip);
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
        request->done(NULL, error, request->user_data);
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
    request->done(runs, NULL, request->user_data);
}

void
claims_unknown(Store *store, const GArray *in_hand, ClaimsUnknown loaded, gpointer user_data)
{
    Request *request = g_new(Request, 1);
    g_autoptr(DbParams) params = db_params_new();

    *request = (Request){.done = loaded, .user_data = user_data};
    db_params_add_int8(params, store_epoch(store));
    params_add_texts(params, store_lost_batches(store));
    db_params_begin_array(params, DB_INT8);
    for (guint i = 0; i < in_hand->len; i++)
        db_params_add_int8(params, g_array_index(in_hand, int64_t, i));
    db_params_end_array(params);
    db_conn_query(store_control(store), sql_query("runs_unknown"), g_steal_pointer(&params),
                  on_unknown, request);
}

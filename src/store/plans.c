/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/plans.h"

#include "base/error.h"
#include "store/fields.h"
#include "store/halves.h"
#include "store/sql.h"

typedef struct {
    union {
        PlansLoaded loaded;
        PlansWritten written;
    } done;
    gpointer user_data;
} Request;

static Request *
request_new(gpointer user_data)
{
    Request *self = g_new0(Request, 1);

    self->user_data = user_data;
    return self;
}

static void
unplanned_job_free(gpointer data)
{
    UnplannedJob *self = data;

    g_free(self->zone);
    g_free(self);
}

void
rule_problem_free(RuleProblem *self)
{
    g_free(self->text);
    g_free(self);
}

static UnplannedJob *
read_unplanned_job(const DbResult *result, int row)
{
    UnplannedJob *self = g_new(UnplannedJob, 1);

    *self = (UnplannedJob){
        .id = (int)db_result_int(result, row, 0),
        .revision = (int)db_result_int(result, row, 1),
        .last_slot_at = field_instant(result, row, 2),
        .planned_at = field_instant(result, row, 3),
        .zone = g_strdup(db_result_text(result, row, 5)),
        .is_running = db_result_bool(result, row, 6),
        .has_rules = db_result_bool(result, row, 7),
    };
    return self;
}

static void
on_loaded(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    g_autofree Request *request = user_data;

    if (error != NULL) {
        request->done.loaded(NULL, NO_INSTANT, error, request->user_data);
        return;
    }

    int rows = db_result_rows(result);
    int64_t now_at = rows > 0 ? db_result_instant(result, 0, 4) : NO_INSTANT;
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(unplanned_job_free);

    for (int row = 0; row < rows; row++)
        g_ptr_array_add(jobs, read_unplanned_job(result, row));
    request->done.loaded(jobs, now_at, NULL, request->user_data);
}

void
plans_load(Store *store, int after_id, int limit, PlansLoaded loaded, gpointer user_data)
{
    Request *request = request_new(user_data);
    g_autoptr(DbParams) params = db_params_new();

    request->done.loaded = loaded;
    db_params_add_int4(params, limit);
    db_params_add_int4(params, after_id);
    db_conn_query(store_control(store), sql_query("plans_load"), g_steal_pointer(&params),
                  on_loaded, request);
}

/* One array parameter with a field of each plan. */
typedef void (*AddField)(DbParams *params, const JobPlan *plan);

static void
params_add_column(DbParams *params, const GArray *plans, DbType type, AddField add)
{
    db_params_begin_array(params, type);
    for (guint i = 0; i < plans->len; i++)
        add(params, &g_array_index(plans, JobPlan, i));
    db_params_end_array(params);
}

static void
add_job_id(DbParams *params, const JobPlan *plan)
{
    db_params_add_int4(params, plan->job_id);
}

static void
add_revision(DbParams *params, const JobPlan *plan)
{
    db_params_add_int4(params, plan->revision);
}

static void
add_planned_at(DbParams *params, const JobPlan *plan)
{
    params_add_optional_instant(params, plan->planned_at);
}

static void
add_last_slot_at(DbParams *params, const JobPlan *plan)
{
    params_add_optional_instant(params, plan->last_slot_at);
}

static void
add_seen_planned_at(DbParams *params, const JobPlan *plan)
{
    params_add_optional_instant(params, plan->seen_planned_at);
}

static void
add_seen_last_slot_at(DbParams *params, const JobPlan *plan)
{
    params_add_optional_instant(params, plan->seen_last_slot_at);
}

static void
add_is_left(DbParams *params, const JobPlan *plan)
{
    db_params_add_bool(params, plan->is_left);
}

static void
params_add_problems(DbParams *params, const GPtrArray *problems)
{
    db_params_begin_array(params, DB_INT4);
    for (guint i = 0; i < problems->len; i++)
        db_params_add_int4(params, ((RuleProblem *)g_ptr_array_index(problems, i))->job_id);
    db_params_end_array(params);
    db_params_begin_array(params, DB_INT4);
    for (guint i = 0; i < problems->len; i++)
        db_params_add_int4(params, ((RuleProblem *)g_ptr_array_index(problems, i))->rule_id);
    db_params_end_array(params);
    db_params_begin_array(params, DB_TEXT);
    for (guint i = 0; i < problems->len; i++)
        db_params_add_text(params, ((RuleProblem *)g_ptr_array_index(problems, i))->text);
    db_params_end_array(params);
}

typedef struct {
    Store *store;
    GArray *plans;       /* of JobPlan */
    GPtrArray *problems; /* of RuleProblem */
    Halves halves;
    int64_t written;
    GError *refusal;
    PlansWritten done;
    gpointer user_data;
} Write;

static void write_next(Write *self);

static void
write_end(Write *self, const GError *error)
{
    self->done(self->written, self->refusal, error, self->user_data);
    g_array_unref(self->plans);
    g_ptr_array_unref(self->problems);
    g_clear_error(&self->refusal);
    g_free(self);
}

static void
on_written(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Write *self = user_data;

    if (error != NULL && fault_is_of_server(fault)) {
        write_end(self, error);
        return;
    }
    if (error == NULL) {
        self->written += db_result_affected(result);
        halves_accepted(&self->halves);
    } else if (halves_refused(&self->halves) && self->refusal == NULL) {
        self->refusal = g_error_copy(error);
    }
    write_next(self);
}

/* Problems of jobs that are not among the plans are not written by the statement. */
static DbParams *
write_params(const Write *self)
{
    DbParams *params = db_params_new();
    g_autoptr(GArray) plans = g_array_new(FALSE, FALSE, sizeof(JobPlan));

    g_array_append_vals(plans, &g_array_index(self->plans, JobPlan, self->halves.at),
                        halves_count(&self->halves));
    params_add_column(params, plans, DB_INT4, add_job_id);
    params_add_column(params, plans, DB_INT4, add_revision);
    params_add_column(params, plans, DB_TIMESTAMPTZ, add_planned_at);
    params_add_column(params, plans, DB_TIMESTAMPTZ, add_last_slot_at);
    db_params_add_text(params, store_name(self->store));
    params_add_column(params, plans, DB_BOOL, add_is_left);
    params_add_problems(params, self->problems);
    params_add_column(params, plans, DB_TIMESTAMPTZ, add_seen_planned_at);
    params_add_column(params, plans, DB_TIMESTAMPTZ, add_seen_last_slot_at);
    db_params_add_text(params, store_uuid(self->store));
    db_params_add_int8(params, store_epoch(self->store));
    return params;
}

static void
write_next(Write *self)
{
    if (halves_count(&self->halves) == 0) {
        write_end(self, NULL);
    } else if (store_control(self->store) == NULL) {
        g_autoptr(GError) gone = g_error_new_literal(ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION,
                                                     "the control connection is gone");
        write_end(self, gone);
    } else {
        db_conn_query(store_control(self->store), sql_query("plans_write"), write_params(self),
                      on_written, self);
    }
}

void
plans_write(Store *store, GArray *plans, GPtrArray *problems, PlansWritten written,
            gpointer user_data)
{
    Write *write = g_new0(Write, 1);

    write->store = store;
    write->plans = g_array_ref(plans);
    write->problems = g_ptr_array_ref(problems);
    halves_begin(&write->halves, plans->len);
    write->done = written;
    write->user_data = user_data;
    write_next(write);
}

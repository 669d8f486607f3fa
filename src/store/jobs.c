/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/jobs.h"

#include <string.h>

#include "base/error.h"
#include "calendar/bitmap.h"
#include "store/fields.h"
#include "store/lists.h"
#include "store/sql.h"

typedef struct {
    union {
        JobsLooked looked;
        JobsSchedules schedules;
        JobsSteps steps;
    } done;
    gpointer user_data;
    DbParams *due_params; /* of a look */
    DbParams *next_params;
} Request;

static Request *
request_new(gpointer user_data)
{
    Request *self = g_new0(Request, 1);

    self->user_data = user_data;
    return self;
}

/* Peek */

static void
due_job_free(gpointer data)
{
    DueJob *self = data;

    g_free(self->name);
    g_free(self->zone);
    g_free(self->server);
    g_free(self->database);
    g_free(self);
}

static MissedPolicy
read_missed_policy(const char *word)
{
    static const char *const words[] = {
        [MISSED_ONCE] = "once", [MISSED_SKIP] = "skip", [MISSED_ALL] = "all"};
    MissedPolicy policy = MISSED_ONCE;

    G_STATIC_ASSERT(G_N_ELEMENTS(words) == N_MISSED_POLICIES);
    while (policy < MISSED_ALL && strcmp(words[policy], word) != 0)
        policy++;
    return policy;
}

static DueJob *
read_due_job(const DbResult *result, int row)
{
    DueJob *self = g_new(DueJob, 1);

    *self = (DueJob){
        .id = (int)db_result_int(result, row, 0),
        .name = g_strdup(db_result_text(result, row, 1)),
        .revision = (int)db_result_int(result, row, 2),
        .is_busy = db_result_bool(result, row, 3),
        .next_at = field_instant(result, row, 4),
        .planned_at = field_instant(result, row, 5),
        .zone = g_strdup(db_result_text(result, row, 6)),
        .timeout_us = db_result_int(result, row, 7),
        .server = g_strdup(db_result_text(result, row, 8)),
        .database = g_strdup(db_result_text(result, row, 9)),
        .has_rules = db_result_bool(result, row, 10),
        .missed = read_missed_policy(db_result_text(result, row, 11)),
        .grace_us =
            db_result_is_null(result, row, 12) ? DUE_JOB_NO_GRACE : db_result_int(result, row, 12),
        .is_wish_first = db_result_bool(result, row, 13),
    };
    return self;
}

static void
on_looked(const GPtrArray *results, int failed, const GError *error, const DbFault *fault,
          gpointer user_data)
{
    g_autofree Request *request = user_data;

    db_params_free(request->due_params);
    db_params_free(request->next_params);
    if (error != NULL) {
        request->done.looked(NULL, NULL, NULL, NO_INSTANT, error, request->user_data);
        return;
    }

    const DbResult *due = g_ptr_array_index(results, 0);
    const DbResult *next = g_ptr_array_index(results, 1);
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(due_job_free);
    const NextJob next_job = {.at = field_instant(next, 0, 0),
                              .server = db_result_text(next, 0, 2),
                              .database = db_result_text(next, 0, 3)};
    const JobsNews news = {.pause = db_result_text(next, 0, 4),
                           .has_cancels = db_result_bool(next, 0, 5)};

    for (int row = 0; row < db_result_rows(due); row++)
        g_ptr_array_add(jobs, read_due_job(due, row));
    request->done.looked(jobs, &next_job, &news, db_result_instant(next, 0, 1), NULL,
                         request->user_data);
}

/* Both questions in one transaction: what is due up to now(), and what comes after the same now(). */
void
jobs_look(Store *store, int limit, int listed, const GPtrArray *full_servers,
          const GArray *left_out, JobsLooked looked, gpointer user_data)
{
    Request *request = request_new(user_data);
    DbParams *due = request->due_params = db_params_new();
    DbParams *next = request->next_params = db_params_new();

    request->done.looked = looked;
    db_params_add_text(due, store_host(store));
    db_params_add_text(due, store_name(store));
    params_add_texts(due, full_servers);
    db_params_add_int4(due, limit);
    params_add_ids(due, left_out);
    db_params_add_int4(due, listed);
    db_params_add_text(next, store_host(store));
    db_params_add_text(next, store_name(store));

    const DbStatement statements[] = {{sql_query("jobs_due"), due}, {sql_query("jobs_next"), next}};
    db_conn_transaction(store_control(store), statements, G_N_ELEMENTS(statements), on_looked,
                        request);
}

/* Schedules */

static void
schedule_row_free(gpointer data)
{
    ScheduleRow *self = data;

    g_free(self->zone);
    g_array_unref(self->exceptions);
    g_free(self);
}

static ScheduleRow *
read_schedule(const DbResult *result, int row)
{
    ScheduleRow *self = g_new0(ScheduleRow, 1);
    size_t length;

    self->id = (int)db_result_int(result, row, 1);
    self->start_at = db_result_instant(result, row, 2);
    self->end_at =
        db_result_is_null(result, row, 3) ? SCHEDULE_NO_END : db_result_instant(result, row, 3);
    bitmap_rule(db_result_bits(result, row, 4, &length), db_result_bits(result, row, 5, &length),
                db_result_bits(result, row, 6, &length), db_result_bits(result, row, 7, &length),
                db_result_bits(result, row, 8, &length), &self->rule);
    self->zone = g_strdup(db_result_text(result, row, 9));
    self->exceptions = g_array_new(FALSE, FALSE, sizeof(ScheduleException));
    return self;
}

static void
schedule_row_add_exception(ScheduleRow *self, const DbResult *result, int row)
{
    bool has_date = !db_result_is_null(result, row, 10);
    bool has_time = !db_result_is_null(result, row, 11);

    if (!has_date && !has_time)
        return; /* no exception here, or one that matches nothing */

    const ScheduleException exception = {
        .date = has_date ? db_result_date(result, row, 10) : SCHEDULE_ANY_DATE,
        .minute =
            has_time ? (int32_t)(db_result_time(result, row, 11) / 60000000) : SCHEDULE_ANY_MINUTE,
    };
    g_array_append_val(self->exceptions, exception);
}

static void
on_schedules(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    g_autofree Request *request = user_data;

    if (error != NULL) {
        request->done.schedules(NULL, error, request->user_data);
        return;
    }

    g_autoptr(GHashTable) lists = lists_new();
    ScheduleRow *last = NULL;

    for (int row = 0; row < db_result_rows(result); row++) {
        if (last == NULL || last->id != (int)db_result_int(result, row, 1)) {
            last = read_schedule(result, row);
            lists_add(lists, (int)db_result_int(result, row, 0), last, schedule_row_free);
        }
        schedule_row_add_exception(last, result, row);
    }
    request->done.schedules(lists, NULL, request->user_data);
}

void
jobs_schedules(Store *store, const GArray *job_ids, JobsSchedules loaded, gpointer user_data)
{
    Request *request = request_new(user_data);
    g_autoptr(DbParams) params = db_params_new();

    request->done.schedules = loaded;
    params_add_ids(params, job_ids);
    db_conn_query(store_control(store), sql_query("jobs_schedules"), g_steal_pointer(&params),
                  on_schedules, request);
}

/* Steps */

void
step_row_free(StepRow *self)
{
    g_free(self->name);
    g_free(self->code);
    g_free(self->conninfo);
    g_free(self->database);
    g_free(self);
}

static StepRow *
read_step(const DbResult *result, int row)
{
    StepRow *self = g_new(StepRow, 1);

    *self = (StepRow){
        .job_id = (int)db_result_int(result, row, 0),
        .id = (int)db_result_int(result, row, 1),
        .name = g_strdup(db_result_text(result, row, 2)),
        .kind = db_result_text(result, row, 3)[0],
        .code = g_strdup(db_result_text(result, row, 4)),
        .conninfo = g_strdup(db_result_text(result, row, 5)),
        .database = g_strdup(db_result_text(result, row, 6)),
        .on_error = db_result_text(result, row, 7)[0],
        .timeout_us = db_result_int(result, row, 8),
    };
    return self;
}

static void
on_steps(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    g_autofree Request *request = user_data;

    if (error != NULL) {
        request->done.steps(NULL, error, request->user_data);
        return;
    }

    g_autoptr(GHashTable) lists = lists_new();
    for (int row = 0; row < db_result_rows(result); row++) {
        StepRow *step = read_step(result, row);

        lists_add(lists, step->job_id, step, (GDestroyNotify)step_row_free);
    }
    request->done.steps(lists, NULL, request->user_data);
}

void
jobs_steps(Store *store, const GArray *job_ids, JobsSteps loaded, gpointer user_data)
{
    Request *request = request_new(user_data);
    g_autoptr(DbParams) params = db_params_new();

    request->done.steps = loaded;
    params_add_ids(params, job_ids);
    db_conn_query(store_control(store), sql_query("jobs_steps"), g_steal_pointer(&params), on_steps,
                  request);
}

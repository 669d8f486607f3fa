/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/reaper.h"

#include <inttypes.h>

#include "base/log.h"
#include "store/sql.h"

#define AT_ONCE_MAX 4
#define LIMIT_MS    15000
#define WAITING_MAX 1000

struct Reaper {
    DbPool *pool;
    GQueue waiting; /* of Remnant */
    GQueue under_way;
};

/* What is left of one step. */
typedef struct {
    Reaper *reaper;
    int job_id;
    int64_t run_id;
    DbTarget *target; /* NULL: its connection string cannot be read */
    DbBackend backend;
    DbLease *lease;
    guint time_limit; /* source */
} Remnant;

static void reaper_go_on(Reaper *self);

static void
remnant_free(gpointer data)
{
    Remnant *self = data;

    g_clear_handle_id(&self->time_limit, g_source_remove);
    db_lease_close(self->lease);
    g_clear_pointer(&self->target, db_target_unref);
    g_free(self);
}

static void
remnant_done(Remnant *self)
{
    Reaper *reaper = self->reaper;

    g_queue_remove(&reaper->under_way, self);
    remnant_free(self);
    reaper_go_on(reaper);
}

static void
remnant_give_up(const Remnant *self, const char *why)
{
    log_job_warning(self->job_id,
                    "a step of run %" PRId64 ", whose agent died, may still be at work in process "
                    "%d of the server of %s: could not end it: %s",
                    self->run_id, self->backend.pid,
                    self->target != NULL ? db_target_describe(self->target) : "the step", why);
}

static void
on_ended(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Remnant *self = user_data;

    if (error != NULL)
        remnant_give_up(self, error->message);
    else if (db_result_rows(result) > 0)
        log_job_notice(self->job_id,
                       "ended process %d of the server of %s, in which run %" PRId64
                       ", whose agent died, was still at work",
                       self->backend.pid, db_target_describe(self->target), self->run_id);
    if (error == NULL)
        db_lease_release(g_steal_pointer(&self->lease));
    remnant_done(self);
}

static void
on_ready(DbConn *conn, const GError *error, gpointer user_data)
{
    Remnant *self = user_data;

    if (error != NULL) {
        remnant_give_up(self, error->message);
        remnant_done(self);
        return;
    }

    g_autoptr(DbParams) params = db_params_new();
    db_params_add_int4(params, self->backend.pid);
    db_params_add_instant(params, self->backend.started_at);
    db_conn_query(conn, sql_query("steps_end"), g_steal_pointer(&params), on_ended, self);
}

static gboolean
on_time_limit(gpointer user_data)
{
    Remnant *self = user_data;

    self->time_limit = 0;
    remnant_give_up(self, "the server does not answer");
    remnant_done(self);
    return G_SOURCE_REMOVE;
}

static void
remnant_begin(Remnant *self)
{
    self->time_limit = g_timeout_add(LIMIT_MS, on_time_limit, self);
    self->lease = db_pool_acquire(self->reaper->pool, self->target, on_ready, self);
}

static void
reaper_go_on(Reaper *self)
{
    while (self->under_way.length < AT_ONCE_MAX && self->waiting.length > 0) {
        Remnant *next = g_queue_pop_head(&self->waiting);

        g_queue_push_tail(&self->under_way, next);
        remnant_begin(next);
    }
}

static const char *
find_objection(const Remnant *remnant, const GError *error)
{
    if (remnant->target == NULL)
        return error->message;
    if (remnant->backend.started_at == 0)
        return "it is not known when that process was started";
    if (remnant->reaper->waiting.length == WAITING_MAX)
        return "there are too many of them";
    return NULL;
}

void
reaper_end_step(Reaper *self, int job_id, int64_t run_id, const char *conninfo,
                const DbBackend *backend)
{
    g_autoptr(GError) error = NULL;
    Remnant *remnant = g_new0(Remnant, 1);

    *remnant = (Remnant){.reaper = self,
                         .job_id = job_id,
                         .run_id = run_id,
                         .target = db_target_parse(conninfo, &error),
                         .backend = *backend};
    const char *objection = find_objection(remnant, error);
    if (objection != NULL) {
        remnant_give_up(remnant, objection);
        remnant_free(remnant);
        return;
    }
    g_queue_push_tail(&self->waiting, remnant);
    reaper_go_on(self);
}

Reaper *
reaper_new(DbPool *pool)
{
    Reaper *self = g_new0(Reaper, 1);

    self->pool = pool;
    g_queue_init(&self->waiting);
    g_queue_init(&self->under_way);
    return self;
}

void
reaper_free(Reaper *self)
{
    if (self == NULL)
        return;
    g_queue_clear_full(&self->waiting, remnant_free);
    g_queue_clear_full(&self->under_way, remnant_free);
    g_free(self);
}

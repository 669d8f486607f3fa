/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/writer.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "store/holds.h"
#include "store/sql.h"

#define BATCH_MAX        100
#define WAITING_LIMIT    10000 /* writes: beyond it, those that can be done without are not taken */
#define PUT_OFF_LIMIT    1000  /* of these that are put off: each asks the server by itself */
#define TEXT_LIMIT       (INT64_C(64) * 1024 * 1024) /* bytes: beyond it, long texts are to be cut */
#define AGAIN_FIRST_MS   100                         /* a write that has to wait for somebody */
#define TROUBLE_FIRST_MS 500                         /* a server that cannot write at all */
#define PAUSE_MAX_MS     5000
#define FENCED_SQLSTATE  "PGA01" /* as pgagent.pga_fence says it */

struct Writer {
    DbConn *conn;
    DbParams *identity; /* the fence's parameters: as whom it writes on that connection */
    WriterFenced fenced;
    gpointer fenced_data;
    GQueue pending;    /* of Write */
    GQueue put_off;    /* of Write, each with a timer of its own */
    GPtrArray *flying; /* of Write: the transaction under way */
    int64_t sent_mono; /* when it was sent */
    bool is_void;      /* and it was given up meanwhile */
    Holds *holds;
    int64_t bytes; /* of all parameters */
    guint dropped; /* not taken since it was last caught up */
    bool is_heavy; /* and that was said */
    void (*caught_up)(gpointer user_data);
    gpointer caught_up_data;
    guint batch_max; /* halved after a refusal, doubled after a success */
    guint flush_id;
    guint trouble_ms; /* the server cannot write: the pause before the next attempt; 0 = it can */
};

static void writer_flush(Writer *self);
static void writer_schedule(Writer *self, guint after_ms);

static void
write_free(gpointer data)
{
    Write *write = data;

    g_clear_handle_id(&write->again_id, g_source_remove);
    write->writer->bytes -= db_params_size(write->params);
    db_params_free(write->params);
    g_free(write);
}

/* One that the tables did not take. */
static void
on_try_again(Write *probe, gpointer user_data)
{
    Writer *self = user_data;

    g_queue_push_head(&self->pending, probe);
    if (self->flush_id == 0)
        writer_schedule(self, 0);
}

Writer *
writer_new(WriterFenced fenced, gpointer user_data)
{
    Writer *self = g_new0(Writer, 1);

    self->fenced = fenced;
    self->fenced_data = user_data;
    g_queue_init(&self->pending);
    g_queue_init(&self->put_off);
    self->flying = g_ptr_array_new_with_free_func(write_free);
    self->holds = holds_new(on_try_again, self);
    self->batch_max = BATCH_MAX;
    return self;
}

void
writer_free(Writer *self)
{
    if (self == NULL)
        return;
    self->conn = NULL;
    writer_clear(self);
    g_clear_handle_id(&self->flush_id, g_source_remove);
    g_ptr_array_unref(self->flying);
    holds_free(self->holds);
    db_params_free(self->identity);
    g_free(self);
}

static gboolean
on_flush(gpointer user_data)
{
    Writer *self = user_data;

    self->flush_id = 0;
    writer_flush(self);
    return G_SOURCE_REMOVE;
}

/* At the end of this turn of the loop, so that all that comes in one turn goes together. */
static void
writer_schedule(Writer *self, guint after_ms)
{
    g_clear_handle_id(&self->flush_id, g_source_remove);
    self->flush_id = after_ms > 0 ? g_timeout_add(after_ms, on_flush, self)
                                  : g_idle_add_full(G_PRIORITY_DEFAULT, on_flush, self, NULL);
}

/* Puts what was under way back to the head of the queue, in its order. */
static void
writer_take_back(Writer *self)
{
    if (self->is_void)
        g_ptr_array_set_size(self->flying, 0);
    self->is_void = false;
    while (self->flying->len > 0)
        g_queue_push_head(&self->pending,
                          g_ptr_array_steal_index(self->flying, self->flying->len - 1));
}

/* Writes that have to wait */

static gboolean
on_again(gpointer user_data)
{
    Write *write = user_data;
    Writer *self = write->writer;

    write->again_id = 0;
    g_queue_remove(&self->put_off, write);
    g_queue_push_tail(&self->pending, write);
    if (self->flush_id == 0)
        writer_schedule(self, 0);
    return G_SOURCE_REMOVE;
}

/* The others need not wait for it. */
static void
writer_put_off(Writer *self, Write *write)
{
    write->pause_ms = CLAMP(write->pause_ms * 2, AGAIN_FIRST_MS, PAUSE_MAX_MS);
    write->again_id = g_timeout_add(write->pause_ms, on_again, write);
    g_queue_push_tail(&self->put_off, write);
}

static bool
writer_is_full(const Writer *self)
{
    return self->pending.length + holds_count(self->holds) >= WAITING_LIMIT ||
           self->put_off.length >= PUT_OFF_LIMIT;
}

/* What was not taken is told once there is room again. */
static void
writer_catch_up(Writer *self)
{
    if (self->dropped == 0 || holds_count(self->holds) > 0 || self->trouble_ms > 0 ||
        writer_is_full(self))
        return;
    log_warning("%u writes to the log tables were given up, because too many waited",
                self->dropped);
    self->dropped = 0;
    if (self->caught_up != NULL)
        self->caught_up(self->caught_up_data);
}

/* Takes the write over. */
static void
writer_answer(Writer *self, Write *write, const DbResult *result, const GError *error)
{
    if (write->is_probe)
        holds_release(self->holds, write, &self->pending);
    if (write->done != NULL && write->done(result, error, write->user_data) == WRITER_AGAIN)
        writer_put_off(self, write);
    else
        write_free(write);
}

static void
writer_answer_all(Writer *self, const GPtrArray *results, const GError *error)
{
    g_autoptr(GPtrArray) written = g_steal_pointer(&self->flying);

    self->flying = g_ptr_array_new_with_free_func(write_free);
    g_ptr_array_set_free_func(written, NULL);
    for (guint i = 0; i < written->len; i++)
        writer_answer(self, g_ptr_array_index(written, i),
                      results != NULL ? g_ptr_array_index(results, i + 1) : NULL, error);
}

/* The transaction under way */

static void
writer_in_trouble(Writer *self, const GError *error)
{
    if (self->trouble_ms == 0)
        log_error("could not write to the log tables, will keep trying: %s", error->message);
    self->trouble_ms = CLAMP(self->trouble_ms * 2, TROUBLE_FIRST_MS, PAUSE_MAX_MS);
    writer_take_back(self);
    writer_schedule(self, self->trouble_ms);
}

static void
writer_out_of_trouble(Writer *self)
{
    if (self->trouble_ms > 0)
        log_notice("the log tables can be written again");
    self->trouble_ms = 0;
}

static void
writer_refused(Writer *self, const GError *error, const DbFault *fault)
{
    guint count = self->flying->len;

    if (fault_is_of_server(fault)) {
        writer_in_trouble(self, error);
    } else if (count > 1) {
        self->batch_max = count / 2;
        writer_take_back(self);
        writer_schedule(self, 0);
    } else if (fault_is_of_rivals(fault)) {
        log_debug("a row of the log tables has to wait: %s", error->message);
        writer_put_off(self, g_ptr_array_steal_index(self->flying, 0));
    } else if (fault_is_of_tables(fault)) {
        holds_add(self->holds, g_ptr_array_steal_index(self->flying, 0), error);
    } else {
        writer_answer_all(self, NULL, error);
    }
}

/* The fence itself. */
static void
writer_not_admitted(Writer *self, const GError *error, const DbFault *fault)
{
    if (g_strcmp0(fault->sqlstate, FENCED_SQLSTATE) != 0) {
        writer_in_trouble(self, error);
        return;
    }
    writer_take_back(self);
    self->fenced(self->fenced_data);
}

static void
on_written(const GPtrArray *results, int failed, const GError *error, const DbFault *fault,
           gpointer user_data)
{
    Writer *self = user_data;

    if (self->is_void) {
        writer_take_back(self);
    } else if (error == NULL) {
        self->batch_max = MIN(self->batch_max * 2, BATCH_MAX);
        writer_out_of_trouble(self);
        writer_answer_all(self, results, NULL);
        writer_catch_up(self);
    } else if (error_is_cut_off(error)) {
        writer_take_back(self);
        return;
    } else if (failed == 0) {
        writer_not_admitted(self, error, fault);
    } else {
        writer_refused(self, error, fault);
    }

    if (self->flush_id == 0)
        writer_flush(self);
}

static void
writer_flush(Writer *self)
{
    if (self->conn == NULL || self->flying->len > 0 || g_queue_is_empty(&self->pending))
        return;

    g_clear_handle_id(&self->flush_id, g_source_remove);
    guint count = MIN(g_queue_get_length(&self->pending), self->batch_max);
    g_autofree DbStatement *statements = g_new(DbStatement, count + 1);

    statements[0] = (DbStatement){.sql = sql_query("writer_fence"), .params = self->identity};
    for (guint i = 0; i < count; i++) {
        Write *write = g_queue_pop_head(&self->pending);

        g_ptr_array_add(self->flying, write);
        statements[i + 1] = (DbStatement){.sql = write->sql, .params = write->params};
    }
    self->sent_mono = clock_now_mono();
    db_conn_transaction(self->conn, statements, (int)count + 1, on_written, self);
}

void
writer_set_conn(Writer *self, DbConn *conn, const char *uuid, int64_t epoch)
{
    /* A transaction under way borrows it, but its connection is gone, or not used by us any more. */
    g_clear_pointer(&self->identity, db_params_free);
    self->conn = conn;
    if (conn == NULL) {
        writer_take_back(self);
        return;
    }
    self->identity = db_params_new();
    db_params_add_text(self->identity, uuid);
    db_params_add_int8(self->identity, epoch);
    writer_schedule(self, 0);
}

int64_t
writer_unanswered_us(const Writer *self)
{
    return self->flying->len > 0 ? clock_now_mono() - self->sent_mono : 0;
}

void
writer_ping(Writer *self)
{
    if (writer_is_idle(self))
        writer_add(self, sql_query("writer_ping"), NULL, NULL, NULL);
}

bool
writer_has_room(Writer *self)
{
    if (!writer_is_full(self))
        return true;
    if (self->dropped++ == 0)
        log_error("too many writes to the log tables wait: giving up what can be done without");
    return false;
}

bool
writer_is_heavy(Writer *self)
{
    if (self->bytes > TEXT_LIMIT && !self->is_heavy) {
        log_warning("more than %d MB wait to be written to the log tables: keeping little of "
                    "what steps print",
                    (int)(TEXT_LIMIT / 1024 / 1024));
        self->is_heavy = true;
    } else if (self->bytes < TEXT_LIMIT / 2 && self->is_heavy) {
        log_notice("what steps print is kept again");
        self->is_heavy = false;
    }
    return self->is_heavy;
}

void
writer_on_caught_up(Writer *self, void (*caught_up)(gpointer user_data), gpointer user_data)
{
    self->caught_up = caught_up;
    self->caught_up_data = user_data;
}

void
writer_add(Writer *self, const char *sql, DbParams *params, WriterDone done, gpointer user_data)
{
    if (done == NULL && !writer_has_room(self)) {
        db_params_free(params);
        return;
    }

    Write *write = g_new(Write, 1);

    *write =
        (Write){.writer = self, .sql = sql, .params = params, .done = done, .user_data = user_data};
    self->bytes += db_params_size(params);
    if (holds_take(self->holds, write))
        return;
    g_queue_push_tail(&self->pending, write);
    if (self->flush_id == 0)
        writer_schedule(self, 0);
}

static void
write_cancel(Write *write)
{
    g_autoptr(GError) cancelled =
        g_error_new_literal(ALMANAC_ERROR, ALMANAC_ERROR_CANCELLED, "the write was given up");
    WriterDone done = g_steal_pointer(&write->done);

    if (done != NULL)
        (void)done(NULL, cancelled, write->user_data);
}

/* What callbacks add meanwhile goes too. */
static void
cancel_all(GQueue *writes)
{
    for (Write *write; (write = g_queue_pop_head(writes)) != NULL; write_free(write))
        write_cancel(write);
}

void
writer_clear(Writer *self)
{
    /* What is under way cannot be taken back; nobody hears how it ends. */
    for (guint i = 0; i < self->flying->len; i++)
        write_cancel(g_ptr_array_index(self->flying, i));
    self->is_void = self->flying->len > 0;
    cancel_all(&self->put_off);
    holds_release_all(self->holds, &self->pending);
    cancel_all(&self->pending);
}

bool
writer_is_idle(const Writer *self)
{
    return self->flying->len == 0 && self->pending.length == 0 && self->put_off.length == 0 &&
           holds_count(self->holds) == 0;
}

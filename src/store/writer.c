/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/writer.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"

#define BATCH_MAX        100
#define PENDING_LIMIT    100000 /* beyond it, writes that nobody waits for are dropped */
#define AGAIN_FIRST_MS   100    /* a write that has to wait for somebody */
#define TROUBLE_FIRST_MS 500    /* a server that cannot write at all */
#define PAUSE_MAX_MS     5000

typedef struct {
    Writer *writer;
    const char *sql;
    DbParams *params;
    WriterDone done;
    gpointer user_data;
    guint pause_ms; /* before it is sent again; 0 = it was never put off */
    guint again_id;
} Write;

struct Writer {
    DbConn *conn;
    GQueue pending;    /* of Write */
    GQueue put_off;    /* of Write, each with a timer of its own */
    GPtrArray *flying; /* of Write: the transaction under way */
    guint batch_max;   /* halved after a refusal, doubled after a success */
    guint flush_id;
    guint trouble_ms; /* the server cannot write: the pause before the next attempt; 0 = it can */
    bool overflowing;
};

static void writer_flush(Writer *self);

static void
write_free(gpointer data)
{
    Write *write = data;

    g_clear_handle_id(&write->again_id, g_source_remove);
    db_params_free(write->params);
    g_free(write);
}

Writer *
writer_new(void)
{
    Writer *self = g_new0(Writer, 1);

    g_queue_init(&self->pending);
    g_queue_init(&self->put_off);
    self->flying = g_ptr_array_new_with_free_func(write_free);
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

/* Takes the write over. */
static void
writer_answer(Writer *self, Write *write, const DbResult *result, const GError *error)
{
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
                      results != NULL ? g_ptr_array_index(results, i) : NULL, error);
}

/* The transaction under way */

static void
writer_in_trouble(Writer *self, const GError *error)
{
    if (self->trouble_ms == 0)
        log_warning("could not write to the log tables, will keep trying: %s", error->message);
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
    } else {
        writer_answer_all(self, NULL, error);
    }
}

static void
on_written(const GPtrArray *results, int failed, const GError *error, const DbFault *fault,
           gpointer user_data)
{
    Writer *self = user_data;

    if (error == NULL) {
        self->batch_max = MIN(self->batch_max * 2, BATCH_MAX);
        writer_out_of_trouble(self);
        writer_answer_all(self, results, NULL);
    } else if (error_is_cut_off(error)) {
        writer_take_back(self);
        return;
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
    g_autofree DbStatement *statements = g_new(DbStatement, count);

    for (guint i = 0; i < count; i++) {
        Write *write = g_queue_pop_head(&self->pending);

        g_ptr_array_add(self->flying, write);
        statements[i] = (DbStatement){.sql = write->sql, .params = write->params};
    }
    db_conn_transaction(self->conn, statements, (int)count, on_written, self);
}

void
writer_set_conn(Writer *self, DbConn *conn)
{
    self->conn = conn;
    if (conn == NULL)
        writer_take_back(self);
    else
        writer_schedule(self, 0);
}

void
writer_add(Writer *self, const char *sql, DbParams *params, WriterDone done, gpointer user_data)
{
    if (done == NULL && g_queue_get_length(&self->pending) >= PENDING_LIMIT) {
        if (!self->overflowing)
            log_notice("could not keep more unwritten log rows: dropping messages");
        self->overflowing = true;
        db_params_free(params);
        return;
    }

    Write *write = g_new(Write, 1);
    *write =
        (Write){.writer = self, .sql = sql, .params = params, .done = done, .user_data = user_data};
    self->overflowing = false;
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
    cancel_all(&self->put_off);
    cancel_all(&self->pending);
}

bool
writer_is_idle(const Writer *self)
{
    return self->flying->len == 0 && self->pending.length == 0 && self->put_off.length == 0;
}

/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/writer.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"

#define BATCH_MAX     100
#define RETRY_MS      500
#define PENDING_LIMIT 100000 /* beyond it, writes that nobody waits for are dropped */

typedef struct {
    const char *sql;
    DbParams *params;
    WriterDone done;
    gpointer user_data;
} Write;

struct Writer {
    DbConn *conn;
    GQueue pending;    /* of Write */
    GPtrArray *flying; /* of Write: the transaction under way */
    guint batch_max;   /* halved after a refusal, doubled after a success */
    guint flush_id;
    bool overflowing;
    void (*idle)(gpointer user_data);
    gpointer idle_data;
};

static void writer_flush(Writer *self);

static void
write_free(gpointer data)
{
    Write *write = data;

    db_params_free(write->params);
    g_free(write);
}

Writer *
writer_new(void)
{
    Writer *self = g_new0(Writer, 1);

    g_queue_init(&self->pending);
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

static void
write_answer(Write *write, const DbResult *result, const GError *error)
{
    if (write->done != NULL)
        write->done(result, error, write->user_data);
}

static void
writer_answer_all(Writer *self, const GPtrArray *results)
{
    g_autoptr(GPtrArray) written = g_steal_pointer(&self->flying);

    self->flying = g_ptr_array_new_with_free_func(write_free);
    for (guint i = 0; i < written->len; i++)
        write_answer(g_ptr_array_index(written, i), g_ptr_array_index(results, i), NULL);
}

/* A lock that somebody holds, a deadlock, a full disk, a read-only server: nothing is wrong with the write. */
static bool
fault_may_pass(const DbFault *fault)
{
    static const char *const passing[] = {"40", "53", "55P03", "57", "25006", "58"};

    if (fault == NULL)
        return true;
    for (guint i = 0; i < G_N_ELEMENTS(passing); i++) {
        if (g_str_has_prefix(fault->sqlstate, passing[i]))
            return true;
    }
    return false;
}

static void
writer_refused(Writer *self, const GError *error, const DbFault *fault)
{
    guint count = self->flying->len;

    if (count > 1) {
        self->batch_max = count / 2;
        writer_take_back(self);
        writer_schedule(self, 0);
        return;
    }

    if (fault_may_pass(fault)) {
        /* It goes to the end of the queue: it may wait for a lock, the others need not wait for it. */
        log_warning("could not write to the log tables, will try again: %s", error->message);
        g_queue_push_tail(&self->pending, g_ptr_array_steal_index(self->flying, 0));
        writer_schedule(self, RETRY_MS);
        return;
    }

    g_autoptr(GPtrArray) written = g_steal_pointer(&self->flying);
    self->flying = g_ptr_array_new_with_free_func(write_free);
    write_answer(g_ptr_array_index(written, 0), NULL, error);
}

static void
on_written(const GPtrArray *results, int failed, const GError *error, const DbFault *fault,
           gpointer user_data)
{
    Writer *self = user_data;

    if (error == NULL) {
        self->batch_max = MIN(self->batch_max * 2, BATCH_MAX);
        writer_answer_all(self, results);
    } else if (g_error_matches(error, ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION)) {
        writer_take_back(self);
        return;
    } else {
        writer_refused(self, error, fault);
    }

    if (self->flush_id == 0)
        writer_flush(self);
    if (writer_is_idle(self) && self->idle != NULL)
        self->idle(self->idle_data);
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
    *write = (Write){.sql = sql, .params = params, .done = done, .user_data = user_data};
    self->overflowing = false;
    g_queue_push_tail(&self->pending, write);
    if (self->flush_id == 0)
        writer_schedule(self, 0);
}

void
writer_clear(Writer *self)
{
    g_autoptr(GError) cancelled =
        g_error_new_literal(ALMANAC_ERROR, ALMANAC_ERROR_CANCELLED, "the write was given up");

    /* What is under way cannot be taken back; nobody hears how it ends. */
    for (guint i = 0; i < self->flying->len; i++) {
        Write *write = g_ptr_array_index(self->flying, i);

        write_answer(write, NULL, cancelled);
        write->done = NULL;
    }
    for (Write *write; (write = g_queue_pop_head(&self->pending)) != NULL; write_free(write))
        write_answer(write, NULL, cancelled);
}

bool
writer_is_idle(const Writer *self)
{
    return self->flying->len == 0 && g_queue_get_length((GQueue *)&self->pending) == 0;
}

void
writer_on_idle(Writer *self, void (*idle)(gpointer user_data), gpointer user_data)
{
    self->idle = idle;
    self->idle_data = user_data;
}

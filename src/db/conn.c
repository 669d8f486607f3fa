/* SPDX-License-Identifier: PostgreSQL */
/* One request at a time is on the wire; the next one is sent when the server is done with it. Everything that
 * calls back does so from an event of the loop, with the connection kept alive until the event returns. */
#include "config.h"

#include "db/conn-private.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"

static const char *const state_names[] = {
    [CONN_NEW] = "new",     [CONN_RESOLVING] = "resolving", [CONN_CONNECTING] = "connecting",
    [CONN_READY] = "ready", [CONN_BUSY] = "busy",           [CONN_BROKEN] = "broken",
    [CONN_FREED] = "freed",
};
G_STATIC_ASSERT(G_N_ELEMENTS(state_names) == N_CONN_STATES);

static const guint may_follow[N_CONN_STATES] = {
    [CONN_NEW] = 1u << CONN_CONNECTING | 1u << CONN_FREED,
    [CONN_RESOLVING] = 1u << CONN_CONNECTING | 1u << CONN_FREED,
    [CONN_CONNECTING] =
        1u << CONN_RESOLVING | 1u << CONN_READY | 1u << CONN_BROKEN | 1u << CONN_FREED,
    [CONN_READY] = 1u << CONN_BUSY | 1u << CONN_BROKEN | 1u << CONN_FREED,
    [CONN_BUSY] = 1u << CONN_READY | 1u << CONN_BROKEN | 1u << CONN_FREED,
    [CONN_BROKEN] = 1u << CONN_FREED,
};

static void
request_free(Request *request)
{
    if (request)
        request->kind->free(request);
}

static void
drop_requests(DbConn *self)
{
    g_clear_pointer(&self->running, request_free);
    Request *request;
    while ((request = g_queue_pop_head(&self->queue)))
        request_free(request);
}

static void
drop_session(DbConn *self)
{
    g_clear_pointer(&self->watch, watch_free);
    g_clear_pointer(&self->pg, PQfinish);
}

void
conn_enter(DbConn *self, ConnState to)
{
    g_assert(may_follow[self->state] & 1u << to);
    if (self->state != CONN_BUSY && to != CONN_BUSY)
        log_debug("connection to %s: %s -> %s", db_target_describe(self->target),
                  state_names[self->state], state_names[to]);
    self->state = to;

    if (to == CONN_READY || to == CONN_BROKEN || to == CONN_FREED)
        connect_stop(self);
    if (to == CONN_BROKEN || to == CONN_FREED) {
        g_clear_pointer(&self->watch, watch_free);
        g_clear_handle_id(&self->late, g_source_remove);
    }
    if (to == CONN_BROKEN)
        drop_session(self);
}

DbConn *
conn_ref(DbConn *self)
{
    self->refs++;
    return self;
}

void
conn_unref(DbConn *self)
{
    if (--self->refs > 0)
        return;
    db_target_unref(self->target);
    g_free(self->application_name);
    g_free(self->place);
    g_free(self->last_words);
    g_clear_error(&self->broken);
    g_clear_pointer(&self->prepared, g_hash_table_unref);
    g_free(self);
}

static void
drop_all(DbConn *self)
{
    drop_requests(self);
    drop_session(self);
}

void
conn_begin_event(DbConn *self)
{
    conn_ref(self);
    self->dispatching++;
}

void
conn_end_event(DbConn *self)
{
    self->dispatching--;
    if (self->dispatching == 0 && self->state == CONN_FREED)
        drop_all(self);
    conn_unref(self);
}

/* Requests that were queued before; those that callbacks add now get their answer from the loop. They stay in the
 * queue until it is their turn: a callback may abandon the connection, which then answers the rest. */
static void
fail_requests(DbConn *self, const GError *error)
{
    if (self->running)
        g_queue_push_head(&self->queue, g_steal_pointer(&self->running));
    for (guint left = g_queue_get_length(&self->queue); left > 0; left--) {
        Request *request = g_queue_pop_head(&self->queue);
        if (!request)
            return;
        if (self->state != CONN_FREED)
            request->kind->fail(request, error);
        request_free(request);
    }
}

static GError *
describe_loss(DbConn *self)
{
    g_autofree char *libpq = g_utf8_make_valid(self->pg ? PQerrorMessage(self->pg) : "", -1);
    libpq[strcspn(libpq, "\n")] = '\0';
    const char *reason = self->last_words ? self->last_words : libpq;
    return g_error_new(ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION, "connection to %s lost: %s",
                       db_conn_describe(self),
                       *reason ? reason : "the server closed the connection");
}

static void
on_lost(DbConn *self)
{
    GError *error = describe_loss(self);
    self->broken = error;
    conn_enter(self, CONN_BROKEN);
    fail_requests(self, error);
    if (self->lost && self->state != CONN_FREED)
        self->lost(self, error, self->handlers_data);
}

static gboolean
on_late(gpointer user_data)
{
    DbConn *self = user_data;
    self->late = 0;
    conn_begin_event(self);
    if (self->state == CONN_BROKEN)
        fail_requests(self, self->broken);
    else
        on_lost(self);
    conn_end_event(self);
    return G_SOURCE_REMOVE;
}

void
conn_break_later(DbConn *self)
{
    if (!self->late)
        self->late = g_idle_add_full(G_PRIORITY_DEFAULT, on_late, self, NULL);
}

void
conn_flush(DbConn *self)
{
    int unsent = PQflush(self->pg);
    if (unsent < 0) {
        conn_break_later(self);
        return;
    }
    watch_set_mask(self->watch, unsent ? WATCH_READ | WATCH_WRITE : WATCH_READ);
}

bool
conn_is_alive(DbConn *self)
{
    if (!PQconsumeInput(self->pg))
        return false;
    (void)PQisBusy(self->pg); /* reads a last message of the server, which conn_on_notice keeps */
    return !self->last_words;
}

static void
run_next(DbConn *self)
{
    if (self->state != CONN_READY || g_queue_is_empty(&self->queue))
        return;
    self->running = g_queue_pop_head(&self->queue);
    conn_enter(self, CONN_BUSY);
    if (!self->running->kind->send(self->running, self)) {
        conn_break_later(self);
        return;
    }
    conn_flush(self);
}

void
conn_enqueue(DbConn *self, Request *request)
{
    g_queue_push_tail(&self->queue, request);
    if (self->state == CONN_BROKEN)
        conn_break_later(self);
    else
        run_next(self);
}

static void
keep_last_words(DbConn *self, const PGresult *result)
{
    if (self->last_words || !fault_ends_session(result))
        return;
    g_autoptr(DbFault) fault = fault_new_from_result(result);
    self->last_words = g_strdup(fault->message);
}

/* libpq calls this in the midst of parsing: nobody may be called back from here. */
void
conn_on_notice(void *user_data, const PGresult *result)
{
    DbConn *self = user_data;
    keep_last_words(self, result);
    if (self->running && self->running->kind == &script_kind)
        script_take_notice(self->running, self, result);
}

static void
finish_running(DbConn *self)
{
    Request *done = g_steal_pointer(&self->running);
    conn_enter(self, CONN_READY);
    done->kind->answer(done, self);
    request_free(done);
    run_next(self);
}

/* True if libpq could not take in what the server answered (no memory, say): then nobody knows what was done. */
static bool
has_lost_count(DbConn *self, const PGresult *result)
{
    if (PQstatus(self->pg) == CONNECTION_BAD)
        return false;
    if (!result)
        return PQpipelineStatus(self->pg) == PQ_PIPELINE_OFF &&
               PQtransactionStatus(self->pg) == PQTRANS_ACTIVE;
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_BAD_RESPONSE ||
           (status == PGRES_FATAL_ERROR && !PQresultErrorField(result, PG_DIAG_SQLSTATE));
}

/* True while there may be more. With a broken connection libpq still has what had arrived before. */
static bool
take_result(DbConn *self)
{
    if (self->late)
        return false;
    bool broken = PQstatus(self->pg) == CONNECTION_BAD;
    bool busy = PQisBusy(self->pg) != 0;
    Request *request = self->running;
    if (request->kind->prepare && !request->kind->prepare(request, self, busy))
        return false;
    if (self->state == CONN_FREED || (busy && !broken))
        return false;

    PGresult *result = PQgetResult(self->pg);
    if (!result && PQstatus(self->pg) == CONNECTION_BAD)
        return false;
    if (has_lost_count(self, result)) {
        PQclear(result);
        conn_break_later(self);
        return false;
    }
    if (result && PQresultStatus(result) == PGRES_FATAL_ERROR)
        keep_last_words(self, result);
    if (request->kind->take(request, self, result) && self->state != CONN_FREED)
        finish_running(self);
    return self->state != CONN_FREED && self->running;
}

static void
take_notifications(DbConn *self)
{
    while (self->state != CONN_FREED && self->pg) {
        PGnotify *notify = PQnotifies(self->pg);
        if (!notify)
            return;
        if (self->notified && notify->be_pid != self->backend_pid)
            self->notified(self, notify->relname, notify->be_pid, self->handlers_data);
        PQfreemem(notify);
    }
}

static void
on_ready(WatchMask ready, gpointer user_data)
{
    DbConn *self = user_data;
    conn_begin_event(self);
    bool alive = PQconsumeInput(self->pg) != 0;
    bool readable = alive || PQstatus(self->pg) == CONNECTION_BAD;
    while (readable && self->running && take_result(self))
        ;
    take_notifications(self);
    if (self->state == CONN_READY || self->state == CONN_BUSY) {
        if (!alive || PQstatus(self->pg) == CONNECTION_BAD)
            on_lost(self);
        else
            conn_flush(self);
    }
    conn_end_event(self);
}

static void
note_place(DbConn *self)
{
    if (db_target_host_count(self->target) == 1)
        return;
    g_autofree char *database = db_target_describe_database(self->target);
    g_autofree char *host = db_target_describe_host(self->target, self->connect.host);
    g_free(self->place);
    self->place = g_strdup_printf("%s on %s", database, host);
}

void
conn_on_connected(DbConn *self)
{
    note_place(self);
    PQsetErrorVerbosity(self->pg, PQERRORS_DEFAULT);
    self->backend_pid = PQbackendPID(self->pg);
    self->server_version = PQserverVersion(self->pg);
    g_clear_pointer(&self->watch, watch_free);
    self->watch = watch_new(PQsocket(self->pg), WATCH_READ, on_ready, self);
    conn_enter(self, CONN_READY);
    if (PQsetnonblocking(self->pg, 1) != 0)
        conn_break_later(self);
    run_next(self);
    self->opened(self, NULL, self->opened_data);
}

void
conn_on_refused(DbConn *self, GError *error)
{
    self->broken = error;
    conn_enter(self, CONN_BROKEN);
    fail_requests(self, error);
    if (self->state != CONN_FREED)
        self->opened(self, error, self->opened_data);
}

DbConn *
db_conn_new(DbTarget *target, const char *application_name, int64_t connect_timeout_us)
{
    DbConn *self = g_new0(DbConn, 1);
    self->refs = 1;
    self->target = db_target_ref(target);
    self->application_name = g_strdup(application_name);
    gint64 own_limit_us = db_target_connect_timeout_us(target);
    self->connect.limit_us = own_limit_us ? own_limit_us : connect_timeout_us;
    g_queue_init(&self->queue);
    return self;
}

void
db_conn_free(DbConn *self)
{
    if (!self)
        return;
    conn_enter(self, CONN_FREED);
    if (self->dispatching == 0)
        drop_all(self);
    conn_unref(self);
}

void
db_conn_abandon(DbConn *self, const GError *error)
{
    conn_begin_event(self);
    if (db_conn_is_open(self)) {
        self->broken = g_error_copy(error);
        conn_enter(self, CONN_BROKEN);
    }
    fail_requests(self, error);
    conn_end_event(self);
}

void
db_conn_begin_at(DbConn *self, int host)
{
    self->connect.first_host = self->connect.host = host % db_target_host_count(self->target);
}

int
db_conn_host(const DbConn *self)
{
    return self->connect.host;
}

void
db_conn_open(DbConn *self, DbConnOpened opened, gpointer user_data)
{
    self->opened = opened;
    self->opened_data = user_data;
    conn_enter(self, CONN_CONNECTING);
    connect_start(self);
}

bool
db_conn_is_open(const DbConn *self)
{
    return self->state == CONN_READY || self->state == CONN_BUSY;
}

bool
db_conn_is_reusable(DbConn *self)
{
    if (self->state != CONN_READY || self->late || self->cancel_sent)
        return false;
    return conn_is_alive(self) && PQtransactionStatus(self->pg) == PQTRANS_IDLE;
}

void
db_conn_set_handlers(DbConn *self, DbConnLost lost, DbConnNotified notified, gpointer user_data)
{
    self->lost = lost;
    self->notified = notified;
    self->handlers_data = user_data;
}

int
db_conn_backend_pid(const DbConn *self)
{
    return self->backend_pid;
}

int
db_conn_server_version(const DbConn *self)
{
    return self->server_version;
}

const char *
db_conn_describe(const DbConn *self)
{
    return self->place ? self->place : db_target_describe(self->target);
}

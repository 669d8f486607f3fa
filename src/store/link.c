/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/link.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

#define PAUSE_FIRST_MS 200
#define PAUSE_BUSY_MS  1000
#define MANY_IN_A_ROW  5
#define PAUSE_MAX_MS   5000 /* an agent must be back before others may think it dead */
/* For what is said first on a connection; like connecting, but locks may be waited for (sql/query/session_setup.sql). */
#define ANSWERS_MIN_MS 5000

struct Link {
    DbTarget *target;
    char *purpose;
    int64_t connect_timeout_us;
    guint pause_max_ms;
    guint pause_ms;
    guint timer_id;
    guint answers_id; /* until link_answered */
    DbConn *conn;
    bool is_open;
    bool was_settled;
    guint told;     /* kinds of errors that were said since it was of use: 1 << AlmanacError */
    int code;       /* of the last attempt */
    guint in_a_row; /* attempts that met this */
    int host;       /* of the list: where to begin */
    char *trouble;  /* what the last attempt met */
    LinkEvents events;
    gpointer user_data;
};

void
link_set_times(Link *self, int64_t connect_timeout_us, int64_t retry_us)
{
    self->connect_timeout_us = connect_timeout_us;
    self->pause_max_ms = (guint)CLAMP(retry_us / CLOCK_US_PER_MS, PAUSE_FIRST_MS, PAUSE_MAX_MS);
}

Link *
link_new(DbTarget *target, const char *purpose, int64_t connect_timeout_us, int64_t retry_us,
         const LinkEvents *events, gpointer user_data)
{
    Link *self = g_new0(Link, 1);

    self->target = db_target_ref(target);
    self->purpose = g_strdup(purpose);
    link_set_times(self, connect_timeout_us, retry_us);
    self->pause_ms = PAUSE_FIRST_MS;
    self->events = *events;
    self->user_data = user_data;
    return self;
}

/* Whoever waits for an answer on it gets one: that it was given up. */
static void
link_close(Link *self)
{
    g_autoptr(GError) given_up =
        g_error_new(ALMANAC_ERROR, ALMANAC_ERROR_CANCELLED, "the %s was closed", self->purpose);

    g_clear_handle_id(&self->answers_id, g_source_remove);
    if (self->conn == NULL)
        return;
    db_conn_abandon(self->conn, given_up);
    g_clear_pointer(&self->conn, db_conn_free);
}

void
link_free(Link *self)
{
    if (self == NULL)
        return;
    g_clear_handle_id(&self->timer_id, g_source_remove);
    link_close(self);
    db_target_unref(self->target);
    g_free(self->purpose);
    g_free(self->trouble);
    g_free(self);
}

DbConn *
link_conn(Link *self)
{
    return self->is_open ? self->conn : NULL;
}

void
link_follow(Link *self, const Link *other)
{
    self->host = other->host;
}

const char *
link_trouble(const Link *self)
{
    return self->trouble;
}

static gboolean
on_pause_over(gpointer user_data)
{
    Link *self = user_data;

    self->timer_id = 0;
    link_open(self);
    return G_SOURCE_REMOVE;
}

static void
link_pause(Link *self, const GError *error)
{
    /* A server that answers and may be ready at any moment: a standby, one that starts, one that is full. */
    if (g_error_matches(error, ALMANAC_ERROR, ALMANAC_ERROR_BUSY))
        self->pause_ms = MIN(self->pause_ms, PAUSE_BUSY_MS);
    guint jitter = (guint)g_random_int_range(0, (gint32)self->pause_ms / 4 + 1);

    g_clear_handle_id(&self->timer_id, g_source_remove);
    self->timer_id = g_timeout_add(self->pause_ms + jitter, on_pause_over, self);
    self->pause_ms = MIN(self->pause_ms * 2, self->pause_max_ms);
}

/* Each kind once: the first whatever it is, then at once what people have to mend, and others if they stay (the
 * server's start ends by itself). */
static bool
link_has_news(const Link *self)
{
    if (self->told & 1u << self->code)
        return false;
    return self->told == 0 || self->code == ALMANAC_ERROR_REFUSED ||
           self->code == ALMANAC_ERROR_SCHEMA || self->in_a_row >= MANY_IN_A_ROW;
}

static void
link_report(Link *self, const GError *error)
{
    bool is_first = self->told == 0;

    self->in_a_row = self->code == error->code ? self->in_a_row + 1 : 1;
    self->code = error->code;
    /* Fenced: nothing is wrong with the connection, the agent begins anew and has said why. */
    if (self->code == ALMANAC_ERROR_FENCED || !link_has_news(self)) {
        log_debug("%s: %s", self->purpose, error->message);
        return;
    }
    self->told |= 1u << self->code;
    if (!is_first && self->code == ALMANAC_ERROR_SCHEMA)
        log_error("%s is of no use, will keep trying: %s", self->purpose, error->message);
    else if (is_first && self->was_settled)
        log_error("%s lost, will keep trying: %s", self->purpose, error->message);
    else
        log_error("%s cannot be had yet, will keep trying: %s", self->purpose, error->message);
}

/* The one place where a connection ends, whoever noticed. */
static void
link_down(Link *self, const GError *error)
{
    bool was_open = self->is_open;

    g_free(self->trouble);
    self->trouble = g_strdup(error->message);
    /* A server that was lost, or is of no use, is the last to be tried again. */
    if (was_open)
        self->host++;
    if (!was_open && self->events.failed != NULL && self->events.failed(error, self->user_data))
        return;
    link_report(self, error);
    self->is_open = false;
    if (was_open)
        self->events.lost(self->user_data);
    link_close(self);
    link_pause(self, error);
}

static void
on_lost(DbConn *conn, const GError *error, gpointer user_data)
{
    link_down(user_data, error);
}

static void
on_notified(DbConn *conn, const char *channel, int backend_pid, gpointer user_data)
{
    Link *self = user_data;

    if (backend_pid != db_conn_backend_pid(conn) && self->events.notified != NULL)
        self->events.notified(self->user_data);
}

static gboolean
on_answers_too_long(gpointer user_data)
{
    Link *self = user_data;
    g_autoptr(GError) silent =
        g_error_new_literal(ALMANAC_ERROR, ALMANAC_ERROR_TIMEOUT, "the server does not answer");

    self->answers_id = 0;
    link_down(self, silent);
    return G_SOURCE_REMOVE;
}

static void
on_opened(DbConn *conn, const GError *error, gpointer user_data)
{
    Link *self = user_data;

    if (error != NULL) {
        link_down(self, error);
        return;
    }
    self->is_open = true;
    self->host = db_conn_host(conn);
    guint limit_ms = (guint)MAX(self->connect_timeout_us / CLOCK_US_PER_MS, ANSWERS_MIN_MS);
    self->answers_id = g_timeout_add(limit_ms, on_answers_too_long, self);
    self->events.opened(conn, self->user_data);
}

void
link_open(Link *self)
{
    g_clear_handle_id(&self->timer_id, g_source_remove);
    link_close(self);
    self->is_open = false;
    self->conn = db_conn_new(self->target, "pgalmanac", self->connect_timeout_us);
    db_conn_set_handlers(self->conn, on_lost, on_notified, self);
    db_conn_begin_at(self->conn, self->host);
    db_conn_open(self->conn, on_opened, self);
}

void
link_answered(Link *self)
{
    g_clear_handle_id(&self->answers_id, g_source_remove);
}

void
link_settled(Link *self)
{
    link_answered(self);
    if (self->told != 0 || !self->was_settled)
        log_notice("%s to %s is there", self->purpose, db_conn_describe(self->conn));
    g_clear_pointer(&self->trouble, g_free);
    self->told = 0;
    self->in_a_row = 0;
    self->was_settled = true;
    self->pause_ms = PAUSE_FIRST_MS;
}

void
link_drop(Link *self, const GError *error)
{
    link_down(self, error);
}

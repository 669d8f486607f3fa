/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/journal.h"

#include "base/clock.h"
#include "base/error.h"
#include "store/session.h"

/* Nobody is silent before a statement could have waited for a lock (see sql/query/session_setup.sql). */
#define SILENCE_MIN_US (5 * CLOCK_US_PER_SECOND)

struct Journal {
    Link *link;
    Session *session;
    Writer *writer;
    bool is_open;
    bool is_ready;
    JournalEvents events;
    gpointer user_data;
};

static void
on_begun(const GError *error, gpointer user_data)
{
    Journal *self = user_data;

    if (g_error_matches(error, ALMANAC_ERROR, ALMANAC_ERROR_FENCED))
        self->events.stuck(self->user_data);
    if (error != NULL) {
        if (!error_is_given_up(error) && link_conn(self->link) != NULL)
            link_drop(self->link, error);
        return;
    }
    db_conn_keep_plans(link_conn(self->link));
    link_answered(self->link);
    self->is_open = true;
    self->events.opened(self->user_data);
}

static void
on_opened(DbConn *conn, gpointer user_data)
{
    Journal *self = user_data;

    session_begin(self->session, conn, on_begun, self);
}

static void
on_lost(gpointer user_data)
{
    Journal *self = user_data;

    self->is_open = false;
    self->is_ready = false;
    writer_set_conn(self->writer, NULL, NULL, 0);
}

static void
on_fenced(gpointer user_data)
{
    Journal *self = user_data;

    self->events.fenced(self->user_data);
}

static void
on_caught_up(gpointer user_data)
{
    Journal *self = user_data;

    self->events.caught_up(self->user_data);
}

Journal *
journal_new(DbTarget *target, int64_t lease_us, int64_t connect_timeout_us, int64_t pause_us,
            const JournalEvents *events, gpointer user_data)
{
    static const LinkEvents link_events = {.opened = on_opened, .lost = on_lost};
    Journal *self = g_new0(Journal, 1);

    self->events = *events;
    self->user_data = user_data;
    self->session = session_new(lease_us);
    self->writer = writer_new(on_fenced, self);
    writer_on_caught_up(self->writer, on_caught_up, self);
    self->link =
        link_new(target, "log connection", connect_timeout_us, pause_us, &link_events, self);
    return self;
}

void
journal_free(Journal *self)
{
    if (self == NULL)
        return;
    link_free(self->link);
    session_free(self->session);
    writer_free(self->writer);
    g_free(self);
}

void
journal_set_times(Journal *self, int64_t connect_timeout_us, int64_t pause_us)
{
    link_set_times(self->link, connect_timeout_us, pause_us);
}

void
journal_open(Journal *self, const Link *control)
{
    link_follow(self->link, control);
    if (link_conn(self->link) == NULL)
        link_open(self->link);
}

int64_t
journal_server(const Journal *self)
{
    return self->is_open ? session_server(self->session) : 0;
}

bool
journal_is_ready(const Journal *self)
{
    return self->is_ready;
}

const char *
journal_trouble(const Journal *self)
{
    return link_trouble(self->link);
}

Writer *
journal_writer(Journal *self)
{
    return self->writer;
}

void
journal_write_as(Journal *self, const char *uuid, int64_t epoch)
{
    if (self->is_ready)
        return;
    link_settled(self->link);
    self->is_ready = true;
    writer_set_conn(self->writer, link_conn(self->link), uuid, epoch);
}

void
journal_drop(Journal *self, const GError *why)
{
    if (link_conn(self->link) != NULL)
        link_drop(self->link, why);
}

void
journal_give_up(Journal *self, const GError *why)
{
    writer_clear(self->writer);
    journal_drop(self, why);
}

void
journal_prove(Journal *self, int64_t silence_us)
{
    if (!self->is_ready)
        return;
    if (writer_unanswered_us(self->writer) > MAX(silence_us, SILENCE_MIN_US)) {
        g_autoptr(GError) silent =
            g_error_new_literal(ALMANAC_ERROR, ALMANAC_ERROR_TIMEOUT, "the server does not answer");

        link_drop(self->link, silent);
        return;
    }
    writer_ping(self->writer);
}

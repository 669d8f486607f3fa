/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/store-private.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/error.h"
#include "store/agents.h"
#include "store/runs.h"
#include "store/sql.h"
#include "store/tables.h"

/* Unless we are closing it ourselves. */
static void
store_drop_control(Store *self, const GError *error)
{
    if (!error_is_given_up(error) && link_conn(self->control) != NULL)
        link_drop(self->control, error);
}

/* What is written belongs to the server where this epoch is in the register. After a failover the log connection may
 * still be, or again, one to the former primary. */
void
store_join_log(Store *self)
{
    if (journal_server(self->journal) == 0 || !self->is_registered)
        return;
    if (journal_server(self->journal) != self->home_server) {
        g_autoptr(GError) elsewhere =
            g_error_new_literal(ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION,
                                "it leads to another server than the control connection");
        journal_drop(self->journal, elsewhere);
        return;
    }
    journal_write_as(self->journal, self->uuid, self->epoch);
    store_become_ready(self);
}

static void
store_enter_register(Store *self)
{
    self->is_untidy = self->was_ready;
    self->is_registering = false;
    self->is_registered = true;
    self->was_registered = true;
    self->home_server = session_server(self->control_session);
    self->home_timeline = home_timeline(self->home);
    link_settled(self->control);
    keeper_begin(self->keeper, self->entered_boot, self->was_ready);
    journal_open(self->journal, self->control);
    store_join_log(self);
}

/* The old row stays behind under the old name: whoever finds it dead closes the runs that the server does know. */
static void
on_lost_found(int64_t lost, const GError *error, gpointer user_data)
{
    Store *self = user_data;

    if (self->left != NULL)
        return;
    if (error != NULL) {
        store_drop_control(self, error);
    } else if (lost == 0) {
        store_enter_register(self);
    } else {
        g_autofree char *why = g_strdup_printf(
            "has %" PRId64 " runs in hand that this server does not know (a standby was promoted "
            "before it had heard of them): what they did stays, and they may run again",
            lost);
        self->is_registering = false;
        store_become_fenced(self, why);
    }
}

/* A server that was only started again has all that was committed. */
static bool
store_may_have_forgotten(const Store *self)
{
    guint64 timeline = home_timeline(self->home);

    return timeline == 0 || timeline != self->home_timeline;
}

static void
on_registered(int64_t epoch, const GError *error, gpointer user_data)
{
    Store *self = user_data;

    if (self->left != NULL)
        return;
    if (error != NULL || epoch == 0)
        self->is_registering = false;
    if (error != NULL) {
        store_drop_control(self, error);
        return;
    }
    if (epoch == 0) {
        store_become_fenced(self, STORE_DECLARED_DEAD);
        return;
    }

    self->epoch = epoch;
    g_autoptr(GArray) in_hand = self->events.in_hand(self->user_data);
    bool is_elsewhere =
        self->home_server != 0 && self->home_server != session_server(self->control_session);
    if (is_elsewhere && in_hand->len > 0)
        runs_find_lost(self, link_conn(self->control), in_hand, store_may_have_forgotten(self),
                       on_lost_found, self);
    else
        store_enter_register(self);
}

static bool
store_is_refused(Store *self, const GError *error)
{
    return !self->was_ready && !error_is_transient(error) && !error_is_given_up(error) &&
           self->events.refused(error, self->user_data);
}

/* After the look at the tables: a standby refuses to LISTEN, with words that say less. */
static void
on_control_listens(const DbResult *result, const GError *error, const DbFault *fault,
                   gpointer user_data)
{
    Store *self = user_data;

    if (error == NULL) {
        self->is_registering = true;
        self->entered_boot = clock_now_boot();
        agents_register(self, link_conn(self->control), on_registered, self);
    } else {
        store_drop_control(self, error);
    }
}

static void
on_tables_checked(const GError *error, gpointer user_data)
{
    Store *self = user_data;

    if (error == NULL)
        db_conn_query(link_conn(self->control), sql_query("session_listen"), NULL,
                      on_control_listens, self);
    else if (!store_is_refused(self, error))
        store_drop_control(self, error);
}

static void
on_control_begun(const GError *error, gpointer user_data)
{
    Store *self = user_data;

    if (error == NULL) {
        db_conn_keep_plans(link_conn(self->control));
        tables_check(self->home, link_conn(self->control), on_tables_checked, self);
    } else {
        if (g_error_matches(error, ALMANAC_ERROR, ALMANAC_ERROR_FENCED))
            store_become_fenced(self, STORE_SESSION_STUCK);
        store_drop_control(self, error);
    }
}

static void
on_control_probed(const GError *error, gpointer user_data)
{
    Store *self = user_data;

    g_clear_pointer(&self->probe, pooler_probe_free);
    if (error == NULL)
        session_begin(self->control_session, link_conn(self->control), on_control_begun, self);
    else if (!store_is_refused(self, error))
        store_drop_control(self, error);
}

static void
on_control_opened(DbConn *conn, gpointer user_data)
{
    Store *self = user_data;

    self->probe =
        pooler_probe_new(conn, self->target, self->connect_timeout_us, on_control_probed, self);
}

static void
on_control_lost(gpointer user_data)
{
    Store *self = user_data;

    g_clear_pointer(&self->probe, pooler_probe_free);
    store_become_lost(self);
}

static bool
on_control_failed(const GError *error, gpointer user_data)
{
    return store_is_refused(user_data, error);
}

static void
on_control_notified(gpointer user_data)
{
    store_note_change(user_data);
}

void
store_make_control(Store *self, int64_t connect_timeout_us, int64_t retry_us)
{
    static const LinkEvents events = {.opened = on_control_opened,
                                      .lost = on_control_lost,
                                      .failed = on_control_failed,
                                      .notified = on_control_notified};

    self->control =
        link_new(self->target, "control connection", connect_timeout_us, retry_us, &events, self);
}

/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/store-private.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "store/agents.h"
#include "store/burials.h"
#include "store/runs.h"
#include "store/sql.h"

#define TIDY_EVERY_BEATS 100
/* A log connection that has not answered for so many heartbeats is given up. */
#define LOG_SILENT_BEATS 4

void
store_become_ready(Store *self)
{
    if (self->is_ready || !self->is_registered || !journal_is_ready(self->journal))
        return;
    self->is_ready = true;
    self->was_ready = true;
    self->events.ready(self->user_data);
}

void
store_become_lost(Store *self)
{
    bool was_ready = self->is_ready;

    keeper_pause(self->keeper);
    self->is_registered = false;
    self->is_ready = false;
    if (was_ready)
        self->events.lost(self->user_data);
}

/* Everything of the old epoch is void. The next connections begin anew. */
void
store_become_fenced(Store *self, const char *why)
{
    g_autoptr(GError) error =
        g_error_new_literal(ALMANAC_ERROR, ALMANAC_ERROR_FENCED, "the agent begins a new epoch");

    if (self->epoch == 0)
        return;
    self->epoch = 0;
    self->home_server = 0;
    g_free(self->uuid);
    self->uuid = g_uuid_string_random();
    keeper_end(self->keeper);
    store_become_lost(self);
    journal_give_up(self->journal, error);
    log_error("agent \"%s\" %s: stopping what runs here, beginning a new epoch", self->name, why);
    self->events.fenced(self->user_data);
    if (link_conn(self->control) != NULL)
        link_drop(self->control, error);
    store_forget_lost_batches(self);
}

/* The lease */

static void
on_lease_changed(LeaseState state, gpointer user_data)
{
    Store *self = user_data;
    bool is_short = state == LEASE_STALE || state == LEASE_OVER;

    if (is_short && !self->lease_is_short)
        log_error(
            "agent \"%s\" could not renew its lease in time: no step starts, and those that run "
            "are stopped",
            self->name);
    else if (state == LEASE_FRESH && self->lease_is_short)
        log_notice("agent \"%s\" has renewed its lease: steps may start again", self->name);
    self->lease_is_short = is_short;
    self->events.lease(state, self->user_data);
}

static void
on_tidied(bool remains, gpointer user_data)
{
    Store *self = user_data;

    self->is_untidy = remains;
}

static void
on_beat(gpointer user_data)
{
    Store *self = user_data;

    if (self->is_untidy)
        agents_tidy(self, on_tidied, self);
    if (self->beats++ % TIDY_EVERY_BEATS == 0) {
        writer_add(store_writer(self), sql_query("agentlog_trim"), NULL, NULL, NULL);
        writer_add(store_writer(self), sql_query("runs_close_left_steps"), NULL, NULL, NULL);
    }
    journal_prove(self->journal,
                  LOG_SILENT_BEATS * agent_lease_heartbeat_us(keeper_lease(self->keeper)));
}

static void
on_may_bury(gpointer user_data)
{
    burials_hold(user_data);
}

static void
on_fenced(gpointer user_data)
{
    store_become_fenced(user_data, STORE_DECLARED_DEAD);
}

static void
on_control_silent(gpointer user_data)
{
    Store *self = user_data;
    g_autoptr(GError) silent =
        g_error_new_literal(ALMANAC_ERROR, ALMANAC_ERROR_TIMEOUT, "the server does not answer");

    link_drop(self->control, silent);
}

static void
on_journal_opened(gpointer user_data)
{
    store_join_log(user_data);
}

static void
on_journal_stuck(gpointer user_data)
{
    store_become_fenced(user_data, STORE_SESSION_STUCK);
}

static void
on_caught_up(gpointer user_data)
{
    runs_close_given_up(user_data);
}

Store *
store_new(DbTarget *target, const char *name, const char *host, int64_t lease_us,
          int64_t connect_timeout_us, int64_t retry_us, const StoreEvents *events,
          gpointer user_data)
{
    static const JournalEvents journal_events = {.opened = on_journal_opened,
                                                 .stuck = on_journal_stuck,
                                                 .fenced = on_fenced,
                                                 .caught_up = on_caught_up};
    static const KeeperEvents keeper_events = {.changed = on_lease_changed,
                                               .beat = on_beat,
                                               .may_bury = on_may_bury,
                                               .fenced = on_fenced,
                                               .silent = on_control_silent};
    Store *self = g_new0(Store, 1);

    self->uuid = g_uuid_string_random();
    self->name = g_strdup(name);
    self->host = g_strdup(host);
    self->keeper = keeper_new(self, lease_us, &keeper_events, self);
    self->control_session = session_new(lease_us);
    self->events = *events;
    self->user_data = user_data;
    self->home = home_new();
    self->target = db_target_ref(target);
    self->lost_batches = g_ptr_array_new_with_free_func(g_free);
    self->full = g_ptr_array_new_with_free_func(g_free);
    store_make_control(self, connect_timeout_us, retry_us);
    self->journal =
        journal_new(target, lease_us, connect_timeout_us, retry_us, &journal_events, self);
    store_set_times(self, connect_timeout_us, retry_us);
    return self;
}

void
store_free(Store *self)
{
    if (self == NULL)
        return;
    keeper_pause(self->keeper);
    self->is_ready = false;
    self->is_registered = false;
    pooler_probe_free(self->probe);
    link_free(self->control);
    db_target_unref(self->target);
    reaper_free(self->reaper);
    journal_free(self->journal);
    session_free(self->control_session);
    keeper_free(self->keeper);
    home_free(self->home);
    g_ptr_array_unref(self->lost_batches);
    g_ptr_array_unref(self->full);
    g_free(self->user);
    g_free(self->batch);
    g_free(self->uuid);
    g_free(self->name);
    g_free(self->host);
    g_free(self);
}

void
store_set_times(Store *self, int64_t connect_timeout_us, int64_t retry_us)
{
    int64_t pause_us = MIN(retry_us, agent_lease_margin_us(keeper_lease(self->keeper)));

    self->connect_timeout_us = connect_timeout_us;
    link_set_times(self->control, connect_timeout_us, pause_us);
    journal_set_times(self->journal, connect_timeout_us, pause_us);
}

void
store_start(Store *self)
{
    link_open(self->control);
}

static void
on_left(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Store *self = user_data;

    if (error != NULL)
        log_warning("could not remove agent \"%s\" from the register: %s", self->name,
                    error->message);
    self->left(self->left_data);
}

void
store_leave(Store *self, void (*done)(gpointer user_data), gpointer user_data)
{
    DbConn *control = self->is_registered || self->is_registering ? link_conn(self->control) : NULL;

    keeper_pause(self->keeper);
    if (control == NULL) {
        done(user_data);
        return;
    }
    self->left = done;
    self->left_data = user_data;

    g_autoptr(DbParams) params = db_params_new();
    db_params_add_text(params, self->uuid);
    db_conn_query(control, sql_query("agents_leave"), g_steal_pointer(&params), on_left, self);
}

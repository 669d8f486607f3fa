/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/store.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "store/agents.h"
#include "store/burials.h"
#include "store/home.h"
#include "store/journal.h"
#include "store/keeper.h"
#include "store/link.h"
#include "store/pooler.h"
#include "store/runs.h"
#include "store/session.h"
#include "store/sql.h"
#include "store/tables.h"

#define TIDY_EVERY_BEATS 100
/* A log connection that has not answered for so many heartbeats is given up. */
#define LOG_SILENT_BEATS 4

#define DAY_US (INT64_C(86400) * CLOCK_US_PER_SECOND)

static const char was_declared_dead[] = "was declared dead";
static const char session_is_stuck[] = "has a former session that the server does not end";

struct Store {
    DbTarget *target;
    Link *control;
    Session *control_session;
    Journal *journal;
    Home *home;
    PoolerProbe *probe; /* while it is not known yet what the control connection leads through */
    int64_t connect_timeout_us;
    Keeper *keeper;
    Reaper *reaper; /* NULL = none */
    char *uuid;     /* with each epoch a new one: what is left of an old one is a stranger's */
    char *name;
    char *host;
    char *user;
    char *batch;
    GPtrArray *full; /* of char *: servers without a free connection */
    ClockWatch clock;
    int64_t epoch;           /* 0 = not registered yet */
    GPtrArray *lost_batches; /* of char * */
    int64_t
        home_server; /* where this epoch was in the register last (session_server); 0 = nowhere */
    guint64 home_timeline; /* and on which timeline (home_timeline) */
    int64_t entered_boot;  /* when the entry in the register was sent */
    bool is_registering;   /* that it is was asked for, and there is no answer yet */
    bool is_registered;    /* this control connection is in the register */
    bool is_ready;
    bool was_ready;
    bool was_registered;
    bool is_untidy;      /* rows of former connections may be left in the register */
    bool lease_is_short; /* steps may not start, and that was said */
    guint beats;
    StoreEvents events;
    gpointer user_data;
    void (*left)(gpointer user_data);
    gpointer left_data;
};

DbConn *
store_control(Store *self)
{
    return self->is_registered ? link_conn(self->control) : NULL;
}

Writer *
store_writer(Store *self)
{
    return journal_writer(self->journal);
}

Reaper *
store_reaper(Store *self)
{
    return self->reaper;
}

void
store_use_pool(Store *self, DbPool *pool)
{
    reaper_free(self->reaper);
    self->reaper = reaper_new(pool);
}

const char *
store_uuid(const Store *self)
{
    return self->uuid;
}

int64_t
store_epoch(const Store *self)
{
    return self->epoch;
}

int64_t
store_lease_us(const Store *self)
{
    return keeper_lease(self->keeper)->length_us;
}

bool
store_may_start(const Store *self)
{
    return keeper_state(self->keeper) == LEASE_FRESH;
}

bool
store_was_registered(const Store *self)
{
    return self->was_registered;
}

const char *
store_name(const Store *self)
{
    return self->name;
}

const char *
store_host(const Store *self)
{
    return self->host;
}

const char *
store_user(const Store *self)
{
    return self->user;
}

const char *
store_batch(const Store *self)
{
    return self->batch;
}

const GPtrArray *
store_full(const Store *self)
{
    return self->full;
}

void
store_describe(Store *self, const char *user, const char *batch)
{
    g_free(self->user);
    self->user = g_strdup(user);
    g_free(self->batch);
    self->batch = g_strdup(batch);
}

void
store_note_full(Store *self, const GPtrArray *servers)
{
    g_ptr_array_set_size(self->full, 0);
    for (guint i = 0; i < servers->len; i++)
        g_ptr_array_add(self->full, g_strdup(g_ptr_array_index(servers, i)));
}

bool
store_is_ready(const Store *self)
{
    return self->is_ready;
}

static void
store_note_change(Store *self)
{
    if (self->is_ready)
        self->events.notified(self->user_data);
}

void
store_note_burial(Store *self)
{
    self->events.buried(self->user_data);
    store_note_change(self);
}

const char *
store_trouble(const Store *self)
{
    const char *control = link_trouble(self->control);

    return control != NULL ? control : journal_trouble(self->journal);
}

void
store_remember_lost_batch(Store *self, const char *batch)
{
    g_ptr_array_add(self->lost_batches, g_strdup(batch));
}

const GPtrArray *
store_lost_batches(const Store *self)
{
    return self->lost_batches;
}

void
store_forget_lost_batches(Store *self)
{
    g_ptr_array_set_size(self->lost_batches, 0);
}

unsigned
store_note_time(Store *self, const ClockReading *sent, const ClockReading *got, int64_t server_at)
{
    unsigned news = clock_watch_note(&self->clock, sent, got, server_at);

    if (news & CLOCK_FORWARD)
        keeper_show_mercy(self->keeper);
    if ((news & (CLOCK_FORWARD | CLOCK_BACK | CLOCK_SLEPT)) && self->is_ready)
        self->events.notified(self->user_data);
    return news;
}

bool
store_knows_the_day(const Store *self)
{
    return self->clock.has_last && ABS(self->clock.told_skew_us) < DAY_US;
}

void
store_write_message(Store *self, const char *level, int job_id, const char *message)
{
    g_autoptr(DbParams) params = db_params_new();
    g_autofree char *key = g_uuid_string_random();

    db_params_add_text(params, self->name);
    db_params_add_text(params, level);
    db_params_add_int4(params, job_id);
    db_params_add_text(params, message);
    db_params_add_text(params, key);
    writer_add(store_writer(self), sql_query("agentlog_write"), g_steal_pointer(&params), NULL,
               NULL);
}

static void
store_become_ready(Store *self)
{
    if (self->is_ready || !self->is_registered || !journal_is_ready(self->journal))
        return;
    self->is_ready = true;
    self->was_ready = true;
    self->events.ready(self->user_data);
}

static void
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
static void
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
    store_become_fenced(user_data, was_declared_dead);
}

static void
on_control_silent(gpointer user_data)
{
    Store *self = user_data;
    g_autoptr(GError) silent =
        g_error_new_literal(ALMANAC_ERROR, ALMANAC_ERROR_TIMEOUT, "the server does not answer");

    link_drop(self->control, silent);
}

/* Control connection: set up, look at the tables, register. */

/* Unless we are closing it ourselves. */
static void
store_drop_control(Store *self, const GError *error)
{
    if (!error_is_given_up(error) && link_conn(self->control) != NULL)
        link_drop(self->control, error);
}

/* What is written belongs to the server where this epoch is in the register. After a failover the log connection may
 * still be, or again, one to the former primary. */
static void
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
        store_become_fenced(self, was_declared_dead);
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
            store_become_fenced(self, session_is_stuck);
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

static void
on_journal_opened(gpointer user_data)
{
    store_join_log(user_data);
}

static void
on_journal_stuck(gpointer user_data)
{
    store_become_fenced(user_data, session_is_stuck);
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
    static const LinkEvents control_events = {.opened = on_control_opened,
                                              .lost = on_control_lost,
                                              .failed = on_control_failed,
                                              .notified = on_control_notified};
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
    self->control =
        link_new(target, "control connection", connect_timeout_us, retry_us, &control_events, self);
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

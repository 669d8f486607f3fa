/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/keeper.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/agents.h"

/* Heartbeats without an answer until the connection is given up: in time before the lease ends. */
#define UNANSWERED_MAX 4

struct Keeper {
    Store *store;
    AgentLease lease;
    LeaseState seen; /* what the owner was told last */
    GSource *watch;
    guint heartbeat_id;
    guint unanswered;
    bool has_failed; /* the last renewal, and that was said */
    KeeperEvents events;
    gpointer user_data;
};

typedef struct {
    GSource source;
    Keeper *keeper;
} LeaseWatch;

/* The clock */

static gboolean
watch_check(GSource *source)
{
    const Keeper *keeper = ((LeaseWatch *)source)->keeper;

    return keeper_state(keeper) != keeper->seen;
}

static gboolean
watch_prepare(GSource *source, gint *timeout_ms)
{
    int64_t left_us =
        agent_lease_changes_in(&((LeaseWatch *)source)->keeper->lease, clock_now_boot());

    *timeout_ms = left_us < 0 ? -1 : (gint)(left_us / CLOCK_US_PER_MS) + 1;
    return watch_check(source);
}

static gboolean
watch_dispatch(GSource *source, GSourceFunc callback, gpointer user_data)
{
    Keeper *keeper = ((LeaseWatch *)source)->keeper;

    keeper->seen = keeper_state(keeper);
    keeper->events.changed(keeper->seen, keeper->user_data);
    return G_SOURCE_CONTINUE;
}

static GSource *
watch_new(Keeper *keeper)
{
    static GSourceFuncs functions = {
        .prepare = watch_prepare, .check = watch_check, .dispatch = watch_dispatch};
    GSource *source = g_source_new(&functions, sizeof(LeaseWatch));

    ((LeaseWatch *)source)->keeper = keeper;
    g_source_set_priority(source, G_PRIORITY_HIGH);
    g_source_attach(source, NULL);
    return source;
}

/* Renewals */

static void
keeper_confirm(Keeper *self, int64_t sent_boot)
{
    LeaseState before = keeper_state(self);

    agent_lease_confirm(&self->lease, sent_boot, clock_now_boot());
    /* Somebody may have been told no since the last look at the clock, and waits to hear of the change. */
    if (before != LEASE_FRESH)
        self->seen = before;
    if (agent_lease_may_bury(&self->lease, clock_now_boot()))
        self->events.may_bury(self->user_data);
}

static void
keeper_note_failure(Keeper *self, const char *reason)
{
    if (reason != NULL && !self->has_failed)
        log_warning("could not renew the lease of agent \"%s\", will keep trying: %s",
                    store_name(self->store), reason);
    else if (reason == NULL && self->has_failed)
        log_notice("the lease of agent \"%s\" is renewed again", store_name(self->store));
    self->has_failed = reason != NULL;
}

static void
on_renewed(const AgentRenewal *renewal, const GError *error, gpointer user_data)
{
    Keeper *self = user_data;

    self->unanswered = 0;
    if (error != NULL) {
        keeper_note_failure(self, error->message);
    } else if (!renewal->is_ours) {
        self->events.fenced(self->user_data);
    } else if (!renewal->was_renewed) {
        keeper_note_failure(self, "somebody has locked its row in the register");
    } else {
        keeper_note_failure(self, NULL);
        keeper_confirm(self, renewal->sent_boot);
    }
}

static gboolean
on_heartbeat(gpointer user_data)
{
    Keeper *self = user_data;

    if (self->unanswered == UNANSWERED_MAX) {
        self->events.silent(self->user_data); /* ends this source */
        return G_SOURCE_CONTINUE;
    }
    self->unanswered++;
    agents_renew(self->store, on_renewed, self);
    self->events.beat(self->user_data);
    return G_SOURCE_CONTINUE;
}

/* The owner's calls */

void
keeper_show_mercy(Keeper *self)
{
    agent_lease_show_mercy(&self->lease, clock_now_boot());
}

void
keeper_begin(Keeper *self, int64_t sent_boot, bool again)
{
    if (again)
        keeper_show_mercy(self);
    self->unanswered = 0;
    g_clear_handle_id(&self->heartbeat_id, g_source_remove);
    self->heartbeat_id = g_timeout_add(
        (guint)(agent_lease_heartbeat_us(&self->lease) / CLOCK_US_PER_MS), on_heartbeat, self);
    keeper_confirm(self, sent_boot);
}

void
keeper_pause(Keeper *self)
{
    g_clear_handle_id(&self->heartbeat_id, g_source_remove);
}

void
keeper_end(Keeper *self)
{
    keeper_pause(self);
    agent_lease_end(&self->lease);
}

const AgentLease *
keeper_lease(const Keeper *self)
{
    return &self->lease;
}

LeaseState
keeper_state(const Keeper *self)
{
    return agent_lease_state(&self->lease, clock_now_boot());
}

Keeper *
keeper_new(Store *store, int64_t length_us, const KeeperEvents *events, gpointer user_data)
{
    Keeper *self = g_new0(Keeper, 1);

    self->store = store;
    agent_lease_begin(&self->lease, length_us);
    self->events = *events;
    self->user_data = user_data;
    self->watch = watch_new(self);
    return self;
}

void
keeper_free(Keeper *self)
{
    if (self == NULL)
        return;
    keeper_pause(self);
    g_source_destroy(self->watch);
    g_source_unref(self->watch);
    g_free(self);
}

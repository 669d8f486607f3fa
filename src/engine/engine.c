/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "engine/engine.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "engine/cancels.h"
#include "engine/look.h"
#include "engine/prune.h"
#include "engine/recover.h"
#include "engine/replan.h"

/* After a NOTIFY the next tick begins no sooner than this after the last one: anyone may send one. */
#define NOTIFY_PAUSE_US (INT64_C(10) * CLOCK_US_PER_MS)
/* Due rows that somebody else holds are tried again with growing pauses, as is a tick that failed. */
#define RETRY_FIRST_US (INT64_C(20) * CLOCK_US_PER_MS)
#define RETRY_MAX_US   (INT64_C(1000) * CLOCK_US_PER_MS)

struct Engine {
    EngineParts parts;
    Prune *prune;
    int64_t poll_us;
    GSource *timer;

    bool is_ticking;     /* a tick is under way; it ends in engine_tick_done */
    int64_t wanted_mono; /* something happened meanwhile: tick again then; 0 = nothing did */
    bool wants_recovery; /* connected again: there may be runs that we do not know */
    bool wants_plans;    /* there may be jobs whose plan is out of date */
    int planned_up_to;   /* planning goes on after that job; 0 = it is not under way */
    int64_t ticked_mono;
    int64_t retry_us;     /* 0 = nothing was left behind */
    int64_t wake_mono;    /* as the tick that is under way finds out */
    int64_t planned_mono; /* when plans were last looked for */
    bool is_paused;       /* somebody has paused all, and that was said */
    bool has_trouble;     /* ticks fail, and that was said */
    bool tick_is_fine;    /* the one that is under way has looked, and nothing went wrong */
    /* Of int: jobs that the last look could not take; the next one leaves them to others. */
    GArray *left_out;

    bool is_stopping;
    guint grace_id;
    void (*stopped)(gpointer user_data);
    gpointer stopped_data;
};

static void engine_tick(Engine *self);
static void engine_wind_up(Engine *self);

/* When to tick */

static gboolean
timer_dispatch(GSource *source, GSourceFunc callback, gpointer user_data)
{
    g_source_set_ready_time(source, -1);
    return callback(user_data);
}

static gboolean
on_timer(gpointer user_data)
{
    engine_tick(user_data);
    return G_SOURCE_CONTINUE;
}

static GSource *
timer_new(Engine *self)
{
    static GSourceFuncs functions = {.dispatch = timer_dispatch};
    GSource *timer = g_source_new(&functions, sizeof(GSource));

    g_source_set_callback(timer, on_timer, self, NULL);
    g_source_attach(timer, NULL);
    return timer;
}

/* Ticks no later than at that time. */
static void
engine_wake_at(Engine *self, int64_t mono)
{
    int64_t ready = g_source_get_ready_time(self->timer);

    if (self->is_ticking)
        self->wanted_mono = self->wanted_mono == 0 ? mono : MIN(self->wanted_mono, mono);
    else if (ready < 0 || mono < ready)
        g_source_set_ready_time(self->timer, mono);
}

/* The tick */

static void
engine_tick_done(Engine *self)
{
    int64_t now = clock_now_mono();

    if (self->has_trouble && self->tick_is_fine) {
        log_notice("due jobs can be claimed and planned again");
        self->has_trouble = false;
    }
    self->is_ticking = false;
    if (self->tick_is_fine)
        self->retry_us = 0;
    if (self->wanted_mono != 0)
        engine_wake_at(self, self->wanted_mono);
    self->wanted_mono = 0;
    if (self->retry_us > 0)
        self->wake_mono = MIN(self->wake_mono, now + self->retry_us);
    engine_wake_at(self, self->wake_mono);
    if (self->is_stopping)
        engine_wind_up(self);
}

static void
engine_back_off(Engine *self)
{
    self->retry_us = CLAMP(self->retry_us * 2, RETRY_FIRST_US, RETRY_MAX_US);
}

/* One message per change of state: the other is in engine_tick_done. */
static void
engine_in_trouble(Engine *self, const char *what, const char *reason)
{
    if (!self->has_trouble)
        log_error("could not %s, will keep trying: %s", what, reason);
    else
        log_debug("could not %s: %s", what, reason);
    self->has_trouble = true;
    self->tick_is_fine = false;
}

static void
engine_tick_failed(Engine *self, const char *what, const GError *error)
{
    /* A lost connection is the store's news, and ready comes when it is back. */
    if (!error_is_cut_off(error))
        engine_in_trouble(self, what, error->message);
    self->tick_is_fine = false;
    engine_back_off(self);
    engine_tick_done(self);
}

static void
on_replanned(const ReplanReport *report, const GError *error, gpointer user_data)
{
    Engine *self = user_data;

    if (error != NULL) {
        self->wants_plans = true;
        self->planned_up_to = 0;
        engine_tick_failed(self, "plan jobs", error);
        return;
    }
    self->planned_up_to = report->reached;
    if (report->refusal != NULL)
        engine_in_trouble(self, "plan a job", report->refusal);
    if (report->refused > 0) {
        self->wants_plans = true;
        self->tick_is_fine = false;
        engine_back_off(self);
    }
    if (report->planned > 0 || report->reached > 0)
        engine_wake_at(self, clock_now_mono());
    engine_tick_done(self);
}

/* Jobs that somebody else holds stay due. The next look, at once, leaves them out, so that they do not stand in the
 * way of others; the one after it, when the pause is over, tries them again. */
static void
engine_note_refused(Engine *self, const LookReport *report)
{
    bool left_some_out = self->left_out->len > 0;

    g_array_set_size(self->left_out, 0);
    if (report->refused->len > 0) {
        self->tick_is_fine = false;
        engine_back_off(self);
        if (!left_some_out) {
            g_array_append_vals(self->left_out, report->refused->data, report->refused->len);
            engine_wake_at(self, clock_now_mono());
        }
    } else if (left_some_out) {
        self->tick_is_fine = false;
    }
}

static void
engine_note_pause(Engine *self, const char *pause)
{
    if (pause != NULL && !self->is_paused)
        log_notice("paused %s: nothing is started", pause);
    else if (pause == NULL && self->is_paused)
        log_notice("the pause is over");
    self->is_paused = pause != NULL;
}

static void
engine_plan(Engine *self)
{
    if ((!self->wants_plans && self->planned_up_to == 0) || self->is_stopping ||
        !store_is_ready(self->parts.store)) {
        engine_tick_done(self);
        return;
    }
    /* What is wanted while planning is under way may be behind it: then it begins again afterwards. */
    self->wants_plans = self->wants_plans && self->planned_up_to > 0;
    self->planned_mono = clock_now_mono();
    replan_jobs(&self->parts, self->planned_up_to, on_replanned, self);
}

static void
on_cancels_answered(const GError *error, gpointer user_data)
{
    Engine *self = user_data;

    if (error != NULL)
        engine_tick_failed(self, "look for requests to cancel runs", error);
    else
        engine_plan(self);
}

static void
on_looked(const LookReport *report, const GError *error, gpointer user_data)
{
    Engine *self = user_data;

    self->wake_mono = clock_now_mono() + self->poll_us;
    if (error != NULL) {
        self->wants_recovery = true;
        engine_tick_failed(self, "claim what is due", error);
        return;
    }

    engine_note_pause(self, report->pause);
    if (report->refusal != NULL)
        engine_in_trouble(self, "claim a due job", report->refusal);
    if (report->next_at != NO_INSTANT && report->next_at != DB_INSTANT_INFINITY)
        self->wake_mono =
            MIN(self->wake_mono, report->now_mono + (report->next_at - report->now_at));
    engine_note_refused(self, report);
    if (report->has_more && report->refused->len == 0 && dispatch_room(self->parts.dispatch) > 0)
        engine_wake_at(self, clock_now_mono());

    self->wants_plans = self->wants_plans || report->needs_plans;
    if (report->has_cancels && store_is_ready(self->parts.store))
        cancels_answer(&self->parts, on_cancels_answered, self);
    else
        engine_plan(self);
}

static void
on_recovered(const GError *error, gpointer user_data)
{
    Engine *self = user_data;

    if (error != NULL) {
        self->wants_recovery = true;
        engine_tick_failed(self, "look for runs of this agent", error);
        return;
    }
    if (!store_is_ready(self->parts.store) || self->is_stopping) {
        engine_tick_done(self);
        return;
    }
    look_at_due(&self->parts, self->left_out, on_looked, self);
}

/* While the agent stops, only requests to cancel what still runs are looked at. */
static void
engine_tick(Engine *self)
{
    if (self->is_ticking || !store_is_ready(self->parts.store) ||
        !store_may_start(self->parts.store))
        return;
    if (self->is_stopping && dispatch_count(self->parts.dispatch) == 0)
        return;

    self->is_ticking = true;
    self->wanted_mono = 0;
    self->tick_is_fine = true;
    self->ticked_mono = clock_now_mono();
    self->wake_mono = self->ticked_mono + self->poll_us;
    if (self->is_stopping) {
        cancels_answer(&self->parts, on_cancels_answered, self);
        return;
    }
    /* Not every change can tell us: what a dead agent left is freed by statements that notify nobody. */
    if (self->ticked_mono - self->planned_mono >= self->poll_us)
        self->wants_plans = true;
    if (self->wants_recovery) {
        self->wants_recovery = false;
        recover_runs(&self->parts, on_recovered, self);
    } else {
        look_at_due(&self->parts, self->left_out, on_looked, self);
    }
}

/* What the store says */

void
engine_on_ready(Engine *self)
{
    self->wants_recovery = true;
    self->wants_plans = true;
    self->retry_us = 0;
    engine_wake_at(self, clock_now_mono());
    prune_begin(self->prune);
}

/* Nothing is claimed and no step starts unless the lease is fresh; steps end before others may think that they have. */
void
engine_on_lease(Engine *self, LeaseState state)
{
    static const char *reason = "the agent could not renew its lease, so that others might have "
                                "taken the job over";

    switch (state) {
    case LEASE_FRESH:
        dispatch_each(self->parts.dispatch, run_go_on, NULL);
        engine_wake_at(self, clock_now_mono());
        break;
    case LEASE_STALE:
        dispatch_each(self->parts.dispatch, run_interrupt, reason);
        break;
    case LEASE_OVER:
        dispatch_each(self->parts.dispatch, run_break_off, reason);
        break;
    case LEASE_NONE:
        break;
    }
}

void
engine_on_fenced(Engine *self)
{
    dispatch_drop_all(self->parts.dispatch);
}

void
engine_on_notified(Engine *self)
{
    self->wants_plans = true;
    engine_wake_at(self, MAX(clock_now_mono(), self->ticked_mono + NOTIFY_PAUSE_US));
}

/* Stopping */

/* Nothing more is claimed, but a claim may have been under way when we were told to stop. */
static void
engine_wind_up(Engine *self)
{
    dispatch_each(self->parts.dispatch, run_halt,
                  "the agent was stopped before the job's next step");
    if (self->is_ticking || dispatch_count(self->parts.dispatch) > 0 || self->stopped == NULL)
        return;

    void (*stopped)(gpointer user_data) = g_steal_pointer(&self->stopped);
    g_clear_handle_id(&self->grace_id, g_source_remove);
    stopped(self->stopped_data);
}

static void
on_run_ended(gpointer user_data)
{
    Engine *self = user_data;

    if (self->is_stopping)
        engine_wind_up(self);
    else
        engine_wake_at(self, clock_now_mono());
}

static gboolean
on_grace_over(gpointer user_data)
{
    Engine *self = user_data;

    self->grace_id = 0;
    log_notice("%u jobs still run after the grace time: cancelling them",
               dispatch_count(self->parts.dispatch));
    dispatch_each(self->parts.dispatch, run_cancel, "the agent was stopped while the job ran");
    return G_SOURCE_REMOVE;
}

void
engine_stop(Engine *self, int64_t grace_us, void (*stopped)(gpointer user_data), gpointer user_data)
{
    self->is_stopping = true;
    prune_stop(self->prune);
    self->stopped = stopped;
    self->stopped_data = user_data;
    self->grace_id = g_timeout_add((guint)(grace_us / CLOCK_US_PER_MS), on_grace_over, self);
    engine_wake_at(self, clock_now_mono());
    engine_wind_up(self);
}

void
engine_kill(Engine *self)
{
    dispatch_each(self->parts.dispatch, run_kill,
                  "the agent was stopped at once while the job ran");
}

guint
engine_run_count(const Engine *self)
{
    return dispatch_count(self->parts.dispatch);
}

GArray *
engine_run_ids(const Engine *self)
{
    return dispatch_run_ids(self->parts.dispatch);
}

/* A clock that is wrong by years would make all history old. */
static bool
engine_may_prune(gpointer user_data)
{
    Engine *self = user_data;

    return store_is_ready(self->parts.store) && store_knows_the_day(self->parts.store) &&
           !self->is_stopping && !self->has_trouble;
}

Engine *
engine_new(Store *store, const StepContext *context, const Settings *settings)
{
    Engine *self = g_new0(Engine, 1);

    self->parts = (EngineParts){
        .store = store,
        .planner = planner_new(),
        .dispatch = dispatch_new(settings->max_runs, settings->max_connections, on_run_ended, self),
        .warmer = warmer_new(context),
        .step_context = context,
    };
    self->poll_us = settings->poll_us;
    self->timer = timer_new(self);
    self->left_out = g_array_new(FALSE, FALSE, sizeof(int));
    self->prune = prune_new(&self->parts, engine_may_prune, self);
    return self;
}

void
engine_apply(Engine *self, const Settings *settings)
{
    self->poll_us = settings->poll_us;
    dispatch_set_limits(self->parts.dispatch, settings->max_runs, settings->max_connections);
    engine_wake_at(self, clock_now_mono());
}

void
engine_free(Engine *self)
{
    if (self == NULL)
        return;
    self->is_stopping = true;
    g_clear_handle_id(&self->grace_id, g_source_remove);
    g_source_destroy(self->timer);
    g_source_unref(self->timer);
    prune_free(self->prune);
    warmer_free(self->parts.warmer);
    dispatch_free(self->parts.dispatch);
    planner_free(self->parts.planner);
    g_array_unref(self->left_out);
    g_free(self);
}

/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/store-private.h"

#include "base/clock.h"
#include "store/sql.h"

#define DAY_US (INT64_C(86400) * CLOCK_US_PER_SECOND)

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

void
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

int64_t
store_checked_at(const Store *self)
{
    return self->clock.has_last ? self->clock.server_at : 0;
}

int64_t
store_calm_us(const Store *self)
{
    return agent_lease_calm_us(keeper_lease(self->keeper), clock_now_boot());
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

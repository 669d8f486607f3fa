/* SPDX-License-Identifier: PostgreSQL */
/* The service's door to its tables: two connections that are kept open (control: claims, heartbeat, LISTEN; log:
 * the writer's), the agent's row in the register, and its lease. The other files of this folder are the
 * statements, by noun. */
#pragma once

#include "db/conn.h"
#include "store/clockwatch.h"
#include "store/lease.h"
#include "store/reaper.h"
#include "store/writer.h"

typedef struct Store Store;

typedef struct {
    /* Registered and able to work: for the first time, after a reconnect, or in a new epoch. */
    void (*ready)(gpointer user_data);
    /* The control connection is gone; nothing can be claimed until ready is called again. */
    void (*lost)(gpointer user_data);
    /* What the lease allows has changed; never from inside a function of the store. */
    void (*lease)(LeaseState state, gpointer user_data);
    /* We were declared dead, or a promoted standby does not know our claims: what runs must stop and nothing of it
     * may be written. ready comes later. */
    void (*fenced)(gpointer user_data);
    /* Somebody changed something (NOTIFY), or the clock was stepped: look now. */
    void (*notified)(gpointer user_data);
    /* An agent that had died was buried, by us. */
    void (*buried)(gpointer user_data);
    /* The ids (int64_t) of the runs in hand; the array is then the store's. */
    GArray *(*in_hand)(gpointer user_data);
    /* The first connection cannot succeed as things are (REFUSED, SCHEMA); true = then do not try again. */
    bool (*refused)(const GError *error, gpointer user_data);
} StoreEvents;

/* name: the agent's; host: of this machine; lease_us: the length of its lease. retry_us: the longest pause between two
 * attempts to connect. */
Store *store_new(DbTarget *target, const char *name, const char *host, int64_t lease_us,
                 int64_t connect_timeout_us, int64_t retry_us, const StoreEvents *events,
                 gpointer user_data);
void store_free(Store *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_free)

/* Connections to other servers, where steps of dead agents are ended; without it they are left. It lives longer. */
void store_use_pool(Store *self, DbPool *pool);

/* New times, after a reload. */
void store_set_times(Store *self, int64_t connect_timeout_us, int64_t retry_us);

/* For the register, from the next heartbeat on. user: of the operating system; batch: off, on, or as NAME. */
void store_describe(Store *self, const char *user, const char *batch);
/* Servers (char *) for which this agent has no free connection. */
void store_note_full(Store *self, const GPtrArray *servers);

void store_start(Store *self);
/* Removes the agent from the register and closes; calls done when that is over (also when it cannot be done). */
void store_leave(Store *self, void (*done)(gpointer user_data), gpointer user_data);

/* There may be something to do. */
void store_note_burial(Store *self);
bool store_is_ready(const Store *self);
/* Why it is not, if an attempt to connect has failed, else NULL. */
const char *store_trouble(const Store *self);
/* Whether a step may start at this moment: the lease was renewed and has some time left. If not, the event lease says when. */
bool store_may_start(const Store *self);
/* Sends a waiting message of the log to pga_agentlog. */
void store_write_message(Store *self, const char *level, int job_id, const char *message);

/* What the database's clock said in answer to a question of ours. Gives ClockNews. */
unsigned store_note_time(Store *self, const ClockReading *sent, const ClockReading *got,
                         int64_t server_at);
/* What it said last; 0 = nothing yet. */
int64_t store_checked_at(const Store *self);
/* How long ago something happened after which all leases may seem to have ended (see agent_lease_show_mercy); -1 = never. */
int64_t store_calm_us(const Store *self);
/* Whether the database's clock and ours agree on what day it is: if not, one of them may be wrong by years. */
bool store_knows_the_day(const Store *self);

/* For the other nouns of this layer and for the engine's questions. */
DbConn *store_control(Store *self); /* NULL while lost */
Writer *store_writer(Store *self);
Reaper *store_reaper(Store *self); /* NULL = none */
const char *store_uuid(const Store *self);
int64_t store_epoch(const Store *self);
int64_t store_lease_us(const Store *self);
/* False only before this agent's first entry in the register. */
bool store_was_registered(const Store *self);
const char *store_name(const Store *self);
const char *store_host(const Store *self);
const char *store_user(const Store *self);
const char *store_batch(const Store *self);
const GPtrArray *store_full(const Store *self);

/* Claims (their batch ids) whose answer was lost with the connection: it is not known whether they were committed. */
void store_remember_lost_batch(Store *self, const char *batch);
const GPtrArray *store_lost_batches(const Store *self);
void store_forget_lost_batches(Store *self);

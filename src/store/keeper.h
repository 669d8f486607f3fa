/* SPDX-License-Identifier: PostgreSQL */
/* Keeps the agent's lease: renews it while the agent is registered, and says when what it allows changes. The look at the
 * clock comes before everything else that the main loop does: an agent that was stopped, or whose machine slept, learns
 * first that its lease is over. */
#pragma once

#include "store/lease.h"
#include "store/store.h"

typedef struct Keeper Keeper;

/* Only may_bury is called from inside a function of the keeper: keeper_begin. */
typedef struct {
    void (*changed)(LeaseState state, gpointer user_data);
    /* With each heartbeat: what else is to be done now and then. */
    void (*beat)(gpointer user_data);
    /* A renewal was confirmed: who is dead may be looked for. */
    void (*may_bury)(gpointer user_data);
    /* The lease is not ours any more. */
    void (*fenced)(gpointer user_data);
    /* Several renewals have no answer. */
    void (*silent)(gpointer user_data);
} KeeperEvents;

Keeper *keeper_new(Store *store, int64_t length_us, const KeeperEvents *events, gpointer user_data);
void keeper_free(Keeper *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Keeper, keeper_free)

const AgentLease *keeper_lease(const Keeper *self);
LeaseState keeper_state(const Keeper *self);

/* The agent was entered in the register by a statement sent then: renewals begin. again: it had been there before, on
 * a connection that was lost. */
void keeper_begin(Keeper *self, int64_t sent_boot, bool again);
/* All leases may seem to have ended: nobody is declared dead for a while. */
void keeper_show_mercy(Keeper *self);
/* The control connection is gone: no renewals until keeper_begin; the lease goes on for its time. */
void keeper_pause(Keeper *self);
/* The lease was taken away or given back. */
void keeper_end(Keeper *self);

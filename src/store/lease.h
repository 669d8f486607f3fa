/* SPDX-License-Identifier: PostgreSQL */
/* The agent's lease: for how long others take it for alive after a renewal, and what it may do meanwhile. Pure: the
 * time is given, by the clock that goes on while the machine sleeps (clock_now_boot). A renewal counts from the moment
 * at which it was sent, so the lease that others see never ends before ours.
 *
 *   renewal sent                                         5/6            11/12           1
 *   |-- FRESH: steps may start ---------------------------|-- STALE ------|-- OVER -----|-- others may take over
 *
 * All other times that have to do with being alive are parts of the lease's length; those that others need to judge a
 * register row (sql/query/agents_dead.sql) are taken from that row's own length. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    LEASE_NONE,  /* not in the register: nothing may start, and there is nothing to stop */
    LEASE_FRESH, /* steps may start */
    LEASE_STALE, /* none starts; those that run are asked to stop */
    LEASE_OVER,  /* those that still run are ended at once */
} LeaseState;

typedef struct {
    int64_t length_us;
    int64_t renewed_boot; /* when the last renewal that was confirmed had been sent; 0 = none was */
    int64_t mercy_boot;   /* when mercy was shown last; 0 = never */
} AgentLease;

void agent_lease_begin(AgentLease *self, int64_t length_us);
/* A renewal that was sent then is confirmed now; answers may come in any order. If it is late, what kept us from renewing in
 * time, like a lock on the whole register, has kept others, too: see agent_lease_show_mercy. */
void agent_lease_confirm(AgentLease *self, int64_t sent_boot, int64_t now_boot);
/* Somebody took it away, or we gave it back. */
void agent_lease_end(AgentLease *self);

LeaseState agent_lease_state(const AgentLease *self, int64_t now_boot);
/* How long until the state changes by itself; -1 = it will not. */
int64_t agent_lease_changes_in(const AgentLease *self, int64_t now_boot);

/* The time between two renewals. */
int64_t agent_lease_heartbeat_us(const AgentLease *self);
/* From so long before the end no step starts; an agent that has lost its connection tries again at least that often. */
int64_t agent_lease_margin_us(const AgentLease *self);
/* After an outage, when the database's clock was set forward, or when our own lease was not renewed in time, all leases may
 * seem to have ended: nobody is declared dead for half a length, ours and its own, all are to come back first. */
void agent_lease_show_mercy(AgentLease *self, int64_t now_boot);
/* How long ago that was; -1 = never. */
int64_t agent_lease_calm_us(const AgentLease *self, int64_t now_boot);
bool agent_lease_may_bury(const AgentLease *self, int64_t now_boot);

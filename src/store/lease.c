/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/lease.h"

#include <glib.h>

/* Parts of the length. */
#define HEARTBEAT_PART 10
#define MERCY_PART     2
#define MARGIN_PART    6  /* before the end no step starts */
#define LAST_PART      12 /* before the end what still runs is ended */

void
agent_lease_begin(AgentLease *self, int64_t length_us)
{
    *self = (AgentLease){.length_us = length_us};
}

void
agent_lease_confirm(AgentLease *self, int64_t sent_boot, int64_t now_boot)
{
    LeaseState before = agent_lease_state(self, now_boot);

    if (before == LEASE_STALE || before == LEASE_OVER)
        agent_lease_show_mercy(self, now_boot);
    self->renewed_boot = MAX(self->renewed_boot, sent_boot);
}

void
agent_lease_end(AgentLease *self)
{
    self->renewed_boot = 0;
}

static int64_t
stale_boot(const AgentLease *self)
{
    return self->renewed_boot + self->length_us - agent_lease_margin_us(self);
}

static int64_t
over_boot(const AgentLease *self)
{
    return self->renewed_boot + self->length_us - self->length_us / LAST_PART;
}

LeaseState
agent_lease_state(const AgentLease *self, int64_t now_boot)
{
    if (self->renewed_boot == 0)
        return LEASE_NONE;
    if (now_boot < stale_boot(self))
        return LEASE_FRESH;
    return now_boot < over_boot(self) ? LEASE_STALE : LEASE_OVER;
}

int64_t
agent_lease_changes_in(const AgentLease *self, int64_t now_boot)
{
    switch (agent_lease_state(self, now_boot)) {
    case LEASE_FRESH:
        return stale_boot(self) - now_boot;
    case LEASE_STALE:
        return over_boot(self) - now_boot;
    case LEASE_NONE:
    case LEASE_OVER:
        return -1;
    }
    g_return_val_if_reached(-1);
}

int64_t
agent_lease_heartbeat_us(const AgentLease *self)
{
    return self->length_us / HEARTBEAT_PART;
}

int64_t
agent_lease_margin_us(const AgentLease *self)
{
    return self->length_us / MARGIN_PART;
}

int64_t
agent_lease_calm_us(const AgentLease *self, int64_t now_boot)
{
    return self->mercy_boot == 0 ? -1 : now_boot - self->mercy_boot;
}

bool
agent_lease_may_bury(const AgentLease *self, int64_t now_boot)
{
    int64_t calm_us = agent_lease_calm_us(self, now_boot);

    return calm_us < 0 || calm_us >= self->length_us / MERCY_PART;
}

void
agent_lease_show_mercy(AgentLease *self, int64_t now_boot)
{
    self->mercy_boot = now_boot;
}

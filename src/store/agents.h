/* SPDX-License-Identifier: PostgreSQL */
/* The register of agents: entering it, renewing the lease. */
#pragma once

#include "store/store.h"

/* Enters the register on that connection; epoch 0 and no error: our old row is gone. */
typedef void (*AgentsRegistered)(int64_t epoch, const GError *error, gpointer user_data);
void agents_register(Store *store, DbConn *conn, AgentsRegistered registered, gpointer user_data);

/* After a reconnect: jobs that the former connection's row held come over to the new one, unless somebody has locked
 * them. remains: try again later. */
typedef void (*AgentsTidied)(bool remains, gpointer user_data);
void agents_tidy(Store *store, AgentsTidied tidied, gpointer user_data);

typedef struct {
    /* Both false: we were declared dead. Ours, but not renewed: somebody has the row locked. */
    bool was_renewed;
    bool is_ours;
    int64_t sent_boot; /* when it was sent */
} AgentRenewal;

/* renewal is NULL on error. Not called if the connection is lost: that is reported by itself. */
typedef void (*AgentsRenewed)(const AgentRenewal *renewal, const GError *error, gpointer user_data);
void agents_renew(Store *store, AgentsRenewed renewed, gpointer user_data);

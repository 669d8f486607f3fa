/* SPDX-License-Identifier: PostgreSQL */
/* What the parts of a store share: store.c owns its states, the lease's events and the log connection; store-control.c what
 * is said on a new control connection until it is in the register; store-self.c who this agent is and what it has noted. */
#pragma once

#include "store/store.h"

#include "store/clockwatch.h"
#include "store/home.h"
#include "store/journal.h"
#include "store/keeper.h"
#include "store/link.h"
#include "store/pooler.h"
#include "store/session.h"

/* Why a new epoch begins; each follows the agent's name. */
#define STORE_DECLARED_DEAD "was declared dead"
#define STORE_SESSION_STUCK "has a former session that the server does not end"

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
    int64_t home_server;   /* where this epoch was registered last (session_server); 0 = nowhere */
    guint64 home_timeline; /* and on which timeline */
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

/* Nothing if it is not yet, or is already. */
void store_become_ready(Store *self);
void store_become_lost(Store *self);
/* Everything of the old epoch is void. The next connections begin anew. */
void store_become_fenced(Store *self, const char *why);

void store_make_control(Store *self, int64_t connect_timeout_us, int64_t retry_us);
/* The log connection may write when both lead to the same server. */
void store_join_log(Store *self);

void store_note_change(Store *self);

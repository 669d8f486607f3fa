/* SPDX-License-Identifier: PostgreSQL */
/* The log connection, which is kept open beside the control connection, and the writer on it. */
#pragma once

#include "store/link.h"
#include "store/writer.h"

typedef struct Journal Journal;

typedef struct {
    /* The connection is there, and waits for journal_write_as. */
    void (*opened)(gpointer user_data);
    /* It cannot come back in this epoch (see session_begin). */
    void (*stuck)(gpointer user_data);
    WriterFenced fenced;
    void (*caught_up)(gpointer user_data); /* as writer_on_caught_up */
} JournalEvents;

Journal *journal_new(DbTarget *target, int64_t lease_us, int64_t connect_timeout_us,
                     int64_t pause_us, const JournalEvents *events, gpointer user_data);
/* Drops what is not written, after the connection. */
void journal_free(Journal *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Journal, journal_free)

void journal_set_times(Journal *self, int64_t connect_timeout_us, int64_t pause_us);

/* Unless it is open; begins with the host of the control connection. */
void journal_open(Journal *self, const Link *control);
/* Which server it leads to (as session_server); 0 = it is not open. */
int64_t journal_server(const Journal *self);
/* It is open, and what is written goes out. */
bool journal_is_ready(const Journal *self);
/* As link_trouble. */
const char *journal_trouble(const Journal *self);
Writer *journal_writer(Journal *self);

/* On the connection that is open: writes as this agent in this epoch. */
void journal_write_as(Journal *self, const char *uuid, int64_t epoch);
/* Gives up the connection, and opens another one. */
void journal_drop(Journal *self, const GError *why);
/* Gives up all that is not written, and the connection: the agent was declared dead. */
void journal_give_up(Journal *self, const GError *why);
/* With each heartbeat: the connection shows that it lives, or is given up when it has not answered for so long. */
void journal_prove(Journal *self, int64_t silence_us);

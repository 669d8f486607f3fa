/* SPDX-License-Identifier: PostgreSQL */
/* A connection that is kept open: opened again with back-off and jitter whenever it cannot be had or breaks.
 * One message per change of state. */
#pragma once

#include "db/conn.h"

typedef struct Link Link;

typedef struct {
    /* Open. The owner prepares it and then says link_settled, or link_drop if that fails; if it says nothing for
     * longer than connecting may take, the server is silent, and the connection is dropped. */
    void (*opened)(DbConn *conn, gpointer user_data);
    /* Not open any more; conn is freed after this. Not called for attempts that never came to opened. */
    void (*lost)(gpointer user_data);
    /* An attempt failed; true = it is no use to try again. May be NULL. */
    bool (*failed)(const GError *error, gpointer user_data);
    void (*notified)(gpointer user_data); /* may be NULL */
} LinkEvents;

/* purpose: for messages, "control connection". */
Link *link_new(DbTarget *target, const char *purpose, int64_t connect_timeout_us, int64_t retry_us,
               const LinkEvents *events, gpointer user_data);
void link_free(Link *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Link, link_free)

/* From the next attempt on. */
void link_set_times(Link *self, int64_t connect_timeout_us, int64_t retry_us);

void link_open(Link *self);
/* Begins with the host of the other one, from the next attempt on. */
void link_follow(Link *self, const Link *other);
/* Why there is none at present; NULL = there is one, or the first attempt is under way. */
const char *link_trouble(const Link *self);
DbConn *link_conn(Link *self); /* NULL while there is none */
/* The server has answered what was to be said first; that link_settled comes later has other reasons. */
void link_answered(Link *self);
/* It works: the next failure starts with the shortest pause again. */
void link_settled(Link *self);
/* Closes it and tries again after a pause; error says why. */
void link_drop(Link *self, const GError *error);

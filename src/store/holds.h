/* SPDX-License-Identifier: PostgreSQL */
/* Writes of statements that the tables do not take as they are: a right is missing, or the table. They wait; the oldest of
 * each statement is tried again now and then, and when that one goes through, the others follow. One message per reason
 * when it begins and when it ends. */
#pragma once

#include "store/writer-private.h"

typedef struct Holds Holds;

/* try_again: this one is to be sent now, before others; its is_probe is set. It comes back by holds_add or holds_release. */
typedef void (*HoldsTryAgain)(Write *probe, gpointer user_data);
Holds *holds_new(HoldsTryAgain try_again, gpointer user_data);
/* There must be no writes in it: holds_release_all. */
void holds_free(Holds *self);

/* A write that was refused, and why; taken over. */
void holds_add(Holds *self, Write *write, const GError *error);
/* A new one: true if its statement is held; then it is taken over. */
bool holds_take(Holds *self, Write *write);
/* The probe went through, or what is wrong now is not the tables: those of its statement go to the end of `to`. */
void holds_release(Holds *self, Write *probe, GQueue *to);
/* All go to the end of `to`, and nothing is held any more. */
void holds_release_all(Holds *self, GQueue *to);
/* How many writes wait here, without probes that are tried. */
guint holds_count(const Holds *self);

/* SPDX-License-Identifier: PostgreSQL */
/* The keys of one server for which it had no connection free, each with the time until it is asked again. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct Gates Gates;

typedef void (*GatesOpened)(gpointer user_data);
/* opened: the time of some key is over. It is not called from inside any of these functions. */
Gates *gates_new(GatesOpened opened, gpointer user_data);
void gates_free(Gates *self);

/* The server said it is full. True for the first of several attempts that were under way at once. */
bool gates_back_off(Gates *self, const char *key, const char *reason);
/* A place has become free by our own doing: asks again soon, and begins with short times again. */
void gates_hurry(Gates *self);
/* What the server said when it was full, NULL if it was not. closed: it is too early to ask again. */
const char *gates_reason(const Gates *self, const char *key, bool *closed);
/* Forgets the keys that nobody wants. */
typedef bool (*GatesWanted)(const char *key, gpointer user_data);
void gates_sweep(Gates *self, GatesWanted wanted, gpointer user_data);

/* SPDX-License-Identifier: PostgreSQL */
/* The addresses of a host, looked up off the main loop. The system's look-up cannot be broken off, and may wait long for a
 * name server that does not answer: each has a thread of its own, there are LOOKUP_THREADS at most, and who asks for a name
 * that is being looked up gets that answer. For use from the main loop's thread only. */
#pragma once

#include <glib.h>

#define LOOKUP_THREADS 16

typedef struct Lookup Lookup;

/* addresses: of char *, as numbers, the best first, at least one; or NULL and why not (CONNECTION). Called once, never from
 * inside lookup_new. It may free the look-up. */
typedef void (*LookupDone)(const GPtrArray *addresses, const GError *error, gpointer user_data);
Lookup *lookup_new(const char *name, LookupDone done, gpointer user_data);
/* At any time: done is not called any more. Accepts NULL. */
void lookup_free(Lookup *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lookup, lookup_free)

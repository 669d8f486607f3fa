/* SPDX-License-Identifier: PostgreSQL */
/* Many things go in one statement. If the server refuses it, half of them are tried, and so on until the bad one stands
 * alone: it shall not keep the others back. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
    guint total;
    guint at;   /* those before it are through */
    guint size; /* how many are tried at once */
} Halves;

void halves_begin(Halves *self, guint total);
/* How many are to be tried now, from at on; 0 = all are through. */
guint halves_count(const Halves *self);
void halves_accepted(Halves *self);
/* True if it was one alone, which is passed over. */
bool halves_refused(Halves *self);

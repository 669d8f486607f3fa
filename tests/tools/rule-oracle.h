/* SPDX-License-Identifier: PostgreSQL */
/* What a rule selects, by the words of its definition and as slowly: to compare the search with. Shares nothing with it but the
 * arithmetic of civil.h. */
#pragma once

#include <glib.h>

#include "calendar/rule.h"

typedef struct Oracle Oracle;

/* Keeps a copy of the rule. */
Oracle *oracle_new(const Rule *rule);
void oracle_free(Oracle *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Oracle, oracle_free)

/* Whether it selects that second (since 1970). */
bool oracle_selects(const Oracle *self, int64_t second);
/* The first second that it selects from one to another, looking at all of them; INT64_MAX = none. */
int64_t oracle_next(const Oracle *self, int64_t from, int64_t last);

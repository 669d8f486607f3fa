/* SPDX-License-Identifier: PostgreSQL */
/* Rules as words key=value, in any order: "kind=monthly start=2026-01-31T09:00 monthdays=31,-1". They say what the columns
 * of a row of pga_rule say, for every kind but those that are a text. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "calendar/definition.h"
#include "calendar/place.h"
#include "calendar/rule.h"

/* *self comes with what the words leave open. Errors: INPUT; *place is where in the text. */
bool typed_parse(const char *text, const Zone *zone, RuleDefinition *self, Place *place,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One line that reads as the same in that zone. Free with g_free. */
char *typed_print(const RuleDefinition *self, const Zone *zone);

/* What hourly, daily, weekly and monthly mean for a start with this label (a whole second). */
void typed_rule(const RuleDefinition *self, int64_t start, Rule *rule);

/* Elapsed time, longer than nothing and not in months. Errors: INPUT. */
bool typed_parse_period(const char *text, Length *period, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* NULL, or why a length cannot be that. */
const char *typed_refuse_period(const Length *period);

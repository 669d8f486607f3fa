/* SPDX-License-Identifier: PostgreSQL */
/* Random rules of all kinds, for comparing the search with an oracle; and what makes a failing one small. */
#pragma once

#include "calendar/rule.h"

/* Uses GLib's test seed. `around`: a label near which anchors are. */
void random_rule(Rule *rule, int64_t around);
/* Tries to make a failing rule simpler, part by part, as long as it still fails. */
typedef bool (*RuleFails)(const Rule *rule, const void *user_data);
void shrink_rule(Rule *rule, RuleFails fails, const void *user_data);
/* All parts that are not as rule_init leaves them. Free with g_free. */
char *describe_rule(const Rule *rule);

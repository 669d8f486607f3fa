/* SPDX-License-Identifier: PostgreSQL */
/* The labels that a rule asks for, minus exceptions: still without a zone. What can be subtracted when it is
 * built is; the rest is sorted, so that thousands of exceptions cost a bisection. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "calendar/rule.h"
#include "calendar/schedule.h"

typedef struct Labels Labels;

Labels *labels_new(RuleMask mask, const ScheduleException *exceptions, size_t n_exceptions);
void labels_free(Labels *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Labels, labels_free)

/* True if no day or no minute is left: proved when it was built. */
bool labels_is_empty(const Labels *self);
/* The first label at or after `from`, at or before `last`. *steps falls by what it cost; RULE_BEYOND with
 * *steps < 0 means that the search was given up. */
RuleOutcome labels_next(const Labels *self, int64_t from, int64_t last, int *steps, int64_t *label);

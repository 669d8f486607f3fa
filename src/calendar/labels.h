/* SPDX-License-Identifier: PostgreSQL */
/* A set of local labels, still without a zone: those of a rule minus pgAgent's exceptions, single ones, or whole days. What
 * can be subtracted when it is built is; the rest is sorted, so that thousands of exceptions cost a bisection. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "calendar/rule.h"
#include "calendar/schedule.h"

typedef struct Labels Labels;

Labels *labels_new(const Rule *rule, const ScheduleException *exceptions, size_t n_exceptions);
Labels *labels_new_list(const int64_t *labels, size_t n);
/* Their midnights; labels_has says yes to the whole day. */
Labels *labels_new_days(const int64_t *days, size_t n);
void labels_free(Labels *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Labels, labels_free)

/* NULL if there are any; else why not, in plain words: proved when it was built. */
const char *labels_why_never(const Labels *self);
/* See rule_is_running. */
bool labels_is_running(const Labels *self);
/* The first label at or after `from`, at or before `last`. *steps falls by what it cost; RULE_BEYOND with
 * *steps < 0 means that the search was given up. */
RuleOutcome labels_next(const Labels *self, int64_t from, int64_t last, int *steps, int64_t *label);
bool labels_has(const Labels *self, int64_t label, int *steps);

/* SPDX-License-Identifier: PostgreSQL */
/* Rules of jobs (pga_rule), and slots that somebody asked to leave out (pga_skipped), which come as exceptions: read only;
 * what is wrong with rules is written with the plans. */
#pragma once

#include "calendar/definition.h"
#include "store/store.h"

/* An enabled rule as it stands in the table. */
typedef struct {
    int id; /* 0 = a slot that is to be left out */
    RuleDefinition definition;
    char *zone; /* NULL = the job's */
    bool is_exception;
    bool has_duration; /* of an exception: it hides so much from each of its instants on */
    Length duration;
    int end_count; /* it asks for nothing after so many runs; 0 = no such end */
    int run_count;
    /* Of the job's last run; NO_INSTANT = none has ended, or nobody has noted it. */
    int64_t last_end_at;
    char *problem; /* as it stands in the table; NULL = none */
} RuleRow;

void rule_row_free(RuleRow *self);

/* rows: job id (as a pointer) -> GPtrArray of RuleRow; jobs without rules are missing. NULL on error. */
typedef void (*RulesLoaded)(GHashTable *rows, const GError *error, gpointer user_data);
void rules_load(Store *store, const GArray *job_ids, RulesLoaded loaded, gpointer user_data);

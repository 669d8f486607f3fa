/* SPDX-License-Identifier: PostgreSQL */
/* The fields of cron text, for its parser and its printer. */
#pragma once

#include <stdint.h>

#include "calendar/rule.h"

#define CRON_LAST_OF_MONTH (1u << 9) /* in Rule.nth_of_month */

typedef enum {
    CRON_SECOND,
    CRON_MINUTE,
    CRON_HOUR,
    CRON_DAY,
    CRON_MONTH,
    CRON_WEEKDAY,
    N_CRON_FIELDS
} CronFieldKind;

/* A weekday may be written as 7, too. */
typedef struct {
    CronFieldKind kind;
    const char *name;
    const char *units; /* of its steps; NULL = not of a fixed length */
    int first, last;
    const char *const *words; /* NULL, or the names of the values, each known by three letters */
    const char *allowed;
} CronField;

extern const CronField cron_fields[N_CRON_FIELDS];

/* 60, 24, 31, 12 or 7. */
int cron_field_size(const CronField *self);
/* What a rule selects in the field, beside the likes of L and 1#2: bit n = the value first + n. */
uint64_t cron_field_get(const CronField *self, const Rule *rule);
void cron_field_set(const CronField *self, Rule *rule, uint64_t bits);

/* SPDX-License-Identifier: PostgreSQL */
/* One iCalendar recurrence rule, "FREQ=MONTHLY;BYDAY=-1FR;COUNT=5" (RFC 5545 3.3.10, RFC 7529): everything that RFC 5545
 * allows, RSCALE=GREGORIAN and SKIP. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "calendar/place.h"
#include "calendar/rule.h"

/* Slots are counted one by one. */
#define RRULE_MAX_COUNT 100000

typedef enum {
    UNTIL_NONE,
    UNTIL_DATE,  /* `until` is a label: the last microsecond of that day */
    UNTIL_LABEL, /* a label of DTSTART's zone */
    UNTIL_UTC,   /* an instant */
} RruleUntil;

typedef struct {
    Rule rule;
    int64_t until;
    int64_t count; /* 0 = none */
    RruleUntil until_kind;
} Rrule;

/* The value behind "RRULE:", as it stands in a larger text: length bytes at text + offset, which *place counts from the
 * beginning of. What the rule leaves open comes from the label of DTSTART (RFC 5545). Errors: INPUT. */
bool rrule_parse(const char *text, size_t offset, size_t length, int64_t dtstart, Rrule *rrule,
                 Place *place, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool rrule_equal(const Rrule *a, const Rrule *b);
/* A text that reads as the same, for the same DTSTART. Free with g_free. */
char *rrule_print(const Rrule *rrule, int64_t dtstart);

/* SPDX-License-Identifier: PostgreSQL */
/* Lists of small numbers, some of which have names: "1,15,-1", "mon-fri", "jan,4-6", "22-2". */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "calendar/place.h"

typedef struct {
    const char *const *
        names; /* of first, first + 1 …, in lower case; the first three letters do as well. NULL = none */
    int first, last;
    bool has_back;       /* numbers from the end: -1 to -last */
    const char *allowed; /* in words, for errors */
} NumberField;

/* A list as bits. */
typedef struct {
    uint32_t numbers; /* bit n = first + n */
    uint32_t back;    /* bit 31 = -1, bit 30 = -2 … */
} NumberList;

/* Numbers and ranges separated by commas; a range may wrap around. Errors: INPUT, and *place is the part of the text. */
bool number_list_parse(const char *text, const NumberField *field, NumberList *self, Place *place,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Appends a text that reads as the same. */
void number_list_print(const NumberList *self, const NumberField *field, GString *text);

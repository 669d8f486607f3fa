/* SPDX-License-Identifier: PostgreSQL */
/* The keys of typed rules: which kinds take them, how their values are read and printed. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "calendar/definition.h"
#include "calendar/place.h"

/* A value, and which part of it is wrong: all of it, unless the reader knows better. */
typedef struct {
    const char *value;
    const Zone *zone; /* of instants without an offset */
    Place bad;
} TypedValue;

typedef struct {
    const char *name;
    guint kinds; /* bit n = RuleKind n takes it */
    /* Errors: INPUT, without the name of the key. */
    bool (*read)(TypedValue *value, RuleDefinition *definition, GError **error);
    /* Appends the value; nothing if it is what is meant without it. */
    void (*print)(const RuleDefinition *definition, const Zone *zone, GString *text);
} TypedKey;

enum {
    TYPED_KEY_KIND,
    TYPED_KEY_PERIOD,
    N_TYPED_KEYS = 10
};

/* In the order in which they are printed. */
extern const TypedKey typed_keys[N_TYPED_KEYS];

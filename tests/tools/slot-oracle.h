/* SPDX-License-Identifier: PostgreSQL */
/* The slots of a schedule by the words of DESIGN (what 02:30 means), looking at every minute: to compare the search with. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "calendar/zone.h"

typedef bool (*SelectsLabel)(int64_t label, gconstpointer user_data);

typedef struct {
    SelectsLabel selects; /* asked of whole minutes */
    gconstpointer user_data;
    const Zone *zone;
    bool is_running; /* else one slot per label */
    int64_t start_at, end_at;
} SlotOracle;

typedef struct {
    int64_t at;
    int64_t label;
} OracleSlot;

/* Appends those after `from`, up to `until`, in any order. */
void slot_oracle_add(const SlotOracle *oracle, int64_t from, int64_t until, GArray *slots);
/* Sorts them; of several at one instant the first that the clock shows then stays, else any. */
void slot_oracle_merge(GArray *slots);

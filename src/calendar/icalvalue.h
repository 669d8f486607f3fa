/* SPDX-License-Identifier: PostgreSQL */
/* A date, or a date and time, as iCalendar writes it: 19970902, 19970902T090000, 19970902T090000Z. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "calendar/piece.h"

typedef struct {
    int64_t label; /* a whole second; of a date its midnight; with is_utc it is an instant, too */
    bool is_date;
    bool is_utc;
} IcalValue;

/* NULL, or why it cannot be read: behind "…: it must be"; *value is then untouched. */
const char *ical_value_parse(const Piece *piece, IcalValue *value);
/* Appends 19970902T090000, or the date alone. */
void ical_value_append(GString *text, int64_t label, bool is_date);

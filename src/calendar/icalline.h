/* SPDX-License-Identifier: PostgreSQL */
/* Lines of iCalendar text (RFC 5545 3.1): unfolded, then name, parameters and value. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "calendar/piece.h"
#include "calendar/place.h"

/* A text whose folded lines are whole again, with a newline between two lines. */
typedef struct {
    char *text;
    size_t length;
    size_t *origins; /* where each byte of it, and its end, was in the original */
} IcalUnfolded;

/* A line break with a blank behind it is none; the two characters \n are one, and blanks behind them nothing. */
void ical_unfold(IcalUnfolded *self, const char *text);
void ical_unfolded_clear(IcalUnfolded *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(IcalUnfolded, ical_unfolded_clear)
/* Turns a place in it into the place in the original. */
void ical_unfolded_find(const IcalUnfolded *self, Place *place);

typedef enum {
    ICAL_DTSTART,
    ICAL_RRULE,
    ICAL_EXRULE,
    ICAL_RDATE,
    ICAL_EXDATE,
    N_ICAL_PROPERTIES
} IcalProperty;

extern const char *const ical_property_names[N_ICAL_PROPERTIES];

/* What the parameter VALUE says. */
typedef enum {
    ICAL_VALUE_ANY, /* nothing */
    ICAL_VALUE_DATE,
    ICAL_VALUE_DATE_TIME,
    ICAL_VALUE_PERIOD,
    ICAL_VALUE_RECUR,
    N_ICAL_VALUES
} IcalValueKind;

typedef struct {
    IcalProperty property;
    IcalValueKind kind;
    Piece name; /* all of the value where a line is a recurrence rule without a name */
    Piece zone; /* TZID; length 0 = none */
    Piece value;
} IcalLine;

/* Errors: INPUT. */
bool ical_line_parse(const Piece *text, IcalLine *line, Place *place,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

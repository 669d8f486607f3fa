/* SPDX-License-Identifier: PostgreSQL */
/* iCalendar text (RFC 5545): DTSTART, RRULE, RDATE, EXDATE and EXRULE lines, any number, also folded; "\n" written as a
 * backslash and an n ends a line too. The slots are those of the RRULEs and RDATEs (without any RRULE also DTSTART
 * itself), minus those of the EXDATEs and EXRULEs. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "calendar/place.h"
#include "calendar/schedule.h"

typedef struct IcalText IcalText;

/* Whatever somebody writes has to be looked through in a short time. */
#define ICAL_MAX_TEXT  1000000 /* bytes */
#define ICAL_MAX_RULES 100     /* RRULEs and EXRULEs together */
#define ICAL_MAX_ZONES 100     /* different TZIDs */

/* default_start: the label of DTSTART where the text has none (whole seconds). Errors: INPUT; *place (may be NULL) is
 * where. */
IcalText *ical_parse(const char *text, int64_t default_start, Place *place,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ical_free(IcalText *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IcalText, ical_free)
/* Lines that read as the same, separated by newlines, always with a DTSTART. Free with g_free. */
char *ical_print(const IcalText *self);
bool ical_equal(const IcalText *a, const IcalText *b);

/* Finds zones by name, so that many schedules share one. Returns a new reference. */
typedef Zone *(*ZoneFinder)(const char *name, gpointer user_data, GError **error);

/* zone: of labels without one of their own. start_at, end_at: bounds beside those in the text. Errors: INPUT, NOT_FOUND (a
 * TZID that is not known); *place is where. */
Schedule *ical_compile(const IcalText *self, int id, Zone *zone, int64_t start_at, int64_t end_at,
                       ZoneFinder find_zone, gpointer user_data, Place *place,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

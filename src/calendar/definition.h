/* SPDX-License-Identifier: PostgreSQL */
/* A rule as somebody wrote it: a row of pga_rule, or the words of `pgalmanac next`; and how it becomes a schedule. The one
 * door behind which the languages are. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "calendar/cron.h"
#include "calendar/ical.h"
#include "calendar/length.h"
#include "calendar/place.h"
#include "calendar/schedule.h"

typedef enum {
    RULE_KIND_ONCE, /* the types of the 2005 RFC for pgAgent: all at the time of day of start_at */
    RULE_KIND_HOURLY,
    RULE_KIND_DAILY,
    RULE_KIND_WEEKLY,
    RULE_KIND_MONTHLY,
    RULE_KIND_CRON,    /* text */
    RULE_KIND_ICAL,    /* text */
    RULE_KIND_EVERY,   /* elapsed time, from start_at on */
    RULE_KIND_AFTER,   /* so long after the last run ended */
    RULE_KIND_STARTUP, /* at each start of an agent */
    N_RULE_KINDS
} RuleKind;

/* "once", "hourly" … as in pga_rule.rulkind. */
const char *rule_kind_name(RuleKind kind);
bool rule_kind_find(const char *name, RuleKind *kind);
/* AFTER and STARTUP have no slots of their own: they hang on what happens. */
bool rule_kind_is_calendar(RuleKind kind);

typedef struct {
    RuleKind kind;
    /* Inclusive. Typed rules take their time of day from its label, rounded up to a second. */
    int64_t start_at;
    int64_t end_at; /* inclusive; SCHEDULE_NO_END */
    /* Ends after so many slots from start_at on; 0 = no such bound. Run counts (pga_rule.rulendcount) are another thing:
     * they are kept by whoever runs the job. */
    int64_t count;
    int every;        /* daily, weekly, monthly: every n; 1 */
    uint32_t hours;   /* hourly: bit n = hour n; 0 = all */
    uint8_t weekdays; /* weekly: bit n, 0 = Sunday; 0 = that of the start */
    /* monthly: bit n = day n + 1; with month_days_back 0 = that of the start */
    uint32_t month_days;
    uint32_t month_days_back; /* monthly: bit 31 = the last, bit 30 = the one before it … */
    uint16_t months;          /* monthly: bit n = month n + 1; 0 = all */
    Length period;            /* every, after: without months; days are 24 hours */
    char *text;               /* cron, ical */
    CronDays days;            /* cron */
} RuleDefinition;

void definition_init(RuleDefinition *self); /* once, from the beginning, without bounds */
void definition_clear(RuleDefinition *self);

typedef enum {
    DIALECT_AUTO, /* guessed: see definition_parse */
    DIALECT_CRON,
    DIALECT_ICAL,
    DIALECT_TYPED
} Dialect;
/* "auto", "cron" … */
bool dialect_find(const char *name, Dialect *dialect);

/* Reads what people write on one line: cron text, @macros, @every and @after with a length, @reboot (all CRON), iCalendar
 * lines, or words key=value (see typed.h). AUTO: what begins with @ is cron text, what has a line such as "RRULE:…" or is what
 * stands behind that ("FREQ=…", its parts in any order) is iCalendar text, what begins with key= is typed, and all else is cron text.
 *
 * An instant without an offset is read in the zone. start_at: what a text without a start gets. *self need not be
 * initialised; it is the caller's to clear if it worked. Errors: INPUT, and *place (may be NULL) where in the text. */
bool definition_parse(const char *text, Dialect dialect, const Zone *zone, int64_t start_at,
                      RuleDefinition *self, Place *place, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One line (iCalendar: several) that reads as the same in that zone; for cron text, with the same `days`. What cannot be read
 * is given as it is. Free with g_free. */
char *definition_print(const RuleDefinition *self, const Zone *zone);

/* The schedule of a rule whose kind is a calendar's. id: what schedule_id says. Errors: INPUT, or NOT_FOUND for a zone that
 * the text names; *place (may be NULL) is where in self->text. */
Schedule *definition_compile(const RuleDefinition *self, int id, Zone *zone, ZoneFinder find_zone,
                             gpointer user_data, Place *place,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

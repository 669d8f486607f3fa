/* SPDX-License-Identifier: PostgreSQL */
/* What reading, printing and compiling of iCalendar text share. */
#pragma once

#include "calendar/ical.h"
#include "calendar/rrule.h"

#define ICAL_UTC "UTC"

/* A zone that the text names: UTC where it writes Z. */
typedef struct {
    char *name;
    Place place; /* where it is named first */
} IcalZone;

typedef struct {
    int64_t label;
    const IcalZone
        *zone;   /* NULL = that of DTSTART; of DTSTART itself: that of whoever compiles the text */
    bool is_day; /* of EXDATE: the whole day */
} IcalDate;

typedef struct {
    Rrule rrule;
    Place place; /* of its value */
} IcalRule;

struct IcalText {
    IcalDate start;
    GPtrArray *zones;     /* IcalZone *, each name once */
    GArray *rules;        /* IcalRule: RRULE, in the order of the text */
    GArray *except_rules; /* EXRULE */
    GArray *dates;        /* IcalDate: RDATE; sorted by is_day, zone and label, each once */
    GArray *except_dates; /* EXDATE */
};

/* Ascending by is_day, zone name (NULL first) and label. */
int ical_date_compare(gconstpointer a, gconstpointer b);
/* True if they stand in one list: of one zone and kind. */
bool ical_date_is_like(const IcalDate *a, const IcalDate *b);

/* SPDX-License-Identifier: PostgreSQL */
/* libical's iterator on the same rules, in nanoseconds of processor time, the best of three rounds. It hangs on some, so each measurement is made in a
 * child process that ends after a few seconds. */
#pragma once

#include <glib.h>

#define LIBICAL_NONE    (-1.0) /* built without libical, or it refuses the rule */
#define LIBICAL_HANGS   (-2.0) /* longer than LIBICAL_SECONDS */
#define LIBICAL_SECONDS 3

typedef enum {
    LIBICAL_STEP,       /* one slot after the other */
    LIBICAL_FROM_START, /* the first one after an instant: from DTSTART on */
    LIBICAL_SET_START, /* the same after icalrecur_iterator_set_start, as far as that is right (see its bugs) */
} LibicalWay;

/* Labels are written as iCalendar does, "20250615T123456". */
double libical_measure(LibicalWay way, const char *rule, const char *dtstart,
                       const char *const *asked, guint n_asked);

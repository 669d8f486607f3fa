/* SPDX-License-Identifier: PostgreSQL */
/* Shows what we think of time zones, for tests in other languages. Each line of stdin is a zone's name. Lines of
 * stdout, from 1970 to 2100, separated by tabs, in microseconds since 1970 and seconds east of UTC:
 *   span  ZONE FROM UNTIL OFFSET       a stretch of one offset
 *   label ZONE LABEL FIRST SECOND      the instants of a local label near a change */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "calendar/civil.h"
#include "calendar/zone.h"

static void
show_label(const Zone *zone, int64_t label)
{
    int64_t first, second;
    (void)zone_resolve(zone, label, &first, &second);
    printf("label\t%s\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\n", zone_name(zone), label, first,
           second);
}

/* From an hour and a half before to an hour and a half after both of the labels that a change has. */
static void
show_change(const Zone *zone, const ZoneSpan *span)
{
    for (int64_t minutes = -90; minutes <= 90; minutes += 15) {
        int64_t at = span->from_at + minutes * CIVIL_US_PER_MINUTE;
        show_label(zone, at + span->offset_before * CIVIL_US_PER_SECOND);
        show_label(zone, at + span->offset * CIVIL_US_PER_SECOND);
    }
}

static void
show_zone(const Zone *zone)
{
    int64_t at = 0;
    int64_t end = civil_days(2100, 1, 1) * CIVIL_US_PER_DAY;
    while (at < end) {
        ZoneSpan span;
        zone_span(zone, at, &span);
        printf("span\t%s\t%" PRId64 "\t%" PRId64 "\t%d\n", zone_name(zone), at,
               MIN(span.until_at, end), span.offset);
        if (span.from_at > 0)
            show_change(zone, &span);
        at = span.until_at;
    }
}

int
main(void)
{
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) >= 0) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Zone) zone = zone_load(g_strchomp(line), NULL, &error);
        if (zone)
            show_zone(zone);
        else
            printf("error\t%s\t%s\n", line, error->message);
    }
    free(line);
    return 0;
}

/* SPDX-License-Identifier: PostgreSQL */
/* Any bytes as a time zone file: what is accepted must answer consistently, at once, at every instant.
 *
 * fuzz-sources: src/calendar/*.c src/base/error.c src/base/quantity.c
 * fuzz-seeds: /usr/share/zoneinfo/Europe/Berlin /usr/share/zoneinfo/America/Santiago /usr/share/zoneinfo/Pacific/Apia
 * fuzz-seeds: /usr/share/zoneinfo/Africa/Casablanca /usr/share/zoneinfo/UTC /usr/share/zoneinfo/Pacific/Kwajalein */
#include "config.h"

#include "calendar/bitmap.h"
#include "calendar/civil.h"
#include "calendar/schedule.h"
#include "calendar/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_instant(const Zone *zone, int64_t at)
{
    int64_t first = 0, second = 0;
    int64_t label = at + zone_offset(zone, at) * CIVIL_US_PER_SECOND;
    ZoneFit fit = zone_resolve(zone, label, &first, &second);
    g_assert(fit != ZONE_GAP);
    g_assert(first <= at && at <= second);
    g_assert((fit == ZONE_UNIQUE) == (first == second));

    ZoneSpan span;
    zone_span(zone, at, &span);
    g_assert(span.from_at <= at && at < span.until_at);
    g_assert(span.offset == zone_offset(zone, at));
    g_assert(zone_next_transition(zone, at) == span.until_at);
}

static void
check_label(const Zone *zone, int64_t label)
{
    int64_t first = 0, second = 0;
    ZoneFit fit = zone_resolve(zone, label, &first, &second);
    bool shows = first + zone_offset(zone, first) * CIVIL_US_PER_SECOND == label;
    g_assert(first <= second);
    g_assert(shows == (fit != ZONE_GAP));
}

/* The longest that a schedule can take to look through a zone. */
static void
check_schedule(Zone *zone, int64_t after)
{
    Rule nights;
    bitmap_rule(1, 1 << 2, 1, UINT64_C(1) << 12, 0, &nights);
    g_autoptr(Schedule) schedule =
        schedule_new(1, &nights, zone, INT64_MIN, SCHEDULE_NO_END, NULL, 0);
    ScheduleSlot slot;
    RuleOutcome outcome = schedule_next(schedule, after, INT64_MAX, &slot);
    g_assert(outcome == RULE_FOUND && slot.at > after);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Zone) zone = zone_parse("fuzz", data, size, NULL);
    if (!zone)
        return 0;
    int64_t at = civil_days(2, 1, 1) * CIVIL_US_PER_DAY;
    int64_t end = civil_days(9990, 1, 1) * CIVIL_US_PER_DAY;
    for (int i = 0; i < 100 && at < end; i++) {
        for (int64_t away = -3; away <= 3; away++) {
            check_instant(zone, at + away * 30 * CIVIL_US_PER_MINUTE);
            check_label(zone, at + away * 30 * CIVIL_US_PER_MINUTE +
                                  zone_offset(zone, at) * CIVIL_US_PER_SECOND);
        }
        if (i % 10 == 0)
            check_schedule(zone, at);
        at = zone_next_transition(zone, at);
    }
    check_instant(zone, end);
    check_label(zone, end);
    return 0;
}

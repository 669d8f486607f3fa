/* SPDX-License-Identifier: PostgreSQL */
/* iCalendar text: what can be read is printed and read as the same; its slots come in order, and at once (the time limit
 * of the run). What cannot be read is said to be wrong somewhere in the text.
 *
 * fuzz-sources: src/calendar/*.c src/base/error.c src/base/quantity.c */
#include "config.h"

#include <string.h>

#include "calendar/civil.h"
#include "calendar/ical.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Loaded once: the files are not what is tested here. */
static Zone *
find_zone(const char *name, gpointer user_data, GError **error)
{
    static const char *const names[] = {"UTC", "Europe/Berlin", "America/New_York",
                                        "Australia/Lord_Howe", "Pacific/Apia"};
    static Zone *zones[G_N_ELEMENTS(names)];
    (void)user_data;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(name, names[i]) != 0)
            continue;
        if (!zones[i])
            zones[i] = zone_load(name, NULL, NULL);
        return zone_ref(zones[i]);
    }
    return zone_load("no/such/zone", NULL, error);
}

static IcalText *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    Place place = {SIZE_MAX, SIZE_MAX};
    IcalText *ical = ical_parse(text, civil_days(2026, 1, 1) * CIVIL_US_PER_DAY, &place, &error);
    g_assert_true((ical == NULL) == (error != NULL));
    if (!ical) {
        g_assert_cmpuint(place.offset, <=, strlen(text));
        g_assert_cmpuint(place.length, <=, strlen(text) - place.offset);
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
    }
    return ical;
}

static void
check_slots(const IcalText *ical)
{
    g_autoptr(Zone) zone = find_zone("Europe/Berlin", NULL, NULL);
    g_autoptr(Schedule) schedule =
        ical_compile(ical, 1, zone, INT64_MIN, SCHEDULE_NO_END, find_zone, NULL, NULL, NULL);
    ScheduleSlot slot = {.at = INT64_MIN};
    for (int i = 0; schedule && i < 3; i++) {
        int64_t after = slot.at;
        if (schedule_next(schedule, after, INT64_MAX, &slot) != RULE_FOUND)
            return;
        g_assert_cmpint(slot.at, >, after);
        g_assert_true(schedule_asks(schedule, slot.at));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(IcalText) ical = parse(text);
    if (!ical)
        return 0;
    g_autofree char *printed = ical_print(ical);
    g_autoptr(IcalText) again = parse(printed);
    if (!again || !ical_equal(ical, again))
        g_error("%s reads differently", printed);
    check_slots(ical);
    return 0;
}

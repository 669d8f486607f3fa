/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/instant.h"

#include <string.h>

#include "base/error.h"
#include "calendar/civil.h"

static Zone *
load(const char *name)
{
    g_autoptr(GError) error = NULL;
    Zone *zone = zone_load(name, NULL, &error);
    g_assert_no_error(error);
    return zone;
}

typedef struct {
    const char *zone;
    const char *text;
    const char *full;
    const char *shortest; /* NULL = the text itself */
} Case;

static const Case cases[] = {
    {"UTC", "2026-01-31T09:00", "2026-01-31T09:00:00+00:00", NULL},
    {"UTC", "2026-01-31 09:00", "2026-01-31T09:00:00+00:00", "2026-01-31T09:00"},
    {"UTC", "2026-01-31t09:00:00", "2026-01-31T09:00:00+00:00", "2026-01-31T09:00"},
    {"UTC", "2026-01-31T09:00:05", "2026-01-31T09:00:05+00:00", NULL},
    {"UTC", "2026-01-31T09:00:05.25", "2026-01-31T09:00:05.250000+00:00",
     "2026-01-31T09:00:05.250000"},
    {"UTC", "2026-01-31T09:00:00.000001", "2026-01-31T09:00:00.000001+00:00", NULL},
    {"UTC", "2026-01-31T09:00Z", "2026-01-31T09:00:00+00:00", "2026-01-31T09:00"},
    {"Europe/Berlin", "2026-01-31T09:00", "2026-01-31T09:00:00+01:00", NULL},
    {"Europe/Berlin", "2026-01-31T09:00z", "2026-01-31T10:00:00+01:00", "2026-01-31T10:00"},
    {"Europe/Berlin", "2026-01-31T09:00-05:30", "2026-01-31T15:30:00+01:00", "2026-01-31T15:30"},
    {"Europe/Berlin", "2026-01-31T09:00+02", "2026-01-31T08:00:00+01:00", "2026-01-31T08:00"},
    /* The gap: read with the offset before it. The overlap: the first pass, unless the offset says which. */
    {"Europe/Berlin", "2026-03-29T02:30", "2026-03-29T03:30:00+02:00", "2026-03-29T03:30"},
    {"Europe/Berlin", "2026-10-25T02:30", "2026-10-25T02:30:00+02:00", NULL},
    {"Europe/Berlin", "2026-10-25T02:30+01:00", "2026-10-25T02:30:00+01:00", NULL},
    /* Local mean time has seconds. */
    {"Europe/Berlin", "1880-01-01T00:00", "1880-01-01T00:00:00+00:53:28", NULL},
    {"Europe/Berlin", "1880-01-01T00:00+00:53:28", "1880-01-01T00:00:00+00:53:28",
     "1880-01-01T00:00"},
    /* The ends of the calendar. */
    {"UTC", "0001-01-01T00:00", "0001-01-01T00:00:00+00:00", NULL},
    {"UTC", "9999-12-31T23:59:59.999999", "9999-12-31T23:59:59.999999+00:00", NULL},
    {"America/New_York", "9999-12-31T23:00", "9999-12-31T18:59:59.999999-05:00",
     "9999-12-31T18:59:59.999999"},
    {"Europe/Berlin", "9999-12-31T23:30Z", "9999-12-31T23:30:00+00:00", "9999-12-31T23:30+00:00"},
    {"Europe/Berlin", "9999-12-31T23:59", "9999-12-31T23:59:00+01:00", NULL},
};

static void
test_cases(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Zone) zone = load(cases[i].zone);
        g_autoptr(GError) error = NULL;
        int64_t at = 0, again = 1;
        g_assert_true(instant_parse(cases[i].text, zone, &at, &error));
        g_autofree char *full = instant_print_full(at, zone);
        g_autofree char *shortest = instant_print(at, zone);
        g_assert_cmpstr(full, ==, cases[i].full);
        g_assert_cmpstr(shortest, ==, cases[i].shortest ? cases[i].shortest : cases[i].text);
        g_assert_true(instant_parse(full, zone, &again, NULL));
        g_assert_cmpint(again, ==, at);
    }
}

static void
test_refused(void)
{
    static const char *const wrong[] = {"",
                                        "now",
                                        "2026",
                                        "2026-01-31",
                                        "2026-01-31T",
                                        "2026-01-31T9:00",
                                        "2026-01-31T09",
                                        "2026-01-31T09:00:",
                                        "2026-01-31T09:00:5",
                                        "2026-01-31T09:00.5",
                                        "2026-01-31T09:00:00.",
                                        "2026-01-31T09:00:00.1234567",
                                        "2026-01-31T24:00",
                                        "2026-01-31T09:60",
                                        "2026-01-31T09:00:60",
                                        "2026-02-29T09:00",
                                        "2026-13-01T09:00",
                                        "0000-01-01T00:00",
                                        "10000-01-01T00:00",
                                        "2026-1-31T09:00",
                                        "-2026-01-31T09:00",
                                        " 2026-01-31T09:00",
                                        "2026-01-31T09:00 ",
                                        "2026-01-31T09:00+",
                                        "2026-01-31T09:00+1",
                                        "2026-01-31T09:00+0100",
                                        "2026-01-31T09:00+26:00",
                                        "2026-01-31T09:00+01:60",
                                        "2026-01-31T09:00ZZ",
                                        "2026-01-31T09:00 Europe/Berlin"};
    g_autoptr(Zone) zone = load("UTC");
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        int64_t at = 42;
        if (instant_parse(wrong[i], zone, &at, &error))
            g_error("\"%s\" is accepted", wrong[i]);
        g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT);
        g_assert_cmpint(at, ==, 42);
    }
}

static void
test_round_trips(void)
{
    static const char *const zones[] = {"UTC",          "Europe/Berlin",       "Asia/Kathmandu",
                                        "Pacific/Apia", "Australia/Lord_Howe", "Africa/Monrovia",
                                        "Asia/Manila",  "America/New_York"};
    for (int i = 0; i < 20000; i++) {
        g_autoptr(Zone) zone = load(zones[i % (int)G_N_ELEMENTS(zones)]);
        int64_t at = (int64_t)g_test_rand_double_range((double)CIVIL_MIN_AT, (double)CIVIL_MAX_AT);
        if (i % 4 != 0) { /* near a change of offset */
            int64_t change = zone_next_transition(zone, at % (CIVIL_US_PER_DAY * 36525));
            if (change != INT64_MAX)
                at = change + g_test_rand_int_range(-9000, 9000) * CIVIL_US_PER_SECOND;
        }
        int64_t again = 0;
        g_autofree char *text = instant_print(at, zone);
        g_autoptr(GError) error = NULL;
        g_assert_true(instant_parse(text, zone, &again, &error));
        g_assert_cmpint(again, ==, at);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/instant/cases", test_cases);
    g_test_add_func("/instant/refused", test_refused);
    g_test_add_func("/instant/round-trips", test_round_trips);
    return g_test_run();
}

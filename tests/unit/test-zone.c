/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/zone.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "calendar/civil.h"
#include "calendar/posixzone.h"

#include "case-table.h"
#include "schedule-text.h"
#include "tzif-maker.h"

#define SECOND CIVIL_US_PER_SECOND
#define MINUTE CIVIL_US_PER_MINUTE
#define DAY    CIVIL_US_PER_DAY

static const char *const odd_zones[] = {
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "Asia/Manila",
    "Pacific/Kwajalein",
    "Europe/Dublin",
    "Asia/Gaza",
    "America/Godthab",
    "Antarctica/Troll",
    "Asia/Kolkata",
};

static Zone *
load(const char *name)
{
    g_autoptr(GError) error = NULL;
    Zone *zone = zone_load(name, NULL, &error);
    g_assert_no_error(error);
    return zone;
}

/* zones.tsv: zone, instant in UTC, the clock's offset in seconds. */
static void
check_offset(char *const *columns)
{
    g_autoptr(Zone) zone = load(columns[0]);
    int64_t at;
    g_assert_true(schedule_text_read_instant(columns[1], zone, &at));
    g_autofree char *printed = schedule_text_print_instant(at, zone);
    g_assert_cmpstr(printed, ==, columns[2]);
}

/* labels.tsv: zone, local label, fit, the instants. */
static void
check_label(char *const *columns)
{
    static const char *const fits[] = {"unique", "gap", "ambiguous"};
    g_autoptr(Zone) zone = load(columns[0]);
    g_autoptr(Zone) utc = load("UTC");
    int64_t label, first, second;
    g_assert_true(schedule_text_read_instant(columns[1], utc, &label));
    g_assert_cmpstr(fits[zone_resolve(zone, label, &first, &second)], ==, columns[2]);
    g_autofree char *first_text = schedule_text_print_instant(first, zone);
    g_autofree char *second_text = schedule_text_print_instant(second, zone);
    g_assert_cmpstr(first_text, ==, columns[3]);
    g_assert_cmpstr(second_text, ==, columns[4]);
}

/* Looks at every instant that could show the label, a minute apart and around changes of offset. */
static void
assert_resolves(const Zone *zone, int64_t label)
{
    int64_t first = 0, second = 0, seen[16], n = 0;
    ZoneFit fit = zone_resolve(zone, label, &first, &second);
    int64_t at = label - 26 * 60 * MINUTE;
    while (at <= label + 26 * 60 * MINUTE) {
        int64_t next = zone_next_transition(zone, at);
        int64_t candidate = label - zone_offset(zone, at) * SECOND;
        if (candidate >= at && candidate < next)
            seen[n++] = candidate;
        at = next;
    }
    g_assert_cmpint(fit, ==, n == 0 ? ZONE_GAP : n == 1 ? ZONE_UNIQUE : ZONE_AMBIGUOUS);
    if (n > 0) {
        g_assert_cmpint(first, ==, seen[0]);
        g_assert_cmpint(second, ==, seen[n - 1]);
        return;
    }
    g_assert_cmpint(first, ==, second);
    int64_t change = zone_next_transition(zone, first - 26 * 60 * MINUTE);
    while (zone_next_transition(zone, change) <= first)
        change = zone_next_transition(zone, change);
    g_assert_cmpint(first, ==, label - zone_offset(zone, change - 1) * SECOND);
    g_assert_cmpint(first, <, label + DAY * 2);
}

static void
round_trips_at_every_change(void)
{
    static const int64_t away[] = {-1441, -180, -61, -60, -31, -30,  -1,  0,
                                   1,     29,   30,  59,  60,  1439, 1440};
    for (size_t i = 0; i < G_N_ELEMENTS(odd_zones); i++) {
        g_autoptr(Zone) zone = load(odd_zones[i]);
        int64_t at = CIVIL_MIN_AT;
        while ((at = zone_next_transition(zone, at)) < civil_days(2500, 1, 1) * DAY) {
            g_assert_cmpint(zone_offset(zone, at), !=, zone_offset(zone, at - 1));
            for (size_t j = 0; j < G_N_ELEMENTS(away); j++) {
                assert_resolves(zone, at + zone_offset(zone, at) * SECOND + away[j] * MINUTE);
                assert_resolves(zone, at + zone_offset(zone, at) * SECOND + away[j] * MINUTE - 1);
            }
        }
    }
}

static void
spans_are_consistent(void)
{
    for (int i = 0; i < 20000; i++) {
        const char *name = odd_zones[g_test_rand_int_range(0, G_N_ELEMENTS(odd_zones))];
        g_autoptr(Zone) zone = load(name);
        int64_t at =
            (int64_t)(g_test_rand_double_range((double)CIVIL_MIN_AT, (double)CIVIL_MAX_AT));
        ZoneSpan span;
        zone_span(zone, at, &span);
        g_assert_cmpint(span.from_at, <=, at);
        g_assert_cmpint(at, <, span.until_at);
        g_assert_cmpint(span.offset, ==, zone_offset(zone, at));
        g_assert_cmpint(span.until_at, ==, zone_next_transition(zone, at));
        if (span.from_at > CIVIL_MIN_AT) {
            g_assert_cmpint(zone_next_transition(zone, span.from_at - 1), ==, span.from_at);
            g_assert_cmpint(zone_offset(zone, span.from_at - 1), ==, span.offset_before);
        }
    }
}

/* After the last change in the file the footer goes on; the calendar repeats after 400 years. */
static void
footer_repeats(void)
{
    int64_t cycle = CIVIL_CYCLE_DAYS * DAY;
    for (size_t i = 0; i < G_N_ELEMENTS(odd_zones); i++) {
        g_autoptr(Zone) zone = load(odd_zones[i]);
        for (int j = 0; j < 2000; j++) {
            int64_t at = civil_days(2100, 1, 1) * DAY +
                         g_test_rand_int_range(0, CIVIL_CYCLE_DAYS * 48) * 30 * MINUTE;
            for (int64_t k = 1; at + k * cycle < CIVIL_MAX_AT; k++)
                g_assert_cmpint(zone_offset(zone, at), ==, zone_offset(zone, at + k * cycle));
            int64_t label = at, first, second, later_first, later_second;
            ZoneFit fit = zone_resolve(zone, label, &first, &second);
            g_assert_cmpint(zone_resolve(zone, label + 10 * cycle, &later_first, &later_second), ==,
                            fit);
            g_assert_cmpint(later_first, ==, first + 10 * cycle);
            g_assert_cmpint(later_second, ==, second + 10 * cycle);
        }
    }
}

static void
extremes(void)
{
    g_autoptr(Zone) zone = load("Europe/Berlin");
    int64_t first, second;
    g_assert_cmpint(zone_offset(zone, INT64_MIN), ==, 3208);
    g_assert_cmpint(zone_offset(zone, INT64_MAX), ==, 3600);
    g_assert_cmpint(zone_next_transition(zone, INT64_MAX), ==, INT64_MAX);
    g_assert_cmpint(zone_next_transition(zone, INT64_MIN), ==, -2422054408 * SECOND);
    g_assert_cmpint(zone_next_transition(zone, CIVIL_MAX_AT - DAY), ==, INT64_MAX);
    g_assert_cmpint(zone_resolve(zone, INT64_MIN, &first, &second), ==, ZONE_UNIQUE);
    g_assert_cmpint(zone_resolve(zone, INT64_MAX, &first, &second), ==, ZONE_UNIQUE);
}

static void
refused_names(void)
{
    static const char *const names[] = {"",
                                        "/etc/localtime",
                                        "../zoneinfo/UTC",
                                        "Europe/../UTC",
                                        "Europe//Berlin",
                                        "Europe/",
                                        "Europe",
                                        "No/Such",
                                        "Europe/Ber\nlin",
                                        "./UTC",
                                        "UTC ",
                                        "Europe/Berlin'",
                                        ".",
                                        "Europe/.hidden/UTC"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(zone_load(names[i], NULL, &error));
        g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_NOT_FOUND);
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(zone_load("zone.tab", NULL, &error));
    g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT);
}

static char *
read_file(const char *name, gsize *length)
{
    g_autofree char *path = g_build_filename("/usr/share/zoneinfo", name, NULL);
    char *bytes;
    g_autoptr(GError) error = NULL;
    g_assert_true(g_file_get_contents(path, &bytes, length, &error));
    return bytes;
}

static Zone *
parse(const void *bytes, gsize length)
{
    /* A copy of exactly that size lets the sanitizer see a byte read too far. */
    g_autofree uint8_t *copy = g_malloc(length);
    if (length > 0)
        memcpy(copy, bytes, length);
    return zone_parse("test", copy, length, NULL);
}

static void
cut_short(void)
{
    gsize length;
    g_autofree char *bytes = read_file("Europe/Berlin", &length);
    for (gsize i = 0; i < length; i++)
        g_assert_null(parse(bytes, i));
    g_autoptr(Zone) zone = parse(bytes, length);
    g_assert_nonnull(zone);
}

static void
damaged(void)
{
    gsize length;
    g_autofree char *bytes = read_file("Africa/Casablanca", &length);
    for (int i = 0; i < 3000; i++) {
        g_autofree char *copy = g_malloc(length);
        memcpy(copy, bytes, length);
        for (int j = g_test_rand_int_range(1, 4); j > 0; j--)
            copy[g_test_rand_int_range(0, (gint32)length)] ^=
                (char)(1 << g_test_rand_int_range(0, 8));
        g_autoptr(Zone) zone = parse(copy, length);
        if (!zone)
            continue;
        int64_t at = CIVIL_MIN_AT, next = 0, first, second;
        for (int j = 0; j < 300 && (next = zone_next_transition(zone, at)) != INT64_MAX; j++) {
            g_assert_cmpint(next, >, at);
            (void)zone_resolve(zone, next, &first, &second);
            at = next;
        }
    }
}

/* Version 1 has 32-bit times and no footer. */
static void
version_1(void)
{
    static const int64_t at[] = {1000, 2000};
    static const int32_t offset[] = {-7200, 3600};
    g_autoptr(GByteArray) file = tzif_make('\0', 3600, at, offset, 2, "");
    g_autoptr(Zone) zone = parse(file->data, file->len);
    g_assert_nonnull(zone);
    g_assert_cmpint(zone_offset(zone, 1000 * SECOND - 1), ==, 3600);
    g_assert_cmpint(zone_offset(zone, 1000 * SECOND), ==, -7200);
    g_assert_cmpint(zone_offset(zone, 2000 * SECOND), ==, 3600);
    g_assert_cmpint(zone_next_transition(zone, 2000 * SECOND), ==, INT64_MAX);

    /* A leap second that is not there; then one that is. */
    file->data[31] = 1;
    g_assert_null(parse(file->data, file->len));
    g_byte_array_append(file, (const guint8 *)"\0\0\0\1\0\0\0\1", 8);
    g_assert_null(parse(file->data, file->len));
}

static void
refused_changes(void)
{
    static const int64_t forward[] = {1000, 2000}, back[] = {2000, 1000};
    static const int32_t offsets[] = {0, 3600}, too_far[] = {0, 93600};
    g_autoptr(GByteArray) fine = tzif_make('2', 0, forward, offsets, 2, "ABC-1");
    g_autoptr(Zone) zone = parse(fine->data, fine->len);
    g_assert_nonnull(zone);
    g_autoptr(GByteArray) out_of_order = tzif_make('2', 0, back, offsets, 2, "ABC-1");
    g_assert_null(parse(out_of_order->data, out_of_order->len));
    g_autoptr(GByteArray) beyond = tzif_make('2', 0, forward, too_far, 2, "ABC-1");
    g_assert_null(parse(beyond->data, beyond->len));
}

/* A file that is nothing but a footer, which then holds for all time. */
static Zone *
footer_only(const char *footer)
{
    g_autoptr(GByteArray) file = tzif_make('2', 1234, NULL, NULL, 0, footer);
    return parse(file->data, file->len);
}

static void
footers(void)
{
    g_autoptr(Zone) none = footer_only("");
    g_assert_cmpint(zone_offset(none, 0), ==, 1234);
    g_autoptr(Zone) fixed = footer_only("<-0330>3:30");
    g_assert_cmpint(zone_offset(fixed, 0), ==, -12600);
    g_assert_cmpint(zone_next_transition(fixed, INT64_MIN), ==, INT64_MAX);

    g_autoptr(Zone) berlin = load("Europe/Berlin");
    g_autoptr(Zone) same = footer_only("CET-1CEST,M3.5.0,M10.5.0/3");
    for (int64_t at = civil_days(1997, 1, 1) * DAY; at < civil_days(2600, 1, 1) * DAY;) {
        g_assert_cmpint(zone_offset(same, at), ==, zone_offset(berlin, at));
        g_assert_cmpint(zone_next_transition(same, at), ==, zone_next_transition(berlin, at));
        at = zone_next_transition(berlin, at);
    }
    int64_t spring_of_9999 = civil_days(9999, 3, 28) * DAY + 60 * MINUTE;
    g_assert_cmpint(zone_next_transition(same, spring_of_9999 - 1), ==, spring_of_9999);
    int64_t spring_of_2 = civil_days(2, 3, 31) * DAY + 60 * MINUTE;
    g_assert_cmpint(zone_next_transition(same, spring_of_2 - 1), ==, spring_of_2);

    /* Daylight saving time that lasts from the first of January to the last of December, RFC 9636 3.3.1. */
    g_autoptr(Zone) always = footer_only("XXX3EDT4,0/0,J365/23");
    g_assert_cmpint(zone_offset(always, civil_days(2030, 7, 1) * DAY), ==, -4 * 3600);
    g_assert_cmpint(zone_next_transition(always, civil_days(2000, 1, 5) * DAY), ==, INT64_MAX);

    static const char *const wrong[] = {"X",
                                        "CET",
                                        "CET-1CEST",
                                        "CET-25",
                                        "CET-1CEST,M3.5.0",
                                        "CET-1 ",
                                        "<CET-1",
                                        "CET-1CEST,M13.5.0,1",
                                        "CET-1CEST,1,366",
                                        "CET-1CEST,J0,J5",
                                        "C1T-1",
                                        "CET-1CEST,1,2,",
                                        "CET-1CEST,1/168,2",
                                        "CET-1CEST,M3.6.0,1",
                                        "CET-1:60"};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        g_assert_null(footer_only(wrong[i]));
}

static void
posix_days(void)
{
    PosixZone zone;
    const char *text = "AAA0BBB,J60/0,60/0";
    g_assert_true(posix_zone_parse(text, strlen(text), &zone));
    g_assert_cmpint(posix_zone_start(&zone, 2023) / 86400, ==, civil_days(2023, 3, 1));
    g_assert_cmpint(posix_zone_start(&zone, 2024) / 86400, ==, civil_days(2024, 3, 1));
    g_assert_cmpint((posix_zone_end(&zone, 2023) + 3600) / 86400, ==, civil_days(2023, 3, 2));
    g_assert_cmpint((posix_zone_end(&zone, 2024) + 3600) / 86400, ==, civil_days(2024, 3, 1));
}

/* As an update of the system's rules does it: another file in its place. */
static void
replaced_file(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *directory = g_dir_make_tmp("zoneXXXXXX", &error);
    g_autofree char *path = g_build_filename(directory, "Here", NULL);
    g_autofree char *bytes = NULL;
    gsize length;

    g_assert_no_error(error);
    g_assert_true(g_file_get_contents("/usr/share/zoneinfo/UTC", &bytes, &length, &error));
    g_assert_true(g_file_set_contents(path, bytes, (gssize)length, &error));
    g_autoptr(Zone) zone = zone_load("Here", directory, &error);
    g_assert_no_error(error);
    g_assert_true(zone_is_current(zone));
    g_assert_true(g_file_set_contents(path, bytes, (gssize)length, &error));
    g_assert_false(zone_is_current(zone));
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_true(zone_is_current(zone));
    g_assert_cmpint(g_rmdir(directory), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    case_table_add("data/calendar/offsets.tsv", check_offset);
    case_table_add("data/calendar/labels.tsv", check_label);
    g_test_add_func("/zone/round-trips-at-every-change", round_trips_at_every_change);
    g_test_add_func("/zone/spans-are-consistent", spans_are_consistent);
    g_test_add_func("/zone/footer-repeats", footer_repeats);
    g_test_add_func("/zone/extremes", extremes);
    g_test_add_func("/zone/refused-names", refused_names);
    g_test_add_func("/zone/cut-short", cut_short);
    g_test_add_func("/zone/damaged", damaged);
    g_test_add_func("/zone/version-1", version_1);
    g_test_add_func("/zone/refused-changes", refused_changes);
    g_test_add_func("/zone/footers", footers);
    g_test_add_func("/zone/posix-days", posix_days);
    g_test_add_func("/zone/replaced-file", replaced_file);
    return g_test_run();
}

/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/ical.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "calendar/civil.h"

#include "case-table.h"
#include "rrule-maker.h"
#include "schedule-text.h"

/* Of texts without a DTSTART. */
#define DEFAULT_START (INT64_C(1735689600) * CIVIL_US_PER_SECOND) /* 2025-01-01 00:00 */
#define ROUND_TRIPS   20000

static Zone *
find_zone(const char *name, gpointer user_data, GError **error)
{
    (void)user_data;
    return zone_load(name, NULL, error);
}

static IcalText *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    IcalText *ical = ical_parse(text, DEFAULT_START, NULL, &error);
    if (!ical)
        g_error("%s: %s", text, error->message);
    return ical;
}

static Schedule *
compile(const IcalText *ical, Zone *zone, int64_t start_at, int64_t end_at)
{
    g_autoptr(GError) error = NULL;
    Schedule *schedule =
        ical_compile(ical, 7, zone, start_at, end_at, find_zone, NULL, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpint(schedule_id(schedule), ==, 7);
    return schedule;
}

static void
assert_round_trip(const IcalText *ical)
{
    g_autofree char *printed = ical_print(ical);
    g_autoptr(IcalText) again = parse(printed);
    g_autofree char *printed_again = ical_print(again);
    g_assert_cmpstr(printed, ==, printed_again);
    g_assert_true(ical_equal(ical, again));
}

/* ---- Tables ---- */

enum {
    COLUMN_NAME,
    COLUMN_TEXT,
    COLUMN_ZONE,
    COLUMN_FROM,
    COLUMN_EXPECTED,
};

static void
check_case(char *const *columns)
{
    g_autoptr(Zone) zone = zone_load(columns[COLUMN_ZONE], NULL, NULL);
    g_assert_nonnull(zone);
    g_autoptr(IcalText) ical = parse(columns[COLUMN_TEXT]);
    assert_round_trip(ical);
    g_autoptr(Schedule) schedule = compile(ical, zone, INT64_MIN, SCHEDULE_NO_END);
    int64_t after;
    g_assert_true(schedule_text_read_instant(columns[COLUMN_FROM], zone, &after));
    g_auto(GStrv) expected = g_strsplit(columns[COLUMN_EXPECTED], ",", -1);
    for (char **want = expected; *want; want++) {
        ScheduleSlot slot;
        RuleOutcome outcome = schedule_next(schedule, after, INT64_MAX, &slot);
        g_autofree char *got = outcome == RULE_FOUND   ? schedule_text_print_instant(slot.at, zone)
                               : outcome == RULE_NEVER ? g_strdup("never")
                                                       : g_strdup("beyond");
        g_assert_cmpstr(got, ==, *want);
        after = outcome == RULE_FOUND ? slot.at : after;
    }
}

enum {
    ERROR_TEXT,
    ERROR_OFFSET,
    ERROR_LENGTH,
    ERROR_MESSAGE,
};

static void
check_error(char *const *columns)
{
    g_autoptr(GError) error = NULL;
    Place place = {0};
    g_autofree char *text = g_strdup(columns[ERROR_TEXT]);
    g_autoptr(IcalText) ical = ical_parse(text, DEFAULT_START, &place, &error);
    g_assert_null(ical);
    g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT);
    g_assert_cmpstr(error->message, ==, columns[ERROR_MESSAGE]);
    g_assert_cmpuint(place.offset, ==, strtoul(columns[ERROR_OFFSET], NULL, 10));
    g_assert_cmpuint(place.length, ==, strtoul(columns[ERROR_LENGTH], NULL, 10));

    g_clear_error(&error);
    g_assert_null(ical_parse(text, DEFAULT_START, NULL, &error));
    g_assert_nonnull(error);
}

/* ---- What a line of a table cannot hold ---- */

static void
test_folding(void)
{
    g_autoptr(IcalText) folded =
        parse("DTSTART;TZ\r\n ID=Europe/Ber\r\n\tlin:20250101T\n 090000\r\n"
              "RRULE:FREQ=DAI\n LY;COUNT=\r\n 3\r\n");
    g_autoptr(IcalText) whole =
        parse("DTSTART;TZID=Europe/Berlin:20250101T090000\nRRULE:FREQ=DAILY;COUNT=3");
    g_assert_true(ical_equal(folded, whole));
}

static void
test_place_in_folded(void)
{
    g_autoptr(GError) error = NULL;
    Place place;
    const char *text = "RRULE:FREQ=DAILY;BYHO\r\n UR=1,2\n 5,3";
    g_autoptr(IcalText) ical = ical_parse(text, 0, &place, &error);
    g_assert_null(ical);
    g_assert_cmpstr(error->message, ==, "BYHOUR cannot be \"25\": it must be 0 to 23");
    g_assert_cmpuint(place.offset, ==, (gsize)(strstr(text, "2\n 5") - text));
    g_assert_cmpuint(place.length, ==, strlen("2\n 5"));
}

static void
test_too_long(void)
{
    g_autofree char *blanks = g_strnfill(ICAL_MAX_TEXT - 10, ' ');
    g_autofree char *fits = g_strconcat("FREQ=DAILY", blanks, NULL);
    g_autofree char *longer = g_strconcat(fits, " ", NULL);
    g_autoptr(IcalText) ical = parse(fits);
    g_assert_nonnull(ical);
    g_autoptr(GError) error = NULL;
    g_assert_null(ical_parse(longer, 0, NULL, &error));
    g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT);
}

/* One line more than there can be; format may name the number of the line. */
static void
assert_limit(int limit, const char *format, const char *message)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    Place place;
    gsize offset = 0;
    for (int i = 0; i <= limit; i++) {
        offset = text->len;
        g_autofree char *number = g_strdup_printf("%d", i);
        g_auto(GStrv) parts = g_strsplit(format, "#", -1);
        g_autofree char *line = g_strjoinv(number, parts);
        if (i == limit) {
            g_autoptr(IcalText) fits = parse(text->str);
            g_assert_nonnull(fits);
        }
        g_string_append(text, line);
    }
    g_assert_null(ical_parse(text->str, 0, &place, &error));
    g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT);
    g_assert_cmpstr(error->message, ==, message);
    g_assert_cmpuint(place.offset, >=, offset);
}

static void
test_limits(void)
{
    assert_limit(ICAL_MAX_RULES, "RRULE:FREQ=DAILY\n",
                 "there can be no more than 100 RRULEs and EXRULEs");
    assert_limit(ICAL_MAX_ZONES, "EXDATE;TZID=#:20260101T000000\n",
                 "there can be no more than 100 time zones");
}

static void
test_no_lines(void)
{
    static const char *const texts[] = {"", " ", "\n\n", "\\n \\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(ical_parse(texts[i], 0, NULL, &error));
        g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT);
    }
}

static void
test_unequal(void)
{
    static const char *const texts[] = {
        "DTSTART:20250101T090000\nRRULE:FREQ=DAILY",
        "DTSTART:20250101T090001\nRRULE:FREQ=DAILY",
        "DTSTART:20250101T090000Z\nRRULE:FREQ=DAILY",
        "DTSTART;TZID=Europe/Berlin:20250101T090000\nRRULE:FREQ=DAILY",
        "DTSTART:20250101T090000\nRRULE:FREQ=WEEKLY",
        "DTSTART:20250101T090000\nRRULE:FREQ=DAILY;COUNT=1",
        "DTSTART:20250101T090000\nRRULE:FREQ=DAILY;COUNT=2",
        "DTSTART:20250101T090000\nRRULE:FREQ=DAILY;UNTIL=20260101T000000",
        "DTSTART:20250101T090000\nRRULE:FREQ=DAILY;UNTIL=20260101T000000Z",
        "DTSTART:20250101T090000\nEXRULE:FREQ=DAILY",
        "DTSTART:20250101T090000\nRRULE:FREQ=DAILY\nEXDATE:20250102",
        "DTSTART:20250101T090000\nRRULE:FREQ=DAILY\nEXDATE:20250102T000000",
        "DTSTART:20250101T090000\nRRULE:FREQ=DAILY\nRDATE:20250102T000000",
        "DTSTART:20250101T090000\nRRULE:FREQ=DAILY\nRDATE:20250102T000000Z",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(IcalText) a = parse(texts[i]);
        assert_round_trip(a);
        for (gsize j = 0; j < G_N_ELEMENTS(texts); j++) {
            g_autoptr(IcalText) b = parse(texts[j]);
            g_assert_true(ical_equal(a, b) == (i == j));
        }
    }
}

static void
test_canonical(void)
{
    static const struct {
        const char *text, *printed;
    } cases[] = {
        {"FREQ=DAILY", "DTSTART:20250101T000000\nRRULE:FREQ=DAILY"},
        {"DTSTART;VALUE=DATE:20250101", "DTSTART:20250101T000000"},
        {"DTSTART;TZID=UTC:20250101T090000", "DTSTART:20250101T090000Z"},
        {"DTSTART;TZID=\"a:b\":20250101T090000", "DTSTART;TZID=\"a:b\":20250101T090000"},
        {"RDATE:20250103T000000Z,20250102T000000,20250103T000000Z\nRDATE:20250101T000000\n"
         "DTSTART:20240101T000000",
         "DTSTART:20240101T000000\nRDATE:20250101T000000,20250102T000000\n"
         "RDATE:20250103T000000Z"},
        {"DTSTART;TZID=X/Y:20240101T000000\nEXDATE;TZID=X/Y:20250101T000000\n"
         "EXDATE;TZID=UTC:20250101",
         "DTSTART;TZID=X/Y:20240101T000000\nEXDATE:20250101T000000\n"
         "EXDATE;TZID=UTC;VALUE=DATE:20250101"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(IcalText) ical = parse(cases[i].text);
        g_autofree char *printed = ical_print(ical);
        g_assert_cmpstr(printed, ==, cases[i].printed);
    }
}

/* ---- Compiling ---- */

static void
assert_slots(const Schedule *schedule, const char *const *expected)
{
    int64_t after = INT64_MIN;
    ScheduleSlot slot;
    for (; *expected; expected++) {
        g_assert_cmpint(schedule_next(schedule, after, INT64_MAX, &slot), ==, RULE_FOUND);
        g_autofree char *label = schedule_slot_label(&slot);
        g_assert_cmpstr(label, ==, *expected);
        after = slot.at;
    }
    g_assert_cmpint(schedule_next(schedule, after, INT64_MAX, &slot), ==, RULE_NEVER);
}

/* They come beside DTSTART, from which COUNT counts on. */
static void
test_bounds(void)
{
    g_autoptr(Zone) utc = zone_load("UTC", NULL, NULL);
    int64_t from = DEFAULT_START + 2 * CIVIL_US_PER_DAY, to = from + 2 * CIVIL_US_PER_DAY;
    static const char *const texts[] = {
        "FREQ=DAILY;COUNT=4",
        "RRULE:FREQ=DAILY;COUNT=3\nRDATE:20241231T000000,20250104T000000,20250109T000000",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(IcalText) ical = parse(texts[i]);
        g_autoptr(Schedule) schedule = compile(ical, utc, from, to);
        assert_slots(schedule,
                     (const char *[]){"2025-01-03 00:00 UTC", "2025-01-04 00:00 UTC", NULL});
    }
    g_autoptr(IcalText) endless = parse("FREQ=DAILY;BYHOUR=12");
    g_autoptr(Schedule) schedule = compile(endless, utc, from, to);
    assert_slots(schedule, (const char *[]){"2025-01-03 12:00 UTC", "2025-01-04 12:00 UTC", NULL});
}

static void
test_zones(void)
{
    g_autoptr(Zone) utc = zone_load("UTC", NULL, NULL);
    g_autoptr(IcalText) ical = parse("DTSTART;TZID=Europe/Berlin:20250101T090000\n"
                                     "RDATE:20250102T090000Z");
    g_autoptr(Schedule) schedule = compile(ical, utc, INT64_MIN, SCHEDULE_NO_END);
    g_assert_cmpstr(zone_name(schedule_zone(schedule)), ==, "Europe/Berlin");
    assert_slots(schedule,
                 (const char *[]){"2025-01-01 09:00 Europe/Berlin", "2025-01-02 09:00 UTC", NULL});
}

static void
assert_cannot_compile(const char *text, int code, const char *message, const char *at)
{
    g_autoptr(Zone) utc = zone_load("UTC", NULL, NULL);
    g_autoptr(IcalText) ical = parse(text);
    g_autoptr(GError) error = NULL;
    Place place = {0};
    g_assert_null(
        ical_compile(ical, 1, utc, INT64_MIN, SCHEDULE_NO_END, find_zone, NULL, &place, &error));
    g_assert_error(error, ALMANAC_ERROR, code);
    g_assert_nonnull(strstr(error->message, message));
    g_assert_cmpuint(place.offset, ==, (gsize)(strstr(text, at) - text));
    g_assert_cmpuint(place.length, ==, strlen(at));
    g_assert_null(
        ical_compile(ical, 1, utc, INT64_MIN, SCHEDULE_NO_END, find_zone, NULL, NULL, NULL));
}

static void
test_unknown_zone(void)
{
    assert_cannot_compile("DTSTART;TZID=Mars/Base:20250101T090000", ALMANAC_ERROR_NOT_FOUND,
                          "Mars/Base", "Mars/Base");
    assert_cannot_compile("DTSTART:20250101T090000\nRDATE:20250102T000000\n"
                          "EXDATE;TZID=\"Mars/Base\":20250101T090000",
                          ALMANAC_ERROR_NOT_FOUND, "Mars/Base", "Mars/Base");
}

/* Each of its slots lies behind many days that nearly fit. */
static void
test_count_too_hard(void)
{
    assert_cannot_compile("DTSTART:00010101T000000\n"
                          "RRULE:FREQ=SECONDLY;INTERVAL=86399;COUNT=100000;BYMINUTE=7;BYSECOND=7",
                          ALMANAC_ERROR_INPUT, "COUNT=100000 takes too long",
                          "FREQ=SECONDLY;INTERVAL=86399;COUNT=100000;BYMINUTE=7;BYSECOND=7");
}

/* Each alone would be fine. */
static void
test_counts_too_hard_together(void)
{
    static const char rule[] = "\nRRULE:FREQ=DAILY;COUNT=100000";
    g_autoptr(Zone) utc = zone_load("UTC", NULL, NULL);
    g_autoptr(GString) text = g_string_new("DTSTART:20260101T000000");
    for (int i = 0; i < 20; i++)
        g_string_append(text, rule);
    g_autoptr(IcalText) ical = parse(text->str);
    g_autoptr(GError) error = NULL;
    Place place = {0};
    g_assert_null(
        ical_compile(ical, 1, utc, INT64_MIN, SCHEDULE_NO_END, find_zone, NULL, &place, &error));
    g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT);
    g_assert_cmpuint(place.offset, >, strlen("DTSTART:20260101T000000") + strlen(rule));
    g_assert_true(g_str_has_prefix(text->str + place.offset, "FREQ=DAILY"));
}

static void
test_largest_count(void)
{
    g_autoptr(Zone) utc = zone_load("UTC", NULL, NULL);
    g_autoptr(IcalText) ical = parse("FREQ=MINUTELY;COUNT=100000");
    g_autoptr(Schedule) schedule = compile(ical, utc, INT64_MIN, SCHEDULE_NO_END);
    int64_t last = DEFAULT_START + 99999 * CIVIL_US_PER_MINUTE;
    g_assert_true(schedule_asks(schedule, last));
    g_assert_false(schedule_asks(schedule, last + CIVIL_US_PER_MINUTE));
}

/* ---- Random texts ---- */

static void
add_dates(GRand *random, GString *text, const char *name)
{
    static const char *const forms[][2] = {
        {":", ""}, {":", "Z"}, {";TZID=Europe/Berlin:", ""}, {";TZID=America/New_York:", ""}};
    gsize form = (gsize)g_rand_int_range(random, 0, G_N_ELEMENTS(forms));
    bool is_day = g_rand_boolean(random) && !*forms[form][1];
    g_string_append_printf(text, "%s%s", name, forms[form][0]);
    int n = g_rand_int_range(random, 1, 5);
    for (int i = 0; i < n; i++) {
        g_string_append_printf(text, "%s%04d%02d%02d", i > 0 ? "," : "",
                               g_rand_int_range(random, 2024, 2028),
                               g_rand_int_range(random, 1, 13), g_rand_int_range(random, 1, 29));
        if (!is_day)
            g_string_append_printf(text, "T%02d%02d%02d%s", g_rand_int_range(random, 0, 24),
                                   g_rand_int_range(random, 0, 60), g_rand_int_range(random, 0, 60),
                                   forms[form][1]);
    }
    g_string_append_c(text, '\n');
}

static char *
make_text(GRand *random)
{
    GString *text = g_string_new(NULL);
    int lines = g_rand_int_range(random, 1, 5);
    for (int i = 0; i < lines; i++) {
        int kind = g_rand_int_range(random, 0, 4);
        if (kind < 2) {
            g_autofree char *rule = rrule_maker_make(random);
            g_string_append_printf(text, "%s:%s\n", kind == 0 ? "RRULE" : "EXRULE", rule);
        } else {
            add_dates(random, text, kind == 2 ? "RDATE" : "EXDATE");
        }
    }
    if (g_rand_boolean(random)) {
        GString *start = g_string_new(NULL);
        g_autofree char *rest = g_string_free(text, FALSE);
        do {
            g_string_truncate(start, 0);
            add_dates(random, start, "DTSTART");
        } while (strchr(start->str, ','));
        text = start;
        g_string_append(text, rest);
    }
    return g_string_free(text, FALSE);
}

static void
test_random_round_trips(void)
{
    guint32 seed = g_test_rand_int_range(0, INT32_MAX);
    g_test_message("seed %u", seed);
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);
    for (int i = 0; i < ROUND_TRIPS; i++) {
        g_autofree char *text = make_text(random);
        g_autoptr(IcalText) ical = parse(text);
        assert_round_trip(ical);
    }
}

/* What is left out of a printed text means the same: the slots do not change. */
static void
test_random_slots(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed((guint32)g_test_rand_int());
    g_autoptr(Zone) zone = zone_load("Europe/Berlin", NULL, NULL);
    for (int i = 0; i < 60; i++) {
        g_autofree char *text = make_text(random);
        g_autoptr(IcalText) ical = parse(text);
        g_autofree char *printed = ical_print(ical);
        g_autoptr(IcalText) again = parse(printed);
        g_autoptr(Schedule) a =
            ical_compile(ical, 1, zone, INT64_MIN, INT64_MAX, find_zone, NULL, NULL, NULL);
        g_autoptr(Schedule) b =
            ical_compile(again, 1, zone, INT64_MIN, INT64_MAX, find_zone, NULL, NULL, NULL);
        g_assert_true((a == NULL) == (b == NULL));
        ScheduleSlot x = {.at = INT64_MIN}, y = {.at = INT64_MIN};
        for (int n = 0; a && n < 3; n++) {
            RuleOutcome outcome = schedule_next(a, x.at, INT64_MAX, &x);
            g_assert_cmpint(outcome, ==, schedule_next(b, y.at, INT64_MAX, &y));
            if (outcome != RULE_FOUND)
                break;
            g_assert_cmpint(x.at, ==, y.at);
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    case_table_add("data/calendar/ical.tsv", check_case);
    case_table_add("data/calendar/ical-errors.tsv", check_error);
    g_test_add_func("/ical/folding", test_folding);
    g_test_add_func("/ical/place-in-folded", test_place_in_folded);
    g_test_add_func("/ical/too-long", test_too_long);
    g_test_add_func("/ical/limits", test_limits);
    g_test_add_func("/ical/no-lines", test_no_lines);
    g_test_add_func("/ical/unequal", test_unequal);
    g_test_add_func("/ical/canonical", test_canonical);
    g_test_add_func("/ical/bounds", test_bounds);
    g_test_add_func("/ical/zones", test_zones);
    g_test_add_func("/ical/unknown-zone", test_unknown_zone);
    g_test_add_func("/ical/count-too-hard", test_count_too_hard);
    g_test_add_func("/ical/counts-too-hard-together", test_counts_too_hard_together);
    g_test_add_func("/ical/largest-count", test_largest_count);
    g_test_add_func("/ical/random-round-trips", test_random_round_trips);
    g_test_add_func("/ical/random-slots", test_random_slots);
    return g_test_run();
}

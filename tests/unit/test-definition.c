/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/definition.h"

#include <string.h>

#include "base/error.h"
#include "calendar/civil.h"
#include "case-table.h"
#include "schedule-text.h"

static Zone *
load(const char *name, gpointer user_data, GError **error)
{
    (void)user_data;
    return zone_load(name, NULL, error);
}

static Zone *
must_load(const char *name)
{
    g_autoptr(GError) error = NULL;
    Zone *zone = load(name, NULL, &error);
    g_assert_no_error(error);
    return zone;
}

/* ---- definitions.tsv: rule, zone, from, expected ---- */

static void
append_slot(GString *slots, const Schedule *schedule, const Zone *zone, int64_t *after)
{
    ScheduleSlot slot;
    RuleOutcome outcome = schedule_next(schedule, *after, INT64_MAX, &slot);
    if (slots->len > 0)
        g_string_append_c(slots, ',');
    if (outcome != RULE_FOUND) {
        g_string_append(slots, outcome == RULE_NEVER ? "never" : "beyond");
        return;
    }
    g_autofree char *text = schedule_text_print_instant(slot.at, zone);
    g_string_append(slots, text);
    *after = slot.at;
}

static char *
list_slots(const RuleDefinition *definition, Zone *zone, int64_t after, guint n)
{
    g_autoptr(GError) error = NULL;
    Place place;
    g_autoptr(Schedule) schedule =
        definition_compile(definition, 7, zone, load, NULL, &place, &error);
    g_assert_no_error(error);
    g_assert_cmpint(schedule_id(schedule), ==, 7);
    GString *slots = g_string_new(NULL);
    for (guint i = 0; i < n; i++)
        append_slot(slots, schedule, zone, &after);
    return g_string_free(slots, FALSE);
}

/* What is printed reads as the same, and is printed the same again. */
static void
check_printed(const RuleDefinition *definition, Zone *zone, int64_t after, guint n,
              const char *expected)
{
    RuleDefinition again;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = definition_print(definition, zone);
    bool ok =
        definition_parse(text, DIALECT_AUTO, zone, definition->start_at, &again, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
    g_autofree char *text_again = definition_print(&again, zone);
    g_autofree char *slots = list_slots(&again, zone, after, n);
    g_assert_cmpstr(text_again, ==, text);
    g_assert_cmpstr(slots, ==, expected);
    definition_clear(&again);
}

static void
check_slots(char *const *columns)
{
    g_autoptr(Zone) zone = must_load(columns[1]);
    g_autoptr(GError) error = NULL;
    int64_t from;
    RuleDefinition definition;
    g_assert_true(schedule_text_read_instant(columns[2], zone, &from));
    bool ok = definition_parse(columns[0], DIALECT_AUTO, zone, from, &definition, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(ok);

    g_auto(GStrv) expected = g_strsplit(columns[3], ",", -1);
    guint n = g_strv_length(expected);
    g_autofree char *slots = list_slots(&definition, zone, from, n);
    g_assert_cmpstr(slots, ==, columns[3]);
    check_printed(&definition, zone, from, n, columns[3]);
    definition_clear(&definition);
}

/* ---- Words ---- */

typedef struct {
    const char *text;
    const char *printed; /* NULL = as it was */
} Printed;

#define START " start=2026-01-31T09:00"

static const Printed printed[] = {
    {"kind=once" START, NULL},
    {"kind=once", "kind=once start=2026-01-01T00:00"},
    {" start=2026-01-31T10:00+03:00\tKIND=Once \n", "kind=once" START},
    {"kind=hourly" START " hours=9-11,22-1,5,6", "kind=hourly" START " hours=0,1,5,6,9-11,22,23"},
    {"kind=hourly" START " hours=0-23", NULL},
    {"kind=daily" START " end=9999-12-31T23:59 count=3 every=2", NULL},
    {"kind=daily" START " every=1", "kind=daily" START},
    {"kind=weekly" START " weekdays=Monday,TUE,3,sat-Sun",
     "kind=weekly" START " weekdays=sun-wed,sat"},
    {"kind=monthly" START " monthdays=31,-1,-31,1-3,07",
     "kind=monthly" START " monthdays=1-3,7,31,-1,-31"},
    {"kind=monthly" START " monthdays=30-2 months=december,2-4,jun",
     "kind=monthly" START " monthdays=1,2,30,31 months=feb-apr,jun,dec"},
    {"kind=every" START " period=1h30m", "kind=every period=90min" START},
    {"kind=after" START " period=1:30", "kind=after period=90min" START},
    {"kind=after" START " period=1.5d", "kind=after period=36h" START},
    {"@every 90 minutes", "kind=every period=90min start=2026-01-01T00:00"},
    {" @After  2 days ", "kind=after period=2d start=2026-01-01T00:00"},
    {"@weekly", "0 0 * * 0"},
    {" 0\t9 13,14,15 * FRI ", "0 9 13-15 * 5"},
    {"0 0 */2 * fri", "0 0 */2 * 5"},
    /* Without the star one day field would do. */
    {" 3 0\n*/21 * wed#1", "3 0 */21 * wed#1"},
    {"@reboot", "kind=startup start=2026-01-01T00:00"},
    {"kind=startup" START " end=2027-01-01T00:00", NULL},
};

static void
test_printed(void)
{
    g_autoptr(Zone) zone = must_load("Africa/Maputo"); /* two hours east, always */
    int64_t start = civil_days(2026, 1, 1) * CIVIL_US_PER_DAY - 7200 * CIVIL_US_PER_SECOND;
    for (size_t i = 0; i < G_N_ELEMENTS(printed); i++) {
        RuleDefinition definition;
        g_autoptr(GError) error = NULL;
        bool ok =
            definition_parse(printed[i].text, DIALECT_AUTO, zone, start, &definition, NULL, &error);
        g_assert_no_error(error);
        g_assert_true(ok);
        const char *expected = printed[i].printed ? printed[i].printed : printed[i].text;
        g_autofree char *text = definition_print(&definition, zone);
        g_assert_cmpstr(text, ==, expected);
        definition_clear(&definition);
    }
}

typedef struct {
    const char *text;
    size_t offset, length;
    const char *message; /* a part of it */
} Wrong;

static const Wrong wrong[] = {
    {"", 0, 0, "the rule is empty"},
    {" \t\n", 0, 0, "the rule is empty"},
    {"start=2026-01-31T09:00", 22, 0, "kind= is missing"},
    {"kind=yearly", 5, 6, "kind: \"yearly\" is not allowed: once, hourly"},
    {"kind=cron", 5, 4, "stands alone"},
    {"kind=daily daily", 11, 5, "\"daily\" is no word of the form key=value"},
    {"kind=daily hour=3", 11, 4, "no key \"hour\": allowed are kind, start"},
    {"kind=daily every=2 every=3", 19, 7, "every is given twice"},
    {"kind=daily hours=3", 11, 7, "hours= does not go with kind=daily, only with hourly"},
    {"hours=3 kind=daily", 0, 7, "hours= does not go with kind=daily"},
    {"kind=once every=3", 10, 7, "only with daily or weekly or monthly"},
    {"kind=startup count=3", 13, 7, "count= does not go with kind=startup"},
    {"kind=daily every=0", 17, 1, "every: \"0\" is not allowed: numbers from 1 to 2147483647"},
    {"kind=daily every=", 17, 0, "every: \"\" is not allowed"},
    {"kind=daily every=2x", 17, 2, "every: \"2x\" is not allowed"},
    {"kind=daily every=-2", 17, 2, "every: \"-2\" is not allowed"},
    {"kind=daily every=99999999999999999999", 17, 20, "is not allowed"},
    {"kind=daily count=100001", 17, 6,
     "count: \"100001\" is not allowed: numbers from 1 to 100000"},
    {"kind=daily start=2026-02-30T00:00", 17, 16,
     "start: \"2026-02-30T00:00\" is no date and time"},
    {"kind=daily end=tomorrow", 15, 8, "end: \"tomorrow\" is no date and time"},
    {"kind=hourly hours=24", 18, 2, "hours: \"24\" is not allowed: allowed are hours 0 to 23"},
    {"kind=hourly hours=1,,2", 20, 0, "hours: \"\" is not allowed"},
    {"kind=hourly hours=1,", 20, 0, "hours: \"\" is not allowed"},
    {"kind=hourly hours=-1", 18, 2, "hours: \"-1\" is not allowed"},
    {"kind=weekly weekdays=mon,7", 25, 1, "weekdays: \"7\" is not allowed"},
    {"kind=weekly weekdays=mond", 21, 4, "weekdays: \"mond\" is not allowed"},
    {"kind=weekly weekdays=mo", 21, 2, "weekdays: \"mo\" is not allowed"},
    {"kind=weekly weekdays=mon-", 21, 4, "weekdays: \"mon-\" is not allowed"},
    {"kind=weekly weekdays=mon-fri-sun", 21, 11, "weekdays: \"mon-fri-sun\" is not allowed"},
    {"kind=weekly weekdays=\303\266", 21, 2, "weekdays: \"\303\266\" is not allowed"},
    {"kind=monthly monthdays=1,32", 25, 2, "monthdays: \"32\" is not allowed"},
    {"kind=monthly monthdays=0", 23, 1, "monthdays: \"0\" is not allowed"},
    {"kind=monthly monthdays=-0", 23, 2, "monthdays: \"-0\" is not allowed"},
    {"kind=monthly monthdays=-32", 23, 3, "monthdays: \"-32\" is not allowed"},
    {"kind=monthly monthdays=-3--1", 23, 5, "monthdays: \"-3--1\" is not allowed"},
    {"kind=monthly monthdays=3--1", 23, 4, "monthdays: \"3--1\" is not allowed"},
    {"kind=monthly months=0", 20, 1, "months: \"0\" is not allowed"},
    {"kind=monthly months=13", 20, 2, "months: \"13\" is not allowed"},
    {"kind=every", 10, 0, "period= is missing"},
    {"kind=every period=1month", 18, 6, "months and years are not of one length"},
    {"kind=every period=0s", 18, 2, "longer than nothing"},
    {"kind=every period=-5min", 18, 5, "longer than nothing"},
    {"@every", 6, 0, "\"\""},
    {"  @every  nonsense ", 10, 8, "nonsense"},
    {"@every \v", 7, 1, "\v"},
    {"@reboot now", 8, 3, "nothing may follow macro @reboot"},
    {" \n FREQ=DAILY;COUNT=x", 20, 1, "COUNT cannot be"},
    {"COUNT=0;FREQ=DAILY", 6, 1, "COUNT cannot be"},
    {"@after 1 year", 7, 6, "months and years are not of one length"},
};

static void
test_wrong(void)
{
    g_autoptr(Zone) zone = must_load("UTC");
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        RuleDefinition definition = {.count = 42};
        Place place = {999, 999};
        g_autoptr(GError) error = NULL;
        if (definition_parse(wrong[i].text, DIALECT_AUTO, zone, 0, &definition, &place, &error))
            g_error("\"%s\" is accepted", wrong[i].text);
        g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT);
        if (!strstr(error->message, wrong[i].message) || place.offset != wrong[i].offset ||
            place.length != wrong[i].length)
            g_error("\"%s\": %s, at %zu, %zu bytes", wrong[i].text, error->message, place.offset,
                    place.length);
        g_assert_cmpint(definition.count, ==, 42);
    }
}

/* What can be read, but not made a schedule of. */
static void
test_wrong_in_the_end(void)
{
    static const Wrong cases[] = {
        {"DTSTART;TZID=Mars/Base:20260101T090000", 13, 9, "Mars/Base"},
        {" FREQ=SECONDLY;INTERVAL=86399;COUNT=100000;BYMINUTE=7;BYSECOND=7", 1, 63,
         "COUNT=100000 takes too long"},
    };
    g_autoptr(Zone) zone = must_load("UTC");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        RuleDefinition definition;
        Place place = {999, 999};
        g_autoptr(GError) error = NULL;
        bool ok = definition_parse(cases[i].text, DIALECT_AUTO, zone, 0, &definition, NULL, &error);
        g_assert_no_error(error);
        g_assert_true(ok);
        g_assert_null(definition_compile(&definition, 7, zone, load, NULL, &place, &error));
        g_assert_nonnull(strstr(error->message, cases[i].message));
        g_assert_cmpuint(place.offset, ==, cases[i].offset);
        g_assert_cmpuint(place.length, ==, cases[i].length);
        definition_clear(&definition);
    }
}

/* ---- Which language ---- */

typedef struct {
    const char *text;
    RuleKind kind;
} Guess;

static const Guess guesses[] = {
    {"30 2 * * *", RULE_KIND_CRON},
    {"  @daily", RULE_KIND_CRON},
    {"@every 5min", RULE_KIND_EVERY},
    {"@EVERY 5min", RULE_KIND_EVERY},
    {"@after 5min", RULE_KIND_AFTER},
    {"@reboot\n", RULE_KIND_STARTUP},
    {"kind=daily", RULE_KIND_DAILY},
    {"start=2026-01-31T09:00 kind=daily", RULE_KIND_DAILY},
    {"RRULE:FREQ=DAILY", RULE_KIND_ICAL},
    {" rrule:freq=daily", RULE_KIND_ICAL},
    {"FREQ=DAILY", RULE_KIND_ICAL},
    {" freq=daily", RULE_KIND_ICAL},
    {"INTERVAL=2;FREQ=DAILY", RULE_KIND_ICAL},
    {"DTSTART;TZID=Europe/Berlin:20260101T090000", RULE_KIND_ICAL},
    {"DTSTART:20260101T090000\\nRRULE:FREQ=DAILY", RULE_KIND_ICAL},
};

static void
test_guesses(void)
{
    g_autoptr(Zone) zone = must_load("UTC");
    for (size_t i = 0; i < G_N_ELEMENTS(guesses); i++) {
        RuleDefinition definition;
        g_autoptr(GError) error = NULL;
        bool ok =
            definition_parse(guesses[i].text, DIALECT_AUTO, zone, 0, &definition, NULL, &error);
        g_assert_no_error(error);
        g_assert_true(ok);
        g_assert_cmpstr(rule_kind_name(definition.kind), ==, rule_kind_name(guesses[i].kind));
        definition_clear(&definition);
    }
}

/* A language that is asked for is not guessed. */
static void
test_dialects(void)
{
    g_autoptr(Zone) zone = must_load("UTC");
    RuleDefinition definition;
    Dialect dialect;
    g_assert_false(definition_parse("kind=daily", DIALECT_CRON, zone, 0, &definition, NULL, NULL));
    g_assert_false(definition_parse("30 2 * * *", DIALECT_TYPED, zone, 0, &definition, NULL, NULL));
    g_assert_false(definition_parse("@daily", DIALECT_ICAL, zone, 0, &definition, NULL, NULL));
    g_assert_true(dialect_find("typed", &dialect));
    g_assert_cmpint(dialect, ==, DIALECT_TYPED);
    g_assert_false(dialect_find("quartz", &dialect));
}

static void
test_kinds(void)
{
    for (RuleKind kind = 0; kind < N_RULE_KINDS; kind++) {
        RuleKind found;
        g_assert_true(rule_kind_find(rule_kind_name(kind), &found));
        g_assert_cmpint(found, ==, kind);
    }
    RuleKind found;
    g_assert_false(rule_kind_find("yearly", &found));
    g_assert_false(rule_kind_find("", &found));
}

/* ---- What only a table can hold ---- */

static void
test_impossible_rows(void)
{
    g_autoptr(Zone) zone = must_load("UTC");
    RuleDefinition definition;
    definition_init(&definition);
    definition.kind = RULE_KIND_EVERY;
    g_autoptr(GError) no_period = NULL;
    g_assert_null(definition_compile(&definition, 1, zone, load, NULL, NULL, &no_period));
    g_assert_error(no_period, ALMANAC_ERROR, ALMANAC_ERROR_INPUT);
    definition.period.months = 1;
    g_assert_null(definition_compile(&definition, 1, zone, load, NULL, NULL, NULL));

    definition_init(&definition);
    definition.kind = RULE_KIND_DAILY;
    definition.every = 0;
    g_autoptr(GError) no_days = NULL;
    g_assert_null(definition_compile(&definition, 1, zone, load, NULL, NULL, &no_days));
    g_assert_error(no_days, ALMANAC_ERROR, ALMANAC_ERROR_INPUT);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    case_table_add("data/calendar/definitions.tsv", check_slots);
    g_test_add_func("/definition/printed", test_printed);
    g_test_add_func("/definition/wrong", test_wrong);
    g_test_add_func("/definition/wrong-in-the-end", test_wrong_in_the_end);
    g_test_add_func("/definition/guesses", test_guesses);
    g_test_add_func("/definition/dialects", test_dialects);
    g_test_add_func("/definition/kinds", test_kinds);
    g_test_add_func("/definition/impossible-rows", test_impossible_rows);
    return g_test_run();
}

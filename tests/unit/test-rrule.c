/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/rrule.h"

#include <string.h>

#include "base/error.h"
#include "calendar/civil.h"

#include "rrule-maker.h"

#define ROUND_TRIPS 50000

/* Wednesday, 5 March 2025, 10:20:30 */
static int64_t
dtstart(void)
{
    return civil_days(2025, 3, 5) * CIVIL_US_PER_DAY +
           (10 * 3600 + 20 * 60 + 30) * CIVIL_US_PER_SECOND;
}

static Rrule
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    Rrule rrule;
    if (!rrule_parse(text, 0, strlen(text), dtstart(), &rrule, NULL, &error))
        g_error("%s: %s", text, error->message);
    return rrule;
}

/* ---- What DTSTART supplies ---- */

static void
test_supplied_time(void)
{
    static const char *const names[] = {"YEARLY", "MONTHLY",  "WEEKLY",  "DAILY",
                                        "HOURLY", "MINUTELY", "SECONDLY"};
    for (int i = 0; i < N_RULE_FREQUENCIES; i++) {
        g_autofree char *text = g_strdup_printf("FREQ=%s", names[i]);
        Rule rule = parse(text).rule;
        g_assert_cmpint(rule.frequency, ==, i);
        g_assert_cmphex(rule.hours, ==, i < RULE_HOURLY ? 1u << 10 : RULE_ALL_HOURS);
        g_assert_cmphex(rule.minutes, ==, i < RULE_MINUTELY ? UINT64_C(1) << 20 : RULE_ALL_60);
        g_assert_cmphex(rule.seconds, ==, i < RULE_SECONDLY ? UINT64_C(1) << 30 : RULE_ALL_60);
    }
}

#define MARCH     (1u << 2)
#define DAY_5     (UINT32_C(1) << 4)
#define WEDNESDAY (1u << 3)

static void
test_supplied_days(void)
{
    static const struct {
        const char *text;
        uint16_t months;
        uint32_t month_days;
        uint8_t weekdays;
    } cases[] = {
        {"FREQ=YEARLY", MARCH, DAY_5, RULE_ALL_WEEKDAYS},
        {"FREQ=YEARLY;BYMONTH=1", 1, DAY_5, RULE_ALL_WEEKDAYS},
        {"FREQ=YEARLY;BYMONTHDAY=1", RULE_ALL_MONTHS, 1, RULE_ALL_WEEKDAYS},
        {"FREQ=YEARLY;BYMONTHDAY=-1", RULE_ALL_MONTHS, 0, RULE_ALL_WEEKDAYS},
        {"FREQ=YEARLY;BYDAY=SU", RULE_ALL_MONTHS, RULE_ALL_MONTH_DAYS, 1},
        {"FREQ=YEARLY;BYYEARDAY=1", RULE_ALL_MONTHS, RULE_ALL_MONTH_DAYS, RULE_ALL_WEEKDAYS},
        {"FREQ=YEARLY;BYWEEKNO=1", RULE_ALL_MONTHS, RULE_ALL_MONTH_DAYS, WEDNESDAY},
        {"FREQ=YEARLY;BYWEEKNO=1;BYDAY=SU", RULE_ALL_MONTHS, RULE_ALL_MONTH_DAYS, 1},
        {"FREQ=YEARLY;BYWEEKNO=1;BYMONTHDAY=1", RULE_ALL_MONTHS, 1, RULE_ALL_WEEKDAYS},
        {"FREQ=YEARLY;BYWEEKNO=1;BYYEARDAY=1", RULE_ALL_MONTHS, RULE_ALL_MONTH_DAYS,
         RULE_ALL_WEEKDAYS},
        {"FREQ=YEARLY;BYWEEKNO=1;BYMONTH=1", 1, RULE_ALL_MONTH_DAYS, WEDNESDAY},
        {"FREQ=MONTHLY", RULE_ALL_MONTHS, DAY_5, RULE_ALL_WEEKDAYS},
        {"FREQ=MONTHLY;BYMONTH=1", 1, DAY_5, RULE_ALL_WEEKDAYS},
        {"FREQ=MONTHLY;BYDAY=1SU", RULE_ALL_MONTHS, RULE_ALL_MONTH_DAYS, 0},
        {"FREQ=WEEKLY", RULE_ALL_MONTHS, RULE_ALL_MONTH_DAYS, WEDNESDAY},
        {"FREQ=WEEKLY;BYMONTH=1", 1, RULE_ALL_MONTH_DAYS, WEDNESDAY},
        {"FREQ=DAILY", RULE_ALL_MONTHS, RULE_ALL_MONTH_DAYS, RULE_ALL_WEEKDAYS},
        {"FREQ=SECONDLY", RULE_ALL_MONTHS, RULE_ALL_MONTH_DAYS, RULE_ALL_WEEKDAYS},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].text);
        Rule rule = parse(cases[i].text).rule;
        g_assert_cmphex(rule.months, ==, cases[i].months);
        g_assert_cmphex(rule.month_days, ==, cases[i].month_days);
        g_assert_cmphex(rule.weekdays, ==, cases[i].weekdays);
    }
}

/* ---- Parts ---- */

static void
test_numbers(void)
{
    Rule rule = parse("FREQ=YEARLY;BYMONTH=1,12;BYMONTHDAY=1,31,-1,-31;BYHOUR=0,23;BYMINUTE=0,59;"
                      "BYSECOND=0,59,60;BYYEARDAY=1,366,-366;BYWEEKNO=+1,53,-53;BYSETPOS=1,-366")
                    .rule;
    g_assert_cmphex(rule.months, ==, 0x801);
    g_assert_cmphex(rule.month_days, ==, UINT32_C(1) << 30 | 1);
    g_assert_cmphex(rule.month_days_back, ==, RULE_LAST_DAY | 2);
    g_assert_cmphex(rule.hours, ==, 0x800001);
    g_assert_cmphex(rule.minutes, ==, UINT64_C(1) << 59 | 1);
    g_assert_cmphex(rule.seconds, ==, UINT64_C(1) << 59 | 1);
    g_assert_true(rule.has_year_days && rule.has_weeks && rule.has_positions);
    g_assert_true(rule_numbers_has(&rule.year_days, 1) && rule_numbers_has(&rule.year_days, 366));
    g_assert_true(rule_numbers_has(&rule.year_days_back, 366));
    g_assert_cmphex(rule.weeks, ==, UINT64_C(1) << 53 | 2);
    g_assert_cmphex(rule.weeks_back, ==, UINT64_C(1) << 53);
    g_assert_true(rule_numbers_has(&rule.positions, 1));
    g_assert_true(rule_numbers_has(&rule.positions_back, 366));
    g_assert_false(rule_numbers_has(&rule.positions_back, 1));
}

static void
test_weekdays(void)
{
    Rule monthly = parse("FREQ=MONTHLY;BYDAY=MO,2TU,-1FR,+5FR").rule;
    g_assert_cmphex(monthly.weekdays, ==, 1u << 1);
    g_assert_cmphex(monthly.nth_of_month[2], ==, 1u << 2);
    g_assert_cmphex(monthly.nth_of_month[5], ==, 1u << 9 | 1u << 5);

    Rule yearly = parse("FREQ=YEARLY;BYDAY=53TU,-53TU,SU").rule;
    g_assert_cmphex(yearly.weekdays, ==, 1);
    g_assert_cmphex(yearly.nth_of_year[2], ==, UINT64_C(1) << 53);
    g_assert_cmphex(yearly.nth_of_year_back[2], ==, UINT64_C(1) << 53);
    g_assert_cmphex(yearly.nth_of_month[2], ==, 0);

    Rule in_months = parse("FREQ=YEARLY;BYDAY=2TU;BYMONTH=3").rule;
    g_assert_cmphex(in_months.nth_of_month[2], ==, 1u << 2);
    g_assert_cmphex(in_months.nth_of_year[2], ==, 0);
}

static void
test_interval(void)
{
    Rule one = parse("FREQ=DAILY;INTERVAL=1").rule, none = parse("FREQ=DAILY").rule;
    g_assert_true(rule_equal(&one, &none));
    g_assert_cmpint(one.anchor, ==, 0);
    Rule many = parse("FREQ=DAILY;INTERVAL=2147483647").rule;
    g_assert_cmpuint(many.interval, ==, 2147483647);
    g_assert_cmpint(many.anchor, ==, dtstart());
}

static void
test_bounds(void)
{
    int64_t day = civil_days(2026, 1, 31) * CIVIL_US_PER_DAY;
    Rrule rrule = parse("FREQ=DAILY");
    g_assert_cmpint(rrule.until_kind, ==, UNTIL_NONE);
    g_assert_cmpint(rrule.count, ==, 0);
    g_assert_cmpint(parse("FREQ=DAILY;COUNT=100000").count, ==, RRULE_MAX_COUNT);

    rrule = parse("FREQ=DAILY;UNTIL=20260131");
    g_assert_cmpint(rrule.until_kind, ==, UNTIL_DATE);
    g_assert_cmpint(rrule.until, ==, day + CIVIL_US_PER_DAY - 1);
    rrule = parse("FREQ=DAILY;UNTIL=20260131T010203");
    g_assert_cmpint(rrule.until_kind, ==, UNTIL_LABEL);
    g_assert_cmpint(rrule.until, ==, day + 3723 * CIVIL_US_PER_SECOND);
    rrule = parse("FREQ=DAILY;UNTIL=20260131t235960z");
    g_assert_cmpint(rrule.until_kind, ==, UNTIL_UTC);
    g_assert_cmpint(rrule.until, ==, day + CIVIL_US_PER_DAY - CIVIL_US_PER_SECOND);
}

/* It matters only where days are asked for by number, and by the month or year. */
static void
test_skip(void)
{
    g_assert_cmpint(parse("RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD").rule.skip, ==,
                    RULE_SKIP_FORWARD);
    g_assert_cmpint(parse("SKIP=BACKWARD;FREQ=YEARLY;BYYEARDAY=366;RSCALE=gregorian").rule.skip, ==,
                    RULE_SKIP_BACKWARD);
    static const char *const texts[] = {"RSCALE=GREGORIAN;FREQ=MONTHLY",
                                        "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=OMIT",
                                        "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD;BYDAY=1MO",
                                        "RSCALE=GREGORIAN;FREQ=DAILY;SKIP=FORWARD;BYMONTHDAY=31"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_assert_cmpint(parse(texts[i]).rule.skip, ==, RULE_SKIP_OMIT);
}

static void
test_any_order_and_case(void)
{
    Rrule a = parse("FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO;WKST=SU;COUNT=3");
    Rrule b = parse("count=3;wkst=su;byday=1mo;interval=02;freq=monthly;");
    g_assert_true(rrule_equal(&a, &b));
}

static void
test_piece_of_text(void)
{
    const char *text = "before FREQ=DAILY;BYHOUR=24 behind";
    g_autoptr(GError) error = NULL;
    Rrule rrule = {.count = 77};
    Place place;
    g_assert_false(rrule_parse(text, 7, 20, dtstart(), &rrule, &place, &error));
    g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT);
    g_assert_cmpuint(place.offset, ==, 25);
    g_assert_cmpuint(place.length, ==, 2);
    g_assert_cmpint(rrule.count, ==, 77);
    g_assert_true(rrule_parse(text, 7, 10, dtstart(), &rrule, NULL, NULL));
}

/* ---- Printing ---- */

static void
test_canonical(void)
{
    static const char *const cases[][2] = {
        {"FREQ=DAILY;BYHOUR=10;BYMINUTE=20", "FREQ=DAILY"},
        {"FREQ=DAILY;BYMONTH=5", "FREQ=DAILY;BYMONTH=5"},
        {"FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=5", "FREQ=YEARLY"},
        {"FREQ=YEARLY;BYMONTHDAY=5", "FREQ=YEARLY;BYMONTHDAY=5"},
        {"FREQ=YEARLY;BYMONTH=3", "FREQ=YEARLY"},
        {"FREQ=YEARLY;BYMONTH=3,2", "FREQ=YEARLY;BYMONTH=2,3;BYMONTHDAY=5"},
        {"FREQ=WEEKLY;BYDAY=WE;WKST=MO", "FREQ=WEEKLY"},
        {"FREQ=MONTHLY;BYDAY=-1FR,2TU,WE", "FREQ=MONTHLY;BYDAY=2TU,WE,-1FR"},
        {"FREQ=MONTHLY;BYMONTHDAY=-1,-31,31,1", "FREQ=MONTHLY;BYMONTHDAY=1,31,-31,-1"},
        {"FREQ=DAILY;BYHOUR=10;BYSETPOS=1", "FREQ=DAILY;BYSECOND=30;BYSETPOS=1"},
        {"FREQ=MINUTELY;BYSECOND=60", "FREQ=MINUTELY;BYSECOND=60"},
        {"UNTIL=20260131;FREQ=DAILY", "FREQ=DAILY;UNTIL=20260131"},
        {"FREQ=HOURLY;INTERVAL=5;COUNT=3;BYDAY=SA,SU",
         "FREQ=HOURLY;INTERVAL=5;COUNT=3;BYDAY=SU,SA"},
        {"SKIP=FORWARD;RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31",
         "FREQ=MONTHLY;RSCALE=GREGORIAN;SKIP=FORWARD;BYMONTHDAY=31"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Rrule rrule = parse(cases[i][0]);
        g_autofree char *printed = rrule_print(&rrule, dtstart());
        g_assert_cmpstr(printed, ==, cases[i][1]);
    }
}

static void
assert_round_trip(const char *text)
{
    Rrule rrule = parse(text);
    g_autofree char *printed = rrule_print(&rrule, dtstart());
    Rrule again = parse(printed);
    if (!rrule_equal(&rrule, &again))
        g_error("%s is printed as %s, which reads as another rule", text, printed);
}

static char *
list_numbers(const char *name, int first, int last)
{
    GString *text = g_string_new(name);
    for (int n = first; n <= last; n++)
        g_string_append_printf(text, "%c%d", n == first ? '=' : ',', n);
    return g_string_free(text, FALSE);
}

/* What looks like everything, or like nothing. */
static void
test_full_lists(void)
{
    g_autofree char *month_days = list_numbers("BYMONTHDAY", 1, 31);
    g_autofree char *hours = list_numbers("BYHOUR", 0, 23);
    const char *const lists[] = {"BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12", "BYDAY=SU,MO,TU,WE,TH,FR,SA",
                                 month_days, hours, "BYWEEKNO=1"};
    for (unsigned set = 0; set < 1u << G_N_ELEMENTS(lists); set++) {
        g_autoptr(GString) text = g_string_new("FREQ=YEARLY");
        for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++) {
            if (set >> i & 1)
                g_string_append_printf(text, ";%s", lists[i]);
        }
        assert_round_trip(text->str);
    }
    assert_round_trip("FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYDAY=2MO");
    assert_round_trip("FREQ=MONTHLY;BYDAY=SU,MO,TU,WE,TH,FR,SA");
    assert_round_trip("FREQ=WEEKLY;BYDAY=SU,MO,TU,WE,TH,FR,SA");
    assert_round_trip("FREQ=SECONDLY;BYSECOND=60;BYSETPOS=1");
}

static void
test_random_round_trips(void)
{
    guint32 seed = (guint32)g_test_rand_int_range(0, INT32_MAX);
    g_test_message("seed %u", seed);
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);
    for (int i = 0; i < ROUND_TRIPS; i++) {
        g_autofree char *text = rrule_maker_make(random);
        assert_round_trip(text);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rrule/supplied-time", test_supplied_time);
    g_test_add_func("/rrule/supplied-days", test_supplied_days);
    g_test_add_func("/rrule/numbers", test_numbers);
    g_test_add_func("/rrule/weekdays", test_weekdays);
    g_test_add_func("/rrule/interval", test_interval);
    g_test_add_func("/rrule/bounds", test_bounds);
    g_test_add_func("/rrule/skip", test_skip);
    g_test_add_func("/rrule/any-order-and-case", test_any_order_and_case);
    g_test_add_func("/rrule/piece-of-text", test_piece_of_text);
    g_test_add_func("/rrule/canonical", test_canonical);
    g_test_add_func("/rrule/full-lists", test_full_lists);
    g_test_add_func("/rrule/random-round-trips", test_random_round_trips);
    return g_test_run();
}

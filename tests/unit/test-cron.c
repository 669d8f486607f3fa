/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/cron.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "calendar/schedule.h"

#include "case-table.h"
#include "schedule-text.h"

static const char *const days_names[] = {"vixie", "or", "and"};

static CronDays
read_days(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(days_names); i++) {
        if (g_str_equal(name, days_names[i]))
            return (CronDays)i;
    }
    g_error("\"%s\" is no way to combine two fields", name);
}

static Rule
parse(const char *text, CronDays days)
{
    g_autoptr(GError) error = NULL;
    Rule rule;
    if (!cron_parse(text, days, &rule, NULL, &error))
        g_error("\"%s\": %s", text, error->message);
    return rule;
}

static void
check_error(char *const *columns)
{
    g_autoptr(GError) error = NULL;
    Place place;
    Rule rule, before;
    g_autofree char *text = g_strcompress(columns[0]);
    memset(&rule, 0x55, sizeof rule);
    before = rule;
    g_assert_false(cron_parse(text, CRON_DAY_VIXIE, &rule, &place, &error));
    g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT);
    g_assert_cmpstr(error->message, ==, columns[3]);
    g_assert_cmpint((int)place.offset, ==, atoi(columns[1]));
    g_assert_cmpint((int)place.length, ==, atoi(columns[2]));
    g_assert_true(rule_equal(&rule, &before));
}

static void
check_printed(char *const *columns)
{
    g_autofree char *written = g_strcompress(columns[0]);
    Rule rule = parse(written, read_days(columns[1]));
    CronDays days;
    g_autofree char *text = cron_print(&rule, &days);
    g_assert_cmpstr(text, ==, columns[2]);
    g_assert_cmpstr(days_names[days], ==, columns[3]);
    Rule again = parse(text, days);
    g_assert_true(rule_equal(&rule, &again));
}

static void
check_slots(char *const *columns)
{
    Rule rule = parse(columns[0], read_days(columns[1]));
    g_autoptr(Zone) zone = zone_load(columns[2], NULL, NULL);
    g_assert_nonnull(zone);
    int64_t after;
    g_assert_true(schedule_text_read_instant(columns[3], zone, &after));
    g_autoptr(Schedule) schedule = schedule_new_rule(1, &rule, zone, INT64_MIN, SCHEDULE_NO_END);
    g_auto(GStrv) expected = g_strsplit(columns[4], ",", -1);
    for (char **want = expected; *want; want++) {
        ScheduleSlot slot;
        RuleOutcome outcome = schedule_next(schedule, after, INT64_MAX, &slot);
        if (outcome != RULE_FOUND) {
            g_assert_cmpstr(outcome == RULE_NEVER ? "never" : "beyond", ==, g_strstrip(*want));
            continue;
        }
        g_autofree char *got = schedule_text_print_instant(slot.at, zone);
        g_assert_cmpstr(got, ==, g_strstrip(*want));
        after = slot.at;
    }
}

static void
test_macros(void)
{
    static const char *const cases[][2] = {
        {"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},   {" @MidNight\n", "0 0 * * *"},
        {"@weekly", "0 0 * * SUN"}, {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
        {"@annually", "0 0 1 1 *"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Rule macro = parse(cases[i][0], CRON_DAY_OR), fields = parse(cases[i][1], CRON_DAY_VIXIE);
        g_assert_true(rule_equal(&macro, &fields));
    }
}

/* What each way of writing becomes, down to the bits. */
static void
test_masks(void)
{
    Rule rule = parse("5 1-3 L,L-2,$,15w,LW,7 * mon#2,5#5,FridayL,7#1,0L", CRON_DAY_VIXIE);
    g_assert_cmpuint(rule.frequency, ==, RULE_SECONDLY);
    g_assert_cmpuint(rule.interval, ==, 1);
    g_assert_cmphex(rule.seconds, ==, 1);
    g_assert_cmphex(rule.minutes, ==, 1 << 5);
    g_assert_cmphex(rule.hours, ==, 0xe);
    g_assert_cmphex(rule.month_days, ==, 1 << 6);
    g_assert_cmphex(rule.month_days_back, ==, 0xa0000000);
    g_assert_cmphex(rule.near_weekdays, ==, 0x80004000);
    g_assert_cmphex(rule.months, ==, RULE_ALL_MONTHS);
    g_assert_cmphex(rule.weekdays, ==, 0);
    g_assert_cmphex(rule.nth_of_month[0], ==, 1 << 1 | 1 << 9);
    g_assert_cmphex(rule.nth_of_month[1], ==, 1 << 2);
    g_assert_cmphex(rule.nth_of_month[5], ==, 1 << 5 | 1 << 9);
    g_assert_cmpuint(rule.either_day, ==, 1);

    Rule all, stars = parse("* * * * * *", CRON_DAY_OR);
    rule_init(&all);
    g_assert_true(rule_equal(&all, &stars));
    stars = parse("* * * ? * ?", CRON_DAY_VIXIE);
    g_assert_true(rule_equal(&all, &stars));
}

/* Plain stars restrict nothing, whatever combines the two fields. */
static void
test_combination(void)
{
    static const struct {
        const char *day, *weekday;
        bool either[3]; /* vixie, or, and */
    } cases[] = {
        {"1", "MON", {true, true, false}},    {"*/5", "MON", {false, true, false}},
        {"1", "*/2", {false, true, false}},   {"*,5", "MON", {false, true, false}},
        {"1-31", "MON", {true, true, false}}, {"*", "MON", {false, false, false}},
        {"?", "MON", {false, false, false}},  {"1", "?", {false, false, false}},
        {"L", "5L", {true, true, false}},     {"1/5", "MON", {true, true, false}},
        {"5,*", "MON", {true, true, false}},  {"*", "*", {false, false, false}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf("0 0 %s * %s", cases[i].day, cases[i].weekday);
        for (int days = 0; days < 3; days++) {
            Rule rule = parse(text, (CronDays)days);
            g_test_message("%s (%s)", text, days_names[days]);
            g_assert_cmpint(rule.either_day, ==, cases[i].either[days]);
        }
    }
}

/* ---- Random texts, with what they select by the words of the definition ---- */

typedef struct {
    int first, last;
    const char *words[12];
} Field;

static const Field fields[] = {
    {0, 59, {0}},
    {0, 59, {0}},
    {0, 23, {0}},
    {1, 31, {0}},
    {1,
     12,
     {"JAN", "feb", "Mar", "april", "MAY", "June", "jul", "AUGUST", "sep", "Oct", "nov",
      "December"}},
    {0, 6, {"SUN", "mon", "Tuesday", "WED", "Thu", "FRIDAY", "sat"}},
};

/* As a number or a name; Sunday may be 7. */
static void
append_value(GString *text, const Field *field, int value)
{
    int i = value - field->first;
    if (field->words[0] && g_test_rand_int_range(0, 3) == 0)
        g_string_append(text, field->words[i]);
    else if (field->last == 6 && value == 0 && g_test_rand_bit())
        g_string_append(text, "7");
    else
        g_string_append_printf(text, g_test_rand_int_range(0, 8) ? "%d" : "%02d", value);
}

static void
append_random_item(GString *text, const Field *field, uint64_t *bits)
{
    int size = field->last - field->first + 1;
    int from = g_test_rand_int_range(0, size), to = g_test_rand_int_range(0, size);
    int step = 1;
    if (size == 7 && to == from)
        to = (from + 1) % size; /* 0-7 is the whole week */
    switch (g_test_rand_int_range(0, 8)) {
    case 0:
        g_string_append_c(text, '*');
        from = 0;
        to = size - 1;
        break;
    case 1:
    case 2:
    case 3:
        append_value(text, field, field->first + from);
        g_string_append_c(text, '-');
        append_value(text, field, field->first + to);
        break;
    case 4:
        append_value(text, field, field->first + from);
        to = size - 1;
        step = g_test_rand_int_range(1, size + 1);
        g_string_append_printf(text, "/%d", step);
        *bits |= UINT64_C(1) << from;
        for (int i = from; i <= to; i += step)
            *bits |= UINT64_C(1) << i;
        return;
    default:
        append_value(text, field, field->first + from);
        *bits |= UINT64_C(1) << from;
        return;
    }
    if (g_test_rand_bit()) {
        step = g_test_rand_int_range(1, size + 1);
        g_string_append_printf(text, "/%d", step);
    }
    /* Walk from the one to the other, round the end of the field, and take every nth. */
    for (int i = from, n = 0;; i = (i + 1) % size, n++) {
        if (n % step == 0)
            *bits |= UINT64_C(1) << i;
        if (i == to)
            return;
    }
}

static void
append_random_special(GString *text, int field, Rule *rule)
{
    int n = g_test_rand_int_range(1, 32);
    int day = g_test_rand_int_range(0, 7), nth = g_test_rand_int_range(1, 6);
    bool is_weekday = field == 5;
    switch (g_test_rand_int_range(0, 4) + 4 * is_weekday) {
    case 0:
        g_string_append(text, g_test_rand_bit() ? "L" : "$");
        rule->month_days_back |= RULE_LAST_DAY;
        break;
    case 1:
        g_string_append_printf(text, "l-%d", MIN(n, 30));
        rule->month_days_back |= RULE_LAST_DAY >> MIN(n, 30);
        break;
    case 2:
        g_string_append_printf(text, "%dW", n);
        rule->near_weekdays |= 1u << (n - 1);
        break;
    case 3:
        g_string_append(text, "Lw");
        rule->near_weekdays |= RULE_LAST_DAY;
        break;
    case 4:
    case 5:
        append_value(text, &fields[field], day);
        g_string_append_c(text, 'L');
        rule->nth_of_month[day] |= 1 << 9;
        break;
    default:
        append_value(text, &fields[field], day);
        g_string_append_printf(text, "#%d", nth);
        rule->nth_of_month[day] |= (uint16_t)(1 << nth);
        break;
    }
}

/* Appends the field, and gives its bits; the rule gets what bits cannot say. */
static uint64_t
append_random_field(GString *text, int field, Rule *rule)
{
    uint64_t bits = 0;
    bool has_specials = field == 3 || field == 5;
    if (g_test_rand_int_range(0, 3) == 0) {
        g_string_append_c(text, has_specials && g_test_rand_bit() ? '?' : '*');
        return (UINT64_C(1) << (fields[field].last - fields[field].first + 1)) - 1;
    }
    for (int n = g_test_rand_int_range(1, 5); n > 0; n--) {
        if (has_specials && g_test_rand_int_range(0, 4) == 0)
            append_random_special(text, field, rule);
        else
            append_random_item(text, &fields[field], &bits);
        if (n > 1)
            g_string_append_c(text, ',');
    }
    return bits;
}

static char *
random_text(CronDays days, Rule *rule)
{
    GString *text = g_string_new(NULL);
    uint64_t bits[6] = {1};
    char begins[6] = {0};
    bool is_star[6];
    rule_init(rule);
    for (int field = g_test_rand_bit(); field < 6; field++) {
        size_t begin = text->len;
        bits[field] = append_random_field(text, field, rule);
        begins[field] = text->str[begin];
        is_star[field] = text->len == begin + 1 && strchr("*?", begins[field]);
        g_string_append(text, g_test_rand_int_range(0, 4) ? " " : " \t\n");
    }
    rule->seconds = bits[0];
    rule->minutes = bits[1];
    rule->hours = (uint32_t)bits[2];
    rule->month_days = (uint32_t)bits[3];
    rule->months = (uint16_t)bits[4];
    rule->weekdays = (uint8_t)bits[5];
    rule->either_day = days != CRON_DAY_AND && !is_star[3] && !is_star[5] &&
                       (days == CRON_DAY_OR || (begins[3] != '*' && begins[5] != '*'));
    return g_string_free(text, FALSE);
}

static void
test_random_texts(void)
{
    for (int i = 0; i < 20000; i++) {
        CronDays days = (CronDays)g_test_rand_int_range(0, 3), printed_days;
        Rule expected;
        g_autofree char *text = random_text(days, &expected);
        Rule rule = parse(text, days);
        g_autofree char *printed = cron_print(&rule, &printed_days);
        if (!rule_equal(&rule, &expected))
            g_error("\"%s\" (%s) is read as \"%s\"", text, days_names[days], printed);
        if (!printed)
            g_error("\"%s\" (%s) cannot be printed", text, days_names[days]);
        Rule again = parse(printed, printed_days);
        if (!rule_equal(&rule, &again))
            g_error("\"%s\" (%s) is printed as \"%s\"", text, days_names[days], printed);
    }
}

/* Any masks: each bit is there with the same probability, which differs from mask to mask. */
static uint64_t
random_bits(int size)
{
    int of_eight = g_test_rand_int_range(0, 9);
    uint64_t bits = 0;
    for (int i = 0; i < size; i++)
        bits |= (uint64_t)(g_test_rand_int_range(0, 8) < of_eight) << i;
    return bits ? bits : 1;
}

static void
test_random_masks(void)
{
    for (int i = 0; i < 2000; i++) {
        Rule rule;
        CronDays days;
        rule_init(&rule);
        rule.seconds = g_test_rand_bit() ? 1 : random_bits(60);
        rule.minutes = random_bits(60);
        rule.hours = (uint32_t)random_bits(24);
        rule.month_days = (uint32_t)random_bits(31);
        rule.months = (uint16_t)random_bits(12);
        rule.weekdays = (uint8_t)random_bits(7);
        rule.either_day = g_test_rand_bit();
        if (g_test_rand_bit())
            rule.month_days_back = (uint32_t)random_bits(31) << 1;
        if (g_test_rand_bit())
            rule.near_weekdays = (uint32_t)random_bits(32);
        if (g_test_rand_bit())
            rule.nth_of_month[i % 7] = (uint16_t)(random_bits(5) << 1);
        g_autofree char *text = cron_print(&rule, &days);
        g_assert_nonnull(text);
        Rule again = parse(text, days);
        g_assert_true(rule_equal(&rule, &again));
    }
}

static void
assert_unprintable(const Rule *rule)
{
    CronDays days = CRON_DAY_OR;
    g_autofree char *text = cron_print(rule, &days);
    g_assert_null(text);
    g_assert_cmpint(days, ==, CRON_DAY_OR);
}

/* What cron cannot say. */
static void
test_unprintable(void)
{
    Rule rule, daily;
    rule_init(&daily);
    rule = daily;
    rule.frequency = RULE_DAILY;
    assert_unprintable(&rule);
    rule = daily;
    rule.interval = 2;
    assert_unprintable(&rule);
    rule = daily;
    rule.skip = RULE_SKIP_FORWARD;
    assert_unprintable(&rule);
    rule = daily;
    rule.has_positions = 1;
    rule_numbers_add(&rule.positions, 1);
    assert_unprintable(&rule);
    rule = daily;
    rule.has_weeks = 1;
    rule.weeks = 2;
    assert_unprintable(&rule);
    rule = daily;
    rule.has_year_days = 1;
    rule_numbers_add(&rule.year_days, 366);
    assert_unprintable(&rule);
    rule = daily;
    rule.nth_of_year[0] = 2;
    assert_unprintable(&rule);
    rule = daily;
    rule.nth_of_month[0] = 1 << 10; /* the last but one */
    assert_unprintable(&rule);
    rule = daily;
    rule.months = 0;
    assert_unprintable(&rule);
    memset(&rule, 0xff, sizeof rule);
    assert_unprintable(&rule);
}

/* Errors that a table cannot hold. */
static void
test_empty(void)
{
    static const char *const texts[] = {"", " \t\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        Place place = {7, 7};
        Rule rule;
        g_assert_false(cron_parse(texts[i], CRON_DAY_VIXIE, &rule, &place, &error));
        g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT);
        g_assert_cmpstr(error->message, ==,
                        "cron text has 0 fields: allowed are 5 (minute, hour, day of month, month, "
                        "weekday), or 6 with seconds first");
        g_assert_cmpint((int)place.offset, ==, 0);
        g_assert_cmpint((int)place.length, ==, 0);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    case_table_add("data/calendar/cron.tsv", check_slots);
    case_table_add("data/calendar/cron-errors.tsv", check_error);
    case_table_add("data/calendar/cron-printed.tsv", check_printed);
    g_test_add_func("/cron/macros", test_macros);
    g_test_add_func("/cron/masks", test_masks);
    g_test_add_func("/cron/combination", test_combination);
    g_test_add_func("/cron/random-texts", test_random_texts);
    g_test_add_func("/cron/random-masks", test_random_masks);
    g_test_add_func("/cron/unprintable", test_unprintable);
    g_test_add_func("/cron/empty", test_empty);
    return g_test_run();
}

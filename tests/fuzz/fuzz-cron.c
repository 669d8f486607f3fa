/* SPDX-License-Identifier: PostgreSQL */
/* Any cron text: what is refused says where, within the text; what is read prints, and reads back as the same rule.
 * The first byte says how the two day fields combine.
 *
 * fuzz-sources: src/calendar/civil.c src/calendar/cron*.c src/calendar/days.c src/calendar/interval.c
 * fuzz-sources: src/calendar/never.c src/calendar/positions.c src/calendar/rule.c src/calendar/times.c src/base/error.c */
#include "config.h"

#include <string.h>

#include "calendar/civil.h"
#include "calendar/cron.h"
#include "calendar/schedule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_printed(const Rule *rule)
{
    Rule again;
    CronDays days, days_again;
    g_autofree char *text = cron_print(rule, &days);
    g_assert_nonnull(text);
    g_assert_true(cron_parse(text, days, &again, NULL, NULL));
    g_assert_true(rule_equal(rule, &again));
    g_autofree char *text_again = cron_print(&again, &days_again);
    g_assert_cmpstr(text, ==, text_again);
    g_assert_true(days == days_again);
}

/* The first label is found within the budget, and is the first; a rule that can never have one says so. */
static void
check_next(const Rule *rule)
{
    int64_t from = civil_days(2026, 1, 1) * CIVIL_US_PER_DAY, label, again;
    int steps = SCHEDULE_STEPS;
    bool is_never = rule_why_never(rule) != NULL;
    RuleOutcome outcome = rule_next(rule, from, CIVIL_MAX_AT, &steps, &label);
    g_assert_cmpint(steps, >=, 0);
    g_assert_true(is_never == (outcome != RULE_FOUND));
    if (is_never)
        return;
    g_assert_cmpint(label, >=, from);
    g_assert_true(rule_next(rule, label, CIVIL_MAX_AT, &steps, &again) == RULE_FOUND);
    g_assert_cmpint(again, ==, label);
    if (label > from)
        g_assert_true(rule_next(rule, from, label - 1, &steps, &again) != RULE_FOUND);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    g_autofree char *text = g_strndup((const char *)data + 1, size - 1);
    g_autoptr(GError) error = NULL;
    Place place;
    Rule rule;
    if (cron_parse(text, (CronDays)(data[0] % 3), &rule, &place, &error)) {
        check_printed(&rule);
        check_next(&rule);
    } else {
        g_assert_nonnull(error);
        g_assert_cmpuint(place.offset + place.length, <=, strlen(text));
    }
    return 0;
}

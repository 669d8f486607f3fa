/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/typedkeys.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/quantity.h"
#include "calendar/instant.h"
#include "calendar/numberlist.h"
#include "calendar/typed.h"

/* More are looked for one after the other, which would take too long. */
#define MAX_COUNT INT64_C(100000)

static const char *const weekday_names[] = {"sunday",   "monday", "tuesday", "wednesday",
                                            "thursday", "friday", "saturday"};
static const char *const month_names[] = {"january",   "february", "march",    "april",
                                          "may",       "june",     "july",     "august",
                                          "september", "october",  "november", "december"};

static const NumberField hours_field = {
    NULL, 0, 23, false, "allowed are hours 0 to 23, ranges such as 9-17, lists such as 9,12,15"};
static const NumberField weekdays_field = {
    weekday_names, 0, 6, false,
    "allowed are sun to sat or 0 (Sunday) to 6, ranges such as mon-fri, lists such as mon,wed"};
static const NumberField month_days_field = {
    NULL, 1, 31, true,
    "allowed are 1 to 31 and from the end -1 to -31, ranges such as 1-7, lists such as 1,15,-1"};
static const NumberField months_field = {
    month_names, 1, 12, false,
    "allowed are jan to dec or 1 to 12, ranges such as jun-aug, lists such as 1,4,7,10"};

static bool
read_kind(TypedValue *value, RuleDefinition *definition, GError **error)
{
    RuleKind kind;
    if (!rule_kind_find(value->value, &kind) || kind == RULE_KIND_CRON || kind == RULE_KIND_ICAL) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT,
                    "\"%s\" is not allowed: once, hourly, daily, weekly, monthly, every, after and "
                    "startup are (cron and iCalendar text stands alone)",
                    value->value);
        return false;
    }
    definition->kind = kind;
    return true;
}

static void
print_kind(const RuleDefinition *definition, const Zone *zone, GString *text)
{
    (void)zone;
    g_string_append(text, rule_kind_name(definition->kind));
}

static bool
read_start(TypedValue *value, RuleDefinition *definition, GError **error)
{
    return instant_parse(value->value, value->zone, &definition->start_at, error);
}

static void
print_start(const RuleDefinition *definition, const Zone *zone, GString *text)
{
    g_autofree char *printed = instant_print(definition->start_at, zone);
    g_string_append(text, printed);
}

static bool
read_end(TypedValue *value, RuleDefinition *definition, GError **error)
{
    return instant_parse(value->value, value->zone, &definition->end_at, error);
}

static void
print_end(const RuleDefinition *definition, const Zone *zone, GString *text)
{
    if (definition->end_at == SCHEDULE_NO_END)
        return;
    g_autofree char *printed = instant_print(definition->end_at, zone);
    g_string_append(text, printed);
}

static bool
read_number(const char *text, int64_t most, int64_t *number, GError **error)
{
    char *end;
    guint64 found = g_ascii_strtoull(text, &end, 10);
    if (!g_ascii_isdigit(*text) || *end != '\0' || found < 1 || found > (guint64)most) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT,
                    "\"%s\" is not allowed: numbers from 1 to %" PRId64 " are", text, most);
        return false;
    }
    *number = (int64_t)found;
    return true;
}

static bool
read_count(TypedValue *value, RuleDefinition *definition, GError **error)
{
    return read_number(value->value, MAX_COUNT, &definition->count, error);
}

static void
print_count(const RuleDefinition *definition, const Zone *zone, GString *text)
{
    (void)zone;
    if (definition->count != 0)
        g_string_append_printf(text, "%" PRId64, definition->count);
}

static bool
read_every(TypedValue *value, RuleDefinition *definition, GError **error)
{
    int64_t every;
    if (!read_number(value->value, INT32_MAX, &every, error))
        return false;
    definition->every = (int)every;
    return true;
}

static void
print_every(const RuleDefinition *definition, const Zone *zone, GString *text)
{
    (void)zone;
    if (definition->every != 1)
        g_string_append_printf(text, "%d", definition->every);
}

static bool
read_hours(TypedValue *value, RuleDefinition *definition, GError **error)
{
    NumberList list;
    if (!number_list_parse(value->value, &hours_field, &list, &value->bad, error))
        return false;
    definition->hours = list.numbers;
    return true;
}

static void
print_hours(const RuleDefinition *definition, const Zone *zone, GString *text)
{
    (void)zone;
    number_list_print(&(NumberList){.numbers = definition->hours}, &hours_field, text);
}

static bool
read_weekdays(TypedValue *value, RuleDefinition *definition, GError **error)
{
    NumberList list;
    if (!number_list_parse(value->value, &weekdays_field, &list, &value->bad, error))
        return false;
    definition->weekdays = (uint8_t)list.numbers;
    return true;
}

static void
print_weekdays(const RuleDefinition *definition, const Zone *zone, GString *text)
{
    (void)zone;
    number_list_print(&(NumberList){.numbers = definition->weekdays}, &weekdays_field, text);
}

static bool
read_month_days(TypedValue *value, RuleDefinition *definition, GError **error)
{
    NumberList list;
    if (!number_list_parse(value->value, &month_days_field, &list, &value->bad, error))
        return false;
    definition->month_days = list.numbers;
    definition->month_days_back = list.back;
    return true;
}

static void
print_month_days(const RuleDefinition *definition, const Zone *zone, GString *text)
{
    (void)zone;
    NumberList list = {definition->month_days, definition->month_days_back};
    number_list_print(&list, &month_days_field, text);
}

static bool
read_months(TypedValue *value, RuleDefinition *definition, GError **error)
{
    NumberList list;
    if (!number_list_parse(value->value, &months_field, &list, &value->bad, error))
        return false;
    definition->months = (uint16_t)list.numbers;
    return true;
}

static void
print_months(const RuleDefinition *definition, const Zone *zone, GString *text)
{
    (void)zone;
    number_list_print(&(NumberList){.numbers = definition->months}, &months_field, text);
}

static bool
read_period(TypedValue *value, RuleDefinition *definition, GError **error)
{
    return typed_parse_period(value->value, &definition->period, error);
}

static void
print_period(const RuleDefinition *definition, const Zone *zone, GString *text)
{
    (void)zone;
    g_autofree char *printed = quantity_format_duration(length_elapsed(&definition->period));
    g_string_append(text, printed);
}

#define BIT(kind) (1u << (kind))
#define ALL       (BIT(N_RULE_KINDS) - 1)
#define ELAPSED   (BIT(RULE_KIND_EVERY) | BIT(RULE_KIND_AFTER))
#define SLOTS     (ALL & ~(BIT(RULE_KIND_AFTER) | BIT(RULE_KIND_STARTUP)))
#define INTERVALS (BIT(RULE_KIND_DAILY) | BIT(RULE_KIND_WEEKLY) | BIT(RULE_KIND_MONTHLY))

const TypedKey typed_keys[N_TYPED_KEYS] = {
    [TYPED_KEY_KIND] = {"kind", ALL, read_kind, print_kind},
    [TYPED_KEY_PERIOD] = {"period", ELAPSED, read_period, print_period},
    {"start", ALL, read_start, print_start},
    {"end", ALL, read_end, print_end},
    {"count", SLOTS, read_count, print_count},
    {"every", INTERVALS, read_every, print_every},
    {"hours", BIT(RULE_KIND_HOURLY), read_hours, print_hours},
    {"weekdays", BIT(RULE_KIND_WEEKLY), read_weekdays, print_weekdays},
    {"monthdays", BIT(RULE_KIND_MONTHLY), read_month_days, print_month_days},
    {"months", BIT(RULE_KIND_MONTHLY), read_months, print_months},
};

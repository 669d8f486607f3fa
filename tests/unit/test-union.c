/* SPDX-License-Identifier: PostgreSQL */
/* Schedules of every kind minus exceptions of every kind, compared with what their definitions say of every minute. */
#include "config.h"

#include "calendar/schedule.h"

#include <inttypes.h>
#include <string.h>

#include "calendar/civil.h"
#include "calendar/definition.h"

#include "slot-oracle.h"

#define MINUTE CIVIL_US_PER_MINUTE
#define HOUR   (60 * MINUTE)
#define DAY    CIVIL_US_PER_DAY

/* ---- What a definition selects, in its own words ---- */

typedef struct {
    RuleDefinition definition;
    Zone *zone;
    Schedule *schedule;
    int64_t start_label; /* of the definition's start */
    /* cron and ical: what their texts were made from */
    int minute, hour; /* hour -1 = every hour */
    int weekday;      /* -1 = every day */
    int interval;     /* ical: every n days, from the start's */
} Sample;

static int64_t
time_of(int64_t label)
{
    return label - civil_label_days(label) * DAY;
}

static bool
is_in_mask(uint32_t mask, int bit)
{
    return mask == 0 || mask >> bit & 1;
}

static int64_t
monday_before(int64_t day)
{
    while (civil_weekday(day) != 1)
        day--;
    return day;
}

static bool
selects_weekly(const Sample *self, int64_t day, int64_t start_day)
{
    int weekday = civil_weekday(day);
    bool wanted = self->definition.weekdays ? self->definition.weekdays >> weekday & 1
                                            : weekday == civil_weekday(start_day);
    return wanted &&
           (monday_before(day) - monday_before(start_day)) / 7 % self->definition.every == 0;
}

static bool
selects_monthly(const Sample *self, int64_t day, int64_t start_day)
{
    const RuleDefinition *definition = &self->definition;
    CivilDate date = civil_date(day), start = civil_date(start_day);
    int months = (date.year - start.year) * 12 + date.month - start.month;
    int from_end = civil_month_length(date.year, date.month) - date.day;
    bool wanted = definition->month_days || definition->month_days_back
                      ? definition->month_days >> (date.day - 1) & 1 ||
                            definition->month_days_back >> (31 - from_end) & 1
                      : date.day == start.day;
    return wanted && is_in_mask(definition->months, date.month - 1) &&
           months % definition->every == 0;
}

static bool
selects_text(const Sample *self, int64_t label, int64_t day, int64_t start_day)
{
    int minute = (int)(time_of(label) / MINUTE);
    return minute % 60 == self->minute && (self->hour < 0 || minute / 60 == self->hour) &&
           (self->weekday < 0 || civil_weekday(day) == self->weekday) &&
           (day - start_day) % self->interval == 0;
}

static bool
selects(int64_t label, gconstpointer user_data)
{
    const Sample *self = user_data;
    int64_t day = civil_label_days(label), start_day = civil_label_days(self->start_label);
    bool at_start_time = time_of(label) == time_of(self->start_label);
    switch (self->definition.kind) {
    case RULE_KIND_HOURLY:
        return time_of(label) % HOUR == time_of(self->start_label) % HOUR &&
               is_in_mask(self->definition.hours, (int)(time_of(label) / HOUR));
    case RULE_KIND_DAILY:
        return at_start_time && (day - start_day) % self->definition.every == 0;
    case RULE_KIND_WEEKLY:
        return at_start_time && selects_weekly(self, day, start_day);
    case RULE_KIND_MONTHLY:
        return at_start_time && selects_monthly(self, day, start_day);
    case RULE_KIND_CRON:
    case RULE_KIND_ICAL:
        return selects_text(self, label, day, start_day);
    case RULE_KIND_ONCE:
    case RULE_KIND_EVERY:
    case RULE_KIND_AFTER:
    case RULE_KIND_STARTUP:
    case N_RULE_KINDS:
        break;
    }
    g_assert_not_reached();
}

static bool
is_running(const Sample *self)
{
    switch (self->definition.kind) {
    case RULE_KIND_HOURLY:
        return self->definition.hours == 0 || self->definition.hours == 0xffffff;
    case RULE_KIND_CRON:
        return self->hour < 0;
    default:
        return false;
    }
}

static void
add_slots(const Sample *self, int64_t from, int64_t until, GArray *slots)
{
    const RuleDefinition *definition = &self->definition;
    if (definition->kind == RULE_KIND_EVERY || definition->kind == RULE_KIND_ONCE) {
        int64_t once = INT64_C(20000) * DAY;
        int64_t period =
            definition->kind == RULE_KIND_ONCE ? once : length_elapsed(&definition->period);
        for (int64_t at = definition->start_at; at <= until && at <= definition->end_at;
             at += period) {
            OracleSlot slot = {at, at + zone_offset(self->zone, at) * CIVIL_US_PER_SECOND};
            if (at > from)
                g_array_append_val(slots, slot);
        }
        return;
    }
    SlotOracle oracle = {.selects = selects,
                         .user_data = self,
                         .zone = self->zone,
                         .is_running = is_running(self),
                         .start_at = definition->start_at,
                         .end_at = definition->end_at};
    slot_oracle_add(&oracle, from, until, slots);
}

/* As an exception without a length. */
static bool
hides_label(const Sample *self, const OracleSlot *slot, const Zone *zone)
{
    const RuleDefinition *definition = &self->definition;
    if (slot->at < definition->start_at || slot->at > definition->end_at)
        return false;
    if (definition->kind == RULE_KIND_EVERY)
        return (slot->at - definition->start_at) % length_elapsed(&definition->period) == 0;
    /* A start in the second pass of an overlap is meant as it is, and not by its label. */
    if (definition->kind == RULE_KIND_ONCE && self->zone == zone) {
        int64_t first, second;
        (void)zone_resolve(zone, self->start_label, &first, &second);
        return first == definition->start_at ? slot->label == self->start_label
                                             : slot->at == definition->start_at;
    }
    if (definition->kind == RULE_KIND_ONCE)
        return slot->at == definition->start_at;
    int64_t label = self->zone == zone
                        ? slot->label
                        : slot->at + zone_offset(self->zone, slot->at) * CIVIL_US_PER_SECOND;
    return label % MINUTE == 0 && selects(label, self);
}

/* ---- Random samples ---- */

static int
random_below(int n)
{
    return g_test_rand_int_range(0, n);
}

static void
write_text(Sample *self)
{
    RuleDefinition *definition = &self->definition;
    self->minute = random_below(3) ? 0 : random_below(60);
    self->hour = random_below(4) ? random_below(6) : -1;
    self->weekday = random_below(2) ? random_below(7) : -1;
    self->interval = 1;
    if (definition->kind == RULE_KIND_CRON) {
        g_autofree char *hour = g_strdup_printf("%d", self->hour);
        g_autofree char *weekday = g_strdup_printf("%d", self->weekday);
        definition->text =
            g_strdup_printf("%d %s * * %s", self->minute, self->hour < 0 ? "*" : hour,
                            self->weekday < 0 ? "*" : weekday);
        return;
    }
    static const char *const days[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
    GString *text = g_string_new(NULL);
    self->interval = random_below(2) ? 1 : random_below(3) + 1;
    g_string_printf(text, "RRULE:FREQ=DAILY;INTERVAL=%d;BYMINUTE=%d;BYSECOND=0", self->interval,
                    self->minute);
    if (self->hour >= 0)
        g_string_append_printf(text, ";BYHOUR=%d", self->hour);
    else
        g_string_append(text,
                        ";BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23");
    if (self->weekday >= 0)
        g_string_append_printf(text, ";BYDAY=%s", days[self->weekday]);
    definition->text = g_string_free(text, FALSE);
}

static void
random_definition(Sample *self, RuleKind kind, int64_t around)
{
    RuleDefinition *definition = &self->definition;
    definition_init(definition);
    definition->kind = kind;
    definition->start_at = around + (random_below(9000) - 8000) * MINUTE;
    if (random_below(2))
        definition->start_at = around - random_below(6) * DAY + random_below(6) * HOUR;
    if (random_below(4) == 0)
        definition->end_at = around + random_below(4000) * MINUTE;
    if (kind == RULE_KIND_DAILY || kind == RULE_KIND_WEEKLY || kind == RULE_KIND_MONTHLY)
        definition->every = random_below(3) ? 1 : random_below(3) + 1;
    if (kind == RULE_KIND_HOURLY && random_below(3))
        definition->hours = (uint32_t)g_test_rand_int() & 0xffffff;
    if (kind == RULE_KIND_WEEKLY && random_below(3))
        definition->weekdays = (uint8_t)(random_below(127) + 1);
    if (kind == RULE_KIND_MONTHLY && random_below(4)) {
        definition->month_days = (uint32_t)g_test_rand_int() & 0x7fffffff;
        definition->month_days_back = (uint32_t)g_test_rand_int() & ~1u;
    }
    if (kind == RULE_KIND_EVERY)
        definition->period = (Length){.us = (random_below(600) + 1) * MINUTE};
    if (kind == RULE_KIND_CRON || kind == RULE_KIND_ICAL)
        write_text(self);
}

static Zone *
find_zone(const char *name, gpointer user_data, GError **error)
{
    (void)user_data;
    return zone_load(name, NULL, error);
}

static void
random_sample(Sample *self, RuleKind kind, Zone *zone, int64_t around)
{
    *self = (Sample){.zone = zone};
    random_definition(self, kind, around);
    g_autoptr(GError) error = NULL;
    self->schedule =
        definition_compile(&self->definition, 1, zone, find_zone, NULL, &(Place){0}, &error);
    g_assert_no_error(error);
    int64_t start = self->definition.start_at;
    self->start_label = start + zone_offset(zone, start) * CIVIL_US_PER_SECOND;
}

static Length
random_length(void)
{
    switch (random_below(4)) {
    case 0:
        return (Length){.us = (random_below(300) + 1) * MINUTE};
    case 1:
        return (Length){.days = 1, .us = random_below(10) * HOUR};
    case 2:
        return (Length){.months = random_below(2), .days = random_below(2), .us = HOUR};
    default:
        return (Length){.us = (random_below(3000) + 1) * MINUTE};
    }
}

/* ---- The comparison ---- */

static bool
is_covered(const GArray *stretches, const Length *length, const Zone *zone, int64_t at)
{
    for (guint i = 0; i < stretches->len; i++) {
        int64_t begin = g_array_index(stretches, OracleSlot, i).at;
        if (begin <= at && at < length_after(length, zone, begin))
            return true;
    }
    return false;
}

static void
remove_hidden(GArray *slots, const Zone *zone, const Sample *exception, const Length *length,
              int64_t from, int64_t until)
{
    g_autoptr(GArray) stretches = g_array_new(FALSE, FALSE, sizeof(OracleSlot));
    if (length)
        add_slots(exception, from - 40 * DAY, until, stretches);
    for (guint i = slots->len; i-- > 0;) {
        const OracleSlot *slot = &g_array_index(slots, OracleSlot, i);
        if (length ? is_covered(stretches, length, exception->zone, slot->at)
                   : hides_label(exception, slot, zone))
            g_array_remove_index(slots, i);
    }
}

static void
describe(const char *what, const Sample *sample)
{
    g_autofree char *text = definition_print(&sample->definition, sample->zone);
    g_printerr("# %s in %s: %s\n", what, zone_name(sample->zone), text);
}

static void
assert_slots(const Schedule *schedule, const GArray *expected, int64_t from, int64_t until,
             const Sample *member, const Sample *exception)
{
    int64_t after = from;
    for (guint i = 0; i <= expected->len; i++) {
        ScheduleSlot slot = {.at = INT64_MAX};
        (void)schedule_next(schedule, after, until, &slot);
        int64_t want = i < expected->len ? g_array_index(expected, OracleSlot, i).at : INT64_MAX;
        if (slot.at != want) {
            describe("slots of", member);
            describe("but not of", exception);
            g_error("after %" PRId64 ": %" PRId64 " instead of %" PRId64, after, slot.at, want);
        }
        after = slot.at;
    }
}

static void
compare(RuleKind kind, RuleKind exception_kind, Zone *zone, Zone *exception_zone, int64_t around)
{
    Sample member, exception;
    random_sample(&member, kind, zone, around);
    random_sample(&exception, exception_kind, exception_zone, around);
    bool has_length = random_below(2);
    Length length = random_length();
    int64_t from = around - random_below(5000) * MINUTE;
    int64_t until = from + random_below(9000) * MINUTE;

    g_autoptr(GArray) expected = g_array_new(FALSE, FALSE, sizeof(OracleSlot));
    add_slots(&member, from, until, expected);
    slot_oracle_merge(expected);
    remove_hidden(expected, zone, &exception, has_length ? &length : NULL, from, until);

    g_autoptr(Schedule) both = schedule_new_union(1, zone, &member.schedule, 1);
    schedule_union_except(both, exception.schedule, has_length ? &length : NULL);
    assert_slots(both, expected, from, until, &member, &exception);
    definition_clear(&member.definition);
    definition_clear(&exception.definition);
}

static void
every_kind_minus_every_kind(void)
{
    static const RuleKind kinds[] = {RULE_KIND_ONCE,   RULE_KIND_HOURLY,  RULE_KIND_DAILY,
                                     RULE_KIND_WEEKLY, RULE_KIND_MONTHLY, RULE_KIND_CRON,
                                     RULE_KIND_ICAL,   RULE_KIND_EVERY};
    static const char *const names[] = {"Europe/Berlin", "UTC", "America/Santiago",
                                        "Australia/Lord_Howe"};
    Zone *zones[G_N_ELEMENTS(names)];
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        zones[i] = zone_load(names[i], NULL, NULL);
    for (int round = 0; round < 40; round++) {
        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
            for (size_t j = 0; j < G_N_ELEMENTS(kinds); j++) {
                Zone *zone = zones[random_below(G_N_ELEMENTS(zones))];
                Zone *other = random_below(3) ? zone : zones[random_below(G_N_ELEMENTS(zones))];
                int64_t at = civil_days(2000 + random_below(90), 1 + random_below(12), 1) * DAY;
                int64_t change = zone_next_transition(zone, at);
                compare(kinds[i], kinds[j], zone, other, change == INT64_MAX ? at : change);
            }
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        zone_unref(zones[i]);
}

/* ---- Single things ---- */

static Schedule *
compile(const char *text, Zone *zone)
{
    RuleDefinition definition;
    Place place;
    g_autoptr(GError) error = NULL;
    if (!definition_parse(text, DIALECT_AUTO, zone, 0, &definition, &place, &error))
        g_error("%s", error->message);
    Schedule *schedule = definition_compile(&definition, 7, zone, find_zone, NULL, &place, &error);
    g_assert_no_error(error);
    definition_clear(&definition);
    return schedule;
}

static void
assert_next_label(const Schedule *schedule, int64_t *at, const char *expected)
{
    ScheduleSlot slot;
    g_assert_cmpint(schedule_next(schedule, *at, INT64_MAX, &slot), ==, RULE_FOUND);
    g_autofree char *label = schedule_slot_label(&slot);
    g_assert_cmpstr(label, ==, expected);
    *at = slot.at;
}

/* The example of the 2005 RFC: every second day, but never on Fridays. */
static void
every_second_day_never_on_fridays(void)
{
    g_autoptr(Zone) zone = zone_load("Europe/Berlin", NULL, NULL);
    Schedule *days = compile("kind=daily start=2026-03-24T09:00 every=2", zone);
    g_autoptr(Schedule) schedule = schedule_new_union(1, zone, &days, 1);
    schedule_union_except(schedule, compile("kind=weekly start=2026-01-02T09:00 weekdays=5", zone),
                          NULL);
    int64_t at = civil_days(2026, 3, 24) * DAY;
    assert_next_label(schedule, &at, "2026-03-24 09:00 Europe/Berlin");
    assert_next_label(schedule, &at, "2026-03-26 09:00 Europe/Berlin");
    assert_next_label(schedule, &at, "2026-03-28 09:00 Europe/Berlin");
    assert_next_label(schedule, &at, "2026-03-30 09:00 Europe/Berlin");
    assert_next_label(schedule, &at, "2026-04-01 09:00 Europe/Berlin");
    assert_next_label(schedule, &at, "2026-04-05 09:00 Europe/Berlin");
}

/* Where two members meet at one instant by two labels, hiding one of them leaves the other. */
static void
one_of_two_labels_is_hidden(void)
{
    g_autoptr(Zone) zone = zone_load("Europe/Berlin", NULL, NULL);
    for (int order = 0; order < 2; order++) {
        Schedule *members[2];
        members[order] = compile("30 2 * * *", zone);
        members[1 - order] = compile("30 3 * * *", zone);
        g_autoptr(Schedule) schedule = schedule_new_union(1, zone, members, 2);
        schedule_union_except(schedule, compile("30 3 * * *", zone), NULL);
        int64_t at = civil_days(2026, 3, 28) * DAY + 12 * HOUR;
        assert_next_label(schedule, &at, "2026-03-29 02:30 Europe/Berlin");
        assert_next_label(schedule, &at, "2026-03-30 02:30 Europe/Berlin");
    }
}

/* An exception of its own kind for ever: never is not proved, but the search ends. */
static void
everything_is_hidden(void)
{
    g_autoptr(Zone) zone = zone_load("Europe/Berlin", NULL, NULL);
    Schedule *minutes = compile("* * * * *", zone);
    g_autoptr(Schedule) schedule = schedule_new_union(1, zone, &minutes, 1);
    schedule_union_except(schedule, compile("* * * * *", zone), NULL);
    ScheduleSlot slot;
    g_assert_cmpint(schedule_next(schedule, 0, INT64_MAX, &slot), ==, RULE_BEYOND);

    /* Nor does a length that never ends take long. */
    const Length lengths[] = {
        {.months = 12 * 9000}, {.months = INT32_MAX}, {.days = INT32_MAX}, {.us = INT64_MAX}};
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        minutes = compile("* * * * *", zone);
        g_autoptr(Schedule) window = schedule_new_union(1, zone, &minutes, 1);
        schedule_union_except(window, compile("kind=once start=2026-01-01T00:00", zone),
                              &lengths[i]);
        int64_t at = civil_days(2026, 1, 1) * DAY;
        g_assert_cmpint(schedule_next(window, at, INT64_MAX, &slot), ==, RULE_BEYOND);
        g_assert_cmpint(schedule_next(window, at - 2 * DAY, INT64_MAX, &slot), ==, RULE_FOUND);
    }
}

/* Windows that lie over each other by the thousand are not walked through one by one. */
static void
dense_windows(void)
{
    g_autoptr(Zone) zone = zone_load("Europe/Berlin", NULL, NULL);
    static const struct {
        const char *exception;
        Length length;
        const char *expected;
    } cases[] = {
        {"* * 1-20 1 *", {.days = 1}, "2026-01-22 00:00 Europe/Berlin"},
        {"* * 1-20 1 *", {.days = 1, .us = HOUR}, "2026-01-22 01:00 Europe/Berlin"},
        {"* * 1-20 1 *", {.us = DAY}, "2026-01-22 00:00 Europe/Berlin"},
        {"* * 1-20 1 *", {.months = 1}, "2026-02-21 00:00 Europe/Berlin"},
        {"* * 29 3 *", {.days = 1}, "2026-01-01 01:00 Europe/Berlin"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Schedule *hours = compile("0 * * * *", zone);
        g_autoptr(Schedule) schedule = schedule_new_union(1, zone, &hours, 1);
        schedule_union_except(schedule, compile(cases[i].exception, zone), &cases[i].length);
        int64_t at = civil_days(2026, 1, 1) * DAY - HOUR;
        assert_next_label(schedule, &at, cases[i].expected);
    }
}

static void
unions(void)
{
    g_autoptr(Zone) zone = zone_load("UTC", NULL, NULL);
    g_autoptr(Schedule) empty = schedule_new_union(1, zone, NULL, 0);
    ScheduleSlot slot;
    g_assert_nonnull(schedule_why_never(empty));
    g_assert_cmpint(schedule_next(empty, 0, INT64_MAX, &slot), ==, RULE_NEVER);

    Schedule *members[] = {compile("0 0 30 2 *", zone), compile("0 9 * * *", zone),
                           compile("0 9,10 * * *", zone)};
    g_autoptr(Schedule) schedule = schedule_new_union(1, zone, members, 3);
    g_assert_null(schedule_why_never(schedule));
    g_assert_cmpint(schedule_next(schedule, 0, INT64_MAX, &slot), ==, RULE_FOUND);
    g_assert_cmpint(slot.at, ==, 9 * HOUR);
    g_assert_true(slot.schedule == members[1]);
    g_assert_cmpint(schedule_next(schedule, 9 * HOUR, INT64_MAX, &slot), ==, RULE_FOUND);
    g_assert_cmpint(slot.at, ==, 10 * HOUR);
    g_assert_true(slot.schedule == members[2]);
    g_assert_true(schedule_asks(members[2], 9 * HOUR));
    g_assert_true(schedule_asks(members[1], 9 * HOUR));
    g_assert_false(schedule_asks(members[1], 10 * HOUR));

    Schedule *nothing = compile("0 0 30 2 *", zone);
    g_autoptr(Schedule) never = schedule_new_union(1, zone, &nothing, 1);
    g_assert_nonnull(schedule_why_never(never));
}

/* COUNT=n is the same as an end at the nth. */
static void
counts_are_ends(void)
{
    g_autoptr(Zone) zone = zone_load("America/New_York", NULL, NULL);
    for (int n = 1; n < 60; n += 7) {
        g_autoptr(Schedule) counted = compile("30 1,2 * * *", zone);
        g_autoptr(Schedule) endless = compile("30 1,2 * * *", zone);
        ScheduleSlot slot = {.at = CIVIL_MIN_AT - 1}, other;
        int steps = SCHEDULE_STEPS;
        g_assert_true(schedule_end_after(counted, n, &steps));
        for (int i = 0; i < n; i++)
            g_assert_cmpint(schedule_next(endless, slot.at, INT64_MAX, &slot), ==, RULE_FOUND);
        g_assert_true(schedule_asks(counted, slot.at));
        g_assert_cmpint(schedule_next(counted, slot.at, INT64_MAX, &other), ==, RULE_NEVER);
    }
    g_autoptr(Schedule) dense = compile("* * * * * *", zone);
    int steps = SCHEDULE_STEPS;
    g_assert_false(schedule_end_after(dense, INT64_C(1) << 40, &steps));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/union/every-kind-minus-every-kind", every_kind_minus_every_kind);
    g_test_add_func("/union/every-second-day-never-on-fridays", every_second_day_never_on_fridays);
    g_test_add_func("/union/one-of-two-labels-is-hidden", one_of_two_labels_is_hidden);
    g_test_add_func("/union/everything-is-hidden", everything_is_hidden);
    g_test_add_func("/union/dense-windows", dense_windows);
    g_test_add_func("/union/unions", unions);
    g_test_add_func("/union/counts-are-ends", counts_are_ends);
    return g_test_run();
}

/* SPDX-License-Identifier: PostgreSQL */
/* Any text as a rule: what is accepted must be printed, be read again as the same, and be searched at once (the time limit
 * of the run); slots must come in order. The first byte chooses the zone and the start.
 *
 * fuzz-sources: src/calendar/*.c src/base/error.c src/base/quantity.c */
#include "config.h"

#include <string.h>

#include "calendar/civil.h"
#include "calendar/definition.h"

#define N_SLOTS 5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Loaded once: the files are not what is tested here. Few are enough for a text that names its own. */
static Zone *
get_zone(const char *name)
{
    static GHashTable *zones;
    if (!zones)
        zones = g_hash_table_new(g_str_hash, g_str_equal);
    Zone *zone = g_hash_table_lookup(zones, name);
    if (!zone) {
        zone = zone_load(name, NULL, NULL);
        if (zone)
            g_hash_table_insert(zones, g_strdup(name), zone);
    }
    return zone;
}

static Zone *
find_zone(const char *name, gpointer user_data, GError **error)
{
    (void)user_data;
    (void)error;
    Zone *zone = get_zone(name);
    if (!zone)
        g_set_error(error, g_quark_from_static_string("fuzz"), 0, "there is no such zone");
    return zone ? zone_ref(zone) : NULL;
}

typedef struct {
    int64_t at[N_SLOTS];
    int n;
    RuleOutcome end;
} Slots;

static Slots
search(const Schedule *schedule, int64_t after)
{
    Slots slots = {.end = RULE_FOUND};
    while (slots.n < N_SLOTS && slots.end == RULE_FOUND) {
        ScheduleSlot slot;
        slots.end = schedule_next(schedule, after, INT64_MAX, &slot);
        if (slots.end == RULE_FOUND) {
            g_assert(slot.at > after);
            slots.at[slots.n++] = after = slot.at;
        }
    }
    return slots;
}

/* False if it was refused. */
static bool
try_definition(const RuleDefinition *definition, Zone *zone, int64_t after, Slots *slots)
{
    Place place;
    g_autoptr(GError) error = NULL;
    g_autoptr(Schedule) schedule =
        definition_compile(definition, 1, zone, find_zone, NULL, &place, &error);
    g_assert((schedule == NULL) == (error != NULL));
    if (!schedule)
        return false;
    *slots = search(schedule, after);
    if (schedule_why_never(schedule))
        g_assert(slots->n == 0 && slots->end == RULE_NEVER);
    return true;
}

static void
check_again(const RuleDefinition *definition, Zone *zone, int64_t after, const Slots *slots)
{
    RuleDefinition again;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = definition_print(definition, zone);
    if (!definition_parse(text, DIALECT_AUTO, zone, definition->start_at, &again, NULL, &error))
        g_error("\"%s\" cannot be read again: %s", text, error->message);
    g_autofree char *text_again = definition_print(&again, zone);
    Slots slots_again;
    g_assert_cmpstr(text_again, ==, text);
    g_assert(again.kind == definition->kind);
    if (rule_kind_is_calendar(again.kind) && slots) {
        g_assert(try_definition(&again, zone, after, &slots_again));
        g_assert(slots_again.n == slots->n && slots_again.end == slots->end);
        g_assert(memcmp(slots_again.at, slots->at, sizeof(int64_t) * (size_t)slots->n) == 0);
    }
    definition_clear(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const zones[] = {"UTC", "Europe/Berlin", "Australia/Lord_Howe",
                                        "Pacific/Apia"};
    uint8_t choice = size > 0 ? data[0] : 0;
    Zone *zone = get_zone(zones[choice % G_N_ELEMENTS(zones)]);
    int64_t start_at = civil_days(1990 + choice / 4, 3, 29) * CIVIL_US_PER_DAY + choice % 3;
    g_autofree char *text = size > 0 ? g_strndup((const char *)data + 1, size - 1) : g_strdup("");
    RuleDefinition definition;
    Place place = {0};
    g_autoptr(GError) error = NULL;

    if (!definition_parse(text, DIALECT_AUTO, zone, start_at, &definition, &place, &error)) {
        g_assert(error && place.offset + place.length <= strlen(text));
        return 0;
    }
    Slots slots;
    bool has_slots = rule_kind_is_calendar(definition.kind) &&
                     try_definition(&definition, zone, start_at, &slots);
    check_again(&definition, zone, start_at, has_slots ? &slots : NULL);
    definition_clear(&definition);
    return 0;
}

/* SPDX-License-Identifier: PostgreSQL */
/* When rules run, for tests in other languages. Each line of stdin, separated by tabs: the dialect (auto, cron, ical, typed,
 * or cron-and and cron-or for how the two day fields combine), the zone, the instant after which to look (as --from), how
 * many slots to give, and the rule, with \n for its line feeds.
 * Each line of stdout: the slots as microseconds since 1970, separated by blanks, then "never" or "beyond" if there are no
 * more; or "error:" and why. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "calendar/civil.h"
#include "calendar/definition.h"
#include "calendar/instant.h"

#include "print-slots.h"

typedef enum {
    COLUMN_DIALECT,
    COLUMN_ZONE,
    COLUMN_FROM,
    COLUMN_COUNT,
    COLUMN_RULE,
    N_COLUMNS
} Column;

/* Tests ask for few zones and many rules. */
static Zone *
find_zone(const char *name, gpointer user_data, GError **error)
{
    GHashTable *zones = user_data;
    Zone *zone = g_hash_table_lookup(zones, name);
    if (!zone) {
        zone = zone_load(name, NULL, error);
        if (!zone)
            return NULL;
        g_hash_table_insert(zones, g_strdup(name), zone);
    }
    return zone_ref(zone);
}

static bool
read_dialect(const char *name, Dialect *dialect, CronDays *days)
{
    *dialect = DIALECT_CRON;
    *days = CRON_DAY_VIXIE;
    if (g_str_equal(name, "cron-and"))
        *days = CRON_DAY_AND;
    else if (g_str_equal(name, "cron-or"))
        *days = CRON_DAY_OR;
    else
        return dialect_find(name, dialect);
    return true;
}

static Schedule *
compile(char *const *columns, Zone *zone, GHashTable *zones, int64_t from, GError **error)
{
    Dialect dialect;
    CronDays days;
    RuleDefinition definition;
    if (!read_dialect(columns[COLUMN_DIALECT], &dialect, &days)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "no dialect \"%s\"",
                    columns[COLUMN_DIALECT]);
        return NULL;
    }
    int64_t second = from - civil_label_days(from) * CIVIL_US_PER_DAY;
    if (!definition_parse(columns[COLUMN_RULE], dialect, zone, from - second % CIVIL_US_PER_SECOND,
                          &definition, NULL, error))
        return NULL;
    definition.days = days;
    Schedule *schedule = NULL;
    if (rule_kind_is_calendar(definition.kind))
        schedule = definition_compile(&definition, 1, zone, find_zone, zones, NULL, error);
    else
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "no calendar");
    definition_clear(&definition);
    return schedule;
}

static void
answer(char *line, GHashTable *zones)
{
    g_auto(GStrv) columns = g_strsplit(g_strchomp(line), "\t", N_COLUMNS);
    g_autoptr(GError) error = NULL;
    if (g_strv_length(columns) != N_COLUMNS) {
        printf("error: %u columns\n", g_strv_length(columns));
        return;
    }
    int64_t from;
    g_autoptr(Schedule) schedule = NULL;
    g_autoptr(Zone) zone = find_zone(columns[COLUMN_ZONE], zones, &error);
    if (zone && instant_parse(columns[COLUMN_FROM], zone, &from, &error))
        schedule = compile(columns, zone, zones, from, &error);
    if (schedule)
        print_slots(schedule, from, g_ascii_strtoll(columns[COLUMN_COUNT], NULL, 10));
    else
        printf("error: %s\n", error->message);
}

static void
drop_zone(gpointer zone)
{
    zone_unref(zone);
}

int
main(void)
{
    g_autoptr(GHashTable) zones = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, drop_zone);
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) >= 0) {
        answer(line, zones);
        fflush(stdout);
    }
    free(line);
    return 0;
}

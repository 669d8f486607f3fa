/* SPDX-License-Identifier: PostgreSQL */
/* Makes a schedule of iCalendar text: the union of its rules and dates, minus the exceptions. */
#include "config.h"

#include "base/error.h"
#include "calendar/civil.h"
#include "calendar/ical-private.h"

typedef struct {
    const IcalText *ical;
    int id;
    Zone *zone; /* of DTSTART */
    int64_t dtstart_at;
    int64_t start_at, end_at; /* bounds from outside */
    ZoneFinder find_zone;
    gpointer user_data;
    int *steps; /* left for counting */
    Place *place;
    GError **error;
} Compiler;

static Zone *
find_zone(const Compiler *self, const IcalZone *zone)
{
    Zone *found = self->find_zone(zone->name, self->user_data, self->error);
    if (!found && self->place)
        *self->place = zone->place;
    return found;
}

/* A label that the clock shows twice is all of both passes. One that it skips ends a running rule where the gap begins; others
 * may still have labels in the gap, which come as late as itself. */
static int64_t
until_at(const Compiler *self, const Rrule *rrule)
{
    int64_t first, second;
    switch (rrule->until_kind) {
    case UNTIL_NONE:
        return SCHEDULE_NO_END;
    case UNTIL_UTC:
        return rrule->until;
    case UNTIL_DATE:
    case UNTIL_LABEL:
        break;
    }
    ZoneFit fit = zone_resolve(self->zone, rrule->until, &first, &second);
    if (fit != ZONE_GAP || !rule_is_running(&rrule->rule))
        return second;
    ZoneSpan behind;
    zone_span(self->zone, second, &behind);
    return behind.from_at - 1;
}

/* Nothing comes before DTSTART, and COUNT counts from there on, whatever the bounds. */
static Schedule *
compile_rule(const Compiler *self, const IcalRule *rule)
{
    const Rrule *rrule = &rule->rrule;
    g_autoptr(Schedule) schedule = schedule_new_rule(self->id, &rrule->rule, self->zone,
                                                     self->dtstart_at, until_at(self, rrule));
    if (rrule->count > 0 && !schedule_end_after(schedule, rrule->count, self->steps)) {
        g_set_error(self->error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT,
                    "COUNT=%" G_GINT64_FORMAT " takes too long to count: it must be less, or UNTIL",
                    rrule->count);
        if (self->place)
            *self->place = rule->place;
        return NULL;
    }
    schedule_narrow(schedule, self->start_at, self->end_at);
    return g_steal_pointer(&schedule);
}

static bool
add_rules(const Compiler *self, const GArray *rules, GPtrArray *schedules)
{
    for (guint i = 0; i < rules->len; i++) {
        Schedule *schedule = compile_rule(self, &g_array_index(rules, IcalRule, i));
        if (!schedule)
            return false;
        g_ptr_array_add(schedules, schedule);
    }
    return true;
}

/* Dates that stand in one list: labels of one zone, or days. */
static Schedule *
compile_list(const Compiler *self, const IcalDate *dates, size_t n)
{
    g_autoptr(Zone) zone = dates->zone ? find_zone(self, dates->zone) : zone_ref(self->zone);
    if (!zone)
        return NULL;
    g_autofree int64_t *values = g_new(int64_t, n);
    for (size_t i = 0; i < n; i++)
        values[i] = dates->is_day ? civil_label_days(dates[i].label) : dates[i].label;
    if (dates->is_day)
        return schedule_new_days(self->id, zone, values, n);
    return schedule_new_list(self->id, zone, self->start_at, self->end_at, values, n);
}

static bool
add_dates(const Compiler *self, const GArray *array, GPtrArray *schedules)
{
    const IcalDate *dates = (const IcalDate *)(const void *)array->data;
    for (guint from = 0, to = 0; from < array->len; from = to) {
        while (to < array->len && ical_date_is_like(&dates[from], &dates[to]))
            to++;
        Schedule *schedule = compile_list(self, &dates[from], to - from);
        if (!schedule)
            return false;
        g_ptr_array_add(schedules, schedule);
    }
    return true;
}

static bool
is_one_rule(const IcalText *ical)
{
    return ical->rules->len == 1 && ical->dates->len == 0 && ical->except_rules->len == 0 &&
           ical->except_dates->len == 0;
}

static Schedule *
compile_members(const Compiler *self)
{
    g_autoptr(GPtrArray) members = g_ptr_array_new_with_free_func((GDestroyNotify)schedule_free);
    if (self->ical->rules->len == 0)
        g_ptr_array_add(members, schedule_new_list(self->id, self->zone, self->start_at,
                                                   self->end_at, &self->ical->start.label, 1));
    if (!add_rules(self, self->ical->rules, members) ||
        !add_dates(self, self->ical->dates, members))
        return NULL;
    g_ptr_array_set_free_func(members, NULL);
    return schedule_new_union(self->id, self->zone, (Schedule **)members->pdata, members->len);
}

static Schedule *
compile_all(const Compiler *self)
{
    g_autoptr(GPtrArray) exceptions = g_ptr_array_new_with_free_func((GDestroyNotify)schedule_free);
    if (!add_rules(self, self->ical->except_rules, exceptions) ||
        !add_dates(self, self->ical->except_dates, exceptions))
        return NULL;
    Schedule *all = compile_members(self);
    if (!all)
        return NULL;
    g_ptr_array_set_free_func(exceptions, NULL);
    for (guint i = 0; i < exceptions->len; i++)
        schedule_union_except(all, g_ptr_array_index(exceptions, i), NULL);
    return all;
}

Schedule *
ical_compile(const IcalText *self, int id, Zone *zone, int64_t start_at, int64_t end_at,
             ZoneFinder find_zone_by_name, gpointer user_data, Place *place, GError **error)
{
    int steps = SCHEDULE_STEPS;
    Compiler compiler = {
        .ical = self,
        .id = id,
        .start_at = start_at,
        .end_at = end_at,
        .find_zone = find_zone_by_name,
        .user_data = user_data,
        .steps = &steps,
        .place = place,
        .error = error,
    };
    g_autoptr(Zone) own =
        self->start.zone ? find_zone(&compiler, self->start.zone) : zone_ref(zone);
    if (!own)
        return NULL;
    int64_t second;
    compiler.zone = own;
    (void)zone_resolve(own, self->start.label, &compiler.dtstart_at, &second);
    if (is_one_rule(self))
        return compile_rule(&compiler, &g_array_index(self->rules, IcalRule, 0));
    return compile_all(&compiler);
}

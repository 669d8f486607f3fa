/* SPDX-License-Identifier: PostgreSQL */
/* Writes iCalendar text: one line for each rule, and one for the dates of each zone. */
#include "config.h"

#include "calendar/ical-private.h"
#include "calendar/icalline.h"
#include "calendar/icalvalue.h"

static bool
is_utc(const IcalZone *zone)
{
    return zone && g_str_equal(zone->name, ICAL_UTC);
}

/* ";TZID=Europe/Berlin", ";VALUE=DATE" and the colon. */
static void
append_parameters(GString *text, const IcalDate *date)
{
    /* A date has no place for the Z. */
    if (date->zone && (date->is_day || !is_utc(date->zone))) {
        bool is_plain = strspn(date->zone->name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "/_+-") ==
                        strlen(date->zone->name);
        g_string_append_printf(text, is_plain ? ";TZID=%s" : ";TZID=\"%s\"", date->zone->name);
    }
    if (date->is_day)
        g_string_append(text, ";VALUE=DATE");
    g_string_append_c(text, ':');
}

static void
append_date(GString *text, const IcalDate *date)
{
    ical_value_append(text, date->label, date->is_day);
    if (!date->is_day && is_utc(date->zone))
        g_string_append_c(text, 'Z');
}

static void
append_dates(GString *text, IcalProperty property, const GArray *dates)
{
    for (guint i = 0; i < dates->len; i++) {
        const IcalDate *date = &g_array_index(dates, IcalDate, i);
        if (i > 0 && ical_date_is_like(date, date - 1)) {
            g_string_append_c(text, ',');
        } else {
            g_string_append_printf(text, "\n%s", ical_property_names[property]);
            append_parameters(text, date);
        }
        append_date(text, date);
    }
}

static void
append_rules(GString *text, IcalProperty property, const GArray *rules, int64_t start)
{
    for (guint i = 0; i < rules->len; i++) {
        g_autofree char *rule = rrule_print(&g_array_index(rules, IcalRule, i).rrule, start);
        g_string_append_printf(text, "\n%s:%s", ical_property_names[property], rule);
    }
}

char *
ical_print(const IcalText *self)
{
    GString *text = g_string_new(ical_property_names[ICAL_DTSTART]);
    append_parameters(text, &self->start);
    append_date(text, &self->start);
    append_rules(text, ICAL_RRULE, self->rules, self->start.label);
    append_rules(text, ICAL_EXRULE, self->except_rules, self->start.label);
    append_dates(text, ICAL_RDATE, self->dates);
    append_dates(text, ICAL_EXDATE, self->except_dates);
    return g_string_free(text, FALSE);
}

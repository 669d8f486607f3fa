/* SPDX-License-Identifier: PostgreSQL */
/* Reads iCalendar text in two passes over its lines, because rules and dates depend on DTSTART, which may stand anywhere. */
#include "config.h"

#include "calendar/ical.h"

#include <string.h>

#include "base/error.h"
#include "calendar/civil.h"
#include "calendar/ical-private.h"
#include "calendar/icalline.h"
#include "calendar/icalvalue.h"

typedef struct {
    IcalText *ical;
    const IcalUnfolded *unfolded;
    Place place; /* in the unfolded text */
    GError **error;
} Reader;

static void
zone_free(gpointer data)
{
    IcalZone *self = data;
    g_free(self->name);
    g_free(self);
}

static IcalText *
ical_new(int64_t default_start)
{
    IcalText *self = g_new0(IcalText, 1);
    self->start.label = default_start;
    self->zones = g_ptr_array_new_with_free_func(zone_free);
    self->rules = g_array_new(FALSE, FALSE, sizeof(IcalRule));
    self->except_rules = g_array_new(FALSE, FALSE, sizeof(IcalRule));
    self->dates = g_array_new(FALSE, FALSE, sizeof(IcalDate));
    self->except_dates = g_array_new(FALSE, FALSE, sizeof(IcalDate));
    return self;
}

void
ical_free(IcalText *self)
{
    if (!self)
        return;
    g_ptr_array_unref(self->zones);
    g_array_unref(self->rules);
    g_array_unref(self->except_rules);
    g_array_unref(self->dates);
    g_array_unref(self->except_dates);
    g_free(self);
}

/* ---- Dates ---- */

int
ical_date_compare(gconstpointer a, gconstpointer b)
{
    const IcalDate *x = a, *y = b;
    if (x->is_day != y->is_day)
        return x->is_day ? 1 : -1;
    int zones = g_strcmp0(x->zone ? x->zone->name : NULL, y->zone ? y->zone->name : NULL);
    if (zones != 0)
        return zones;
    return (x->label > y->label) - (x->label < y->label);
}

bool
ical_date_is_like(const IcalDate *a, const IcalDate *b)
{
    return a->is_day == b->is_day && a->zone == b->zone;
}

/* Lists mean the same in whatever order they are written. */
static void
sort_dates(GArray *dates)
{
    g_array_sort(dates, ical_date_compare);
    guint n = 0;
    for (guint i = 0; i < dates->len; i++) {
        const IcalDate *date = &g_array_index(dates, IcalDate, i);
        if (n == 0 || ical_date_compare(date, &g_array_index(dates, IcalDate, n - 1)) != 0)
            g_array_index(dates, IcalDate, n++) = *date;
    }
    g_array_set_size(dates, n);
}

/* NULL if there are too many. */
static const IcalZone *
name_zone(Reader *self, const char *name, const Piece *piece)
{
    GPtrArray *zones = self->ical->zones;
    for (guint i = 0; i < zones->len; i++) {
        const IcalZone *known = g_ptr_array_index(zones, i);
        if (g_str_equal(known->name, name))
            return known;
    }
    if (zones->len == ICAL_MAX_ZONES) {
        (void)piece_fail(piece, &self->place, self->error,
                         "there can be no more than %d time zones", ICAL_MAX_ZONES);
        return NULL;
    }
    IcalZone *zone = g_new0(IcalZone, 1);
    zone->name = g_strdup(name);
    zone->place = (Place){piece->offset, piece->length};
    ical_unfolded_find(self->unfolded, &zone->place);
    g_ptr_array_add(zones, zone);
    return zone;
}

static bool
refuse_value(Reader *self, const IcalLine *line, const Piece *value, const char *allowed)
{
    return piece_refuse(value, &self->place, self->error, ical_property_names[line->property],
                        allowed);
}

/* A period is its beginning: jobs have no length. What is behind the slash is hardly looked at. */
static bool
cut_period(Reader *self, const IcalLine *line, Piece *piece)
{
    Piece rest = *piece, start;
    IcalValue end;
    (void)piece_cut(&rest, '/', &start);
    bool is_duration =
        rest.text && rest.length > 1 && g_ascii_toupper(rest.text[rest.offset]) == 'P';
    if (!rest.text || (!is_duration && ical_value_parse(&rest, &end)))
        return refuse_value(self, line, piece, "a start, a slash, and an end or a duration");
    *piece = start;
    return true;
}

static bool
read_date(Reader *self, const IcalLine *line, Piece piece, IcalDate *date)
{
    if (line->kind == ICAL_VALUE_PERIOD && !cut_period(self, line, &piece))
        return false;
    IcalValue value;
    const char *problem = ical_value_parse(&piece, &value);
    if (problem)
        return refuse_value(self, line, &piece, problem);
    if (value.is_date && (line->kind == ICAL_VALUE_DATE_TIME || line->kind == ICAL_VALUE_PERIOD))
        return refuse_value(self, line, &piece, "a date and a time, as its VALUE says");
    if (!value.is_date && line->kind == ICAL_VALUE_DATE)
        return refuse_value(self, line, &piece, "a date without a time, as its VALUE says");
    if (value.is_utc && line->zone.length > 0)
        return refuse_value(self, line, &piece, "without Z, because there is a TZID");

    date->label = value.label;
    date->is_day = value.is_date && line->property == ICAL_EXDATE;
    date->zone = NULL;
    if (!value.is_utc && line->zone.length == 0)
        return true;
    const Piece *named = value.is_utc ? &piece : &line->zone;
    g_autofree char *name = value.is_utc ? g_strdup(ICAL_UTC) : piece_copy(named);
    date->zone = name_zone(self, name, named);
    return date->zone != NULL;
}

static bool
read_dates(Reader *self, const IcalLine *line, GArray *dates)
{
    Piece rest = line->value, piece;
    while (piece_cut(&rest, ',', &piece)) {
        IcalDate date = {0};
        if (!read_date(self, line, piece, &date))
            return false;
        if (date.zone == self->ical->start.zone)
            date.zone = NULL;
        g_array_append_val(dates, date);
    }
    return true;
}

static bool
read_rule(Reader *self, const IcalLine *line, GArray *rules)
{
    const Piece *value = &line->value;
    if (self->ical->rules->len + self->ical->except_rules->len == ICAL_MAX_RULES)
        return piece_fail(&line->name, &self->place, self->error,
                          "there can be no more than %d RRULEs and EXRULEs", ICAL_MAX_RULES);
    IcalRule rule = {.place = {value->offset, value->length}};
    if (!rrule_parse(value->text, value->offset, value->length, self->ical->start.label,
                     &rule.rrule, &self->place, self->error))
        return false;
    ical_unfolded_find(self->unfolded, &rule.place);
    g_array_append_val(rules, rule);
    return true;
}

/* ---- Lines ---- */

static bool
read_line(Reader *self, const IcalLine *line)
{
    IcalText *ical = self->ical;
    switch (line->property) {
    case ICAL_DTSTART:
        return true;
    case ICAL_RRULE:
        return read_rule(self, line, ical->rules);
    case ICAL_EXRULE:
        return read_rule(self, line, ical->except_rules);
    case ICAL_RDATE:
        return read_dates(self, line, ical->dates);
    case ICAL_EXDATE:
        return read_dates(self, line, ical->except_dates);
    case N_ICAL_PROPERTIES:
        break;
    }
    g_assert_not_reached();
}

static bool
read_start(Reader *self, const GArray *lines)
{
    bool has_start = false;
    for (guint i = 0; i < lines->len; i++) {
        const IcalLine *line = &g_array_index(lines, IcalLine, i);
        if (line->property != ICAL_DTSTART)
            continue;
        if (has_start)
            return piece_fail(&line->name, &self->place, self->error,
                              "there can be only one DTSTART");
        if (!read_date(self, line, line->value, &self->ical->start))
            return false;
        has_start = true;
    }
    return true;
}

static bool
split_lines(Reader *self, GArray *lines)
{
    Piece rest = {self->unfolded->text, 0, self->unfolded->length}, whole;
    while (piece_cut(&rest, '\n', &whole)) {
        Piece text = piece_trim(whole);
        IcalLine line;
        if (text.length == 0)
            continue;
        if (!ical_line_parse(&text, &line, &self->place, self->error))
            return false;
        g_array_append_val(lines, line);
    }
    Piece nothing = {self->unfolded->text, 0, 0};
    return lines->len > 0 || piece_fail(&nothing, &self->place, self->error,
                                        "there is no line: give at least a DTSTART or an RRULE");
}

static bool
read_lines(Reader *self)
{
    g_autoptr(GArray) lines = g_array_new(FALSE, FALSE, sizeof(IcalLine));
    if (!split_lines(self, lines) || !read_start(self, lines))
        return false;
    for (guint i = 0; i < lines->len; i++) {
        if (!read_line(self, &g_array_index(lines, IcalLine, i)))
            return false;
    }
    sort_dates(self->ical->dates);
    sort_dates(self->ical->except_dates);
    return true;
}

IcalText *
ical_parse(const char *text, int64_t default_start, Place *place, GError **error)
{
    if (strnlen(text, ICAL_MAX_TEXT + 1) > ICAL_MAX_TEXT) {
        Piece rest = {text, ICAL_MAX_TEXT, 0};
        (void)piece_fail(&rest, place, error, "iCalendar text can be no longer than %d bytes",
                         ICAL_MAX_TEXT);
        return NULL;
    }
    g_auto(IcalUnfolded) unfolded = {0};
    ical_unfold(&unfolded, text);
    g_autoptr(IcalText) self = ical_new(default_start);
    Reader reader = {.ical = self, .unfolded = &unfolded, .error = error};
    if (!read_lines(&reader)) {
        ical_unfolded_find(&unfolded, &reader.place);
        if (place)
            *place = reader.place;
        return NULL;
    }
    return g_steal_pointer(&self);
}

/* ---- Equality ---- */

static bool
rules_are_equal(const GArray *a, const GArray *b)
{
    if (a->len != b->len)
        return false;
    for (guint i = 0; i < a->len; i++) {
        if (!rrule_equal(&g_array_index(a, IcalRule, i).rrule,
                         &g_array_index(b, IcalRule, i).rrule))
            return false;
    }
    return true;
}

static bool
dates_are_equal(const GArray *a, const GArray *b)
{
    if (a->len != b->len)
        return false;
    for (guint i = 0; i < a->len; i++) {
        if (ical_date_compare(&g_array_index(a, IcalDate, i), &g_array_index(b, IcalDate, i)) != 0)
            return false;
    }
    return true;
}

bool
ical_equal(const IcalText *a, const IcalText *b)
{
    return ical_date_compare(&a->start, &b->start) == 0 && rules_are_equal(a->rules, b->rules) &&
           rules_are_equal(a->except_rules, b->except_rules) &&
           dates_are_equal(a->dates, b->dates) && dates_are_equal(a->except_dates, b->except_dates);
}

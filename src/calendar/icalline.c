/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/icalline.h"

#include <string.h>

#define PROPERTIES "DTSTART, RRULE, RDATE, EXDATE and EXRULE"

const char *const ical_property_names[N_ICAL_PROPERTIES] = {
    [ICAL_DTSTART] = "DTSTART", [ICAL_RRULE] = "RRULE",   [ICAL_EXRULE] = "EXRULE",
    [ICAL_RDATE] = "RDATE",     [ICAL_EXDATE] = "EXDATE",
};

static const char *const value_names[N_ICAL_VALUES] = {
    [ICAL_VALUE_ANY] = "",
    [ICAL_VALUE_DATE] = "DATE",
    [ICAL_VALUE_DATE_TIME] = "DATE-TIME",
    [ICAL_VALUE_PERIOD] = "PERIOD",
    [ICAL_VALUE_RECUR] = "RECUR",
};

#define KIND(name) (1u << ICAL_VALUE_##name)

/* Which kinds of value a property takes; only those with times take a zone. */
static const struct {
    unsigned kinds;
    const char *names;
} values_of_properties[N_ICAL_PROPERTIES] = {
    [ICAL_DTSTART] = {KIND(DATE) | KIND(DATE_TIME), "DATE or DATE-TIME"},
    [ICAL_RRULE] = {KIND(RECUR), "RECUR"},
    [ICAL_EXRULE] = {KIND(RECUR), "RECUR"},
    [ICAL_RDATE] = {KIND(DATE) | KIND(DATE_TIME) | KIND(PERIOD), "DATE, DATE-TIME or PERIOD"},
    [ICAL_EXDATE] = {KIND(DATE) | KIND(DATE_TIME), "DATE or DATE-TIME"},
};

/* ---- Folding ---- */

/* How many bytes of a line break are here. */
static size_t
break_length(const char *at)
{
    if (at[0] == '\r' && at[1] == '\n')
        return 2;
    return at[0] == '\n' || at[0] == '\r';
}

static size_t
blanks_length(const char *at)
{
    return strspn(at, " \t");
}

void
ical_unfold(IcalUnfolded *self, const char *text)
{
    size_t length = strlen(text);
    self->text = g_malloc(length + 1);
    self->origins = g_new(size_t, length + 1);
    self->length = 0;
    for (const char *at = text; *at;) {
        size_t n = break_length(at);
        if (n > 0 && blanks_length(at + n) > 0) {
            at += n + 1;
            continue;
        }
        if (n == 0 && g_str_has_prefix(at, "\\n"))
            n = 2 + blanks_length(at + 2);
        self->origins[self->length] = (size_t)(at - text);
        self->text[self->length] = *at;
        if (n > 0)
            self->text[self->length] = '\n';
        self->length++;
        at += MAX(n, 1);
    }
    self->origins[self->length] = length;
    self->text[self->length] = '\0';
}

void
ical_unfolded_clear(IcalUnfolded *self)
{
    g_clear_pointer(&self->text, g_free);
    g_clear_pointer(&self->origins, g_free);
}

void
ical_unfolded_find(const IcalUnfolded *self, Place *place)
{
    size_t first = self->origins[place->offset];
    /* To the end of its last byte: what is folded away behind that is not meant. */
    if (place->length > 0)
        place->length = self->origins[place->offset + place->length - 1] + 1 - first;
    place->offset = first;
}

/* ---- One line ---- */

static bool
is_name_character(char c)
{
    return g_ascii_isalnum(c) || c == '-';
}

/* Takes a name off the front of the rest. */
static Piece
cut_name(Piece *rest)
{
    Piece name = *rest;
    size_t n = 0;
    while (n < rest->length && is_name_character(rest->text[rest->offset + n]))
        n++;
    name.length = n;
    rest->offset += n;
    rest->length -= n;
    return name;
}

/* What stands behind the name: 0 = nothing. */
static char
next_character(const Piece *rest)
{
    if (rest->length == 0)
        return '\0';
    return rest->text[rest->offset];
}

static void
skip_character(Piece *rest)
{
    rest->offset++;
    rest->length--;
}

/* Takes a parameter's value, in which quotes protect separators, off the front of the rest. */
static bool
cut_value(Piece *rest, Piece *value)
{
    bool is_quoted = false;
    *value = *rest;
    while (rest->length > 0) {
        char c = next_character(rest);
        if (!is_quoted && (c == ';' || c == ':'))
            break;
        is_quoted ^= c == '"';
        skip_character(rest);
    }
    value->length -= rest->length;
    if (is_quoted)
        return false;
    if (value->length >= 2 && next_character(value) == '"' &&
        value->text[value->offset + value->length - 1] == '"') {
        skip_character(value);
        value->length--;
    }
    return true;
}

static bool
set_zone(IcalLine *line, const Piece *value, Place *place, GError **error)
{
    const char *name = ical_property_names[line->property];
    if (values_of_properties[line->property].kinds & KIND(RECUR))
        return piece_fail(value, place, error, "%s has no TZID: its zone is that of DTSTART", name);
    if (line->zone.length > 0)
        return piece_fail(value, place, error, "%s has two TZIDs", name);
    if (value->length == 0)
        return piece_refuse(value, place, error, "TZID", "a time zone");
    if (memchr(value->text + value->offset, '"', value->length))
        return piece_fail(value, place, error, "a quote cannot be part of a TZID");
    line->zone = *value;
    return true;
}

static bool
set_kind(IcalLine *line, const Piece *value, Place *place, GError **error)
{
    int kind = piece_find(value, value_names, N_ICAL_VALUES);
    if (kind <= ICAL_VALUE_ANY || !(values_of_properties[line->property].kinds & 1u << kind)) {
        g_autofree char *name = g_strdup_printf("VALUE of %s", ical_property_names[line->property]);
        return piece_refuse(value, place, error, name, values_of_properties[line->property].names);
    }
    if (line->kind != ICAL_VALUE_ANY)
        return piece_fail(value, place, error, "VALUE is given twice");
    line->kind = (IcalValueKind)kind;
    return true;
}

/* One parameter, from behind its semicolon on. */
static bool
read_parameter(IcalLine *line, Piece *rest, Place *place, GError **error)
{
    Piece name = cut_name(rest), value;
    g_autofree char *shown = piece_show(&name);
    if (name.length == 0 || next_character(rest) != '=')
        return piece_fail(rest, place, error, "a parameter must be a name, =, and a value");
    skip_character(rest);
    Piece quoted = *rest;
    if (!cut_value(rest, &value))
        return piece_fail(&quoted, place, error, "the quotes of %s are not closed", shown);
    if (piece_is(&name, "TZID"))
        return set_zone(line, &value, place, error);
    if (piece_is(&name, "VALUE"))
        return set_kind(line, &value, place, error);
    if (name.length > 2 && g_ascii_strncasecmp(shown, "X-", 2) == 0)
        return true;
    return piece_fail(&name, place, error, "%s has no parameter %s: TZID and VALUE can be",
                      ical_property_names[line->property], shown);
}

static bool
refuse_name(const Piece *name, const Piece *text, Place *place, GError **error)
{
    g_autofree char *shown = piece_show(name->length > 0 ? name : text);
    if (piece_is(name, "BEGIN") || piece_is(name, "END"))
        return piece_fail(
            text, place, error,
            "whole calendar objects cannot be read here: give only the lines " PROPERTIES
            " of one event");
    return piece_fail(name->length > 0 ? name : text, place, error,
                      "\"%s\" is not a line of a recurrence: these are " PROPERTIES, shown);
}

bool
ical_line_parse(const Piece *text, IcalLine *line, Place *place, GError **error)
{
    Piece rest = *text;
    IcalLine read = {.name = cut_name(&rest)};
    char next = next_character(&rest);
    if (read.name.length > 0 && next == '=') {
        *line = (IcalLine){.property = ICAL_RRULE, .name = *text, .value = *text};
        return true;
    }
    int property = piece_find(&read.name, ical_property_names, N_ICAL_PROPERTIES);
    if (property < 0)
        return refuse_name(&read.name, text, place, error);
    read.property = (IcalProperty)property;

    while (next_character(&rest) == ';') {
        skip_character(&rest);
        if (!read_parameter(&read, &rest, place, error))
            return false;
    }
    if (next_character(&rest) != ':')
        return piece_fail(&rest, place, error, "%s needs a colon and a value",
                          ical_property_names[property]);
    skip_character(&rest);
    read.value = rest;
    *line = read;
    return true;
}

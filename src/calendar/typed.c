/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/typed.h"

#include <string.h>

#include "base/error.h"
#include "calendar/piece.h"
#include "calendar/typedkeys.h"

#define BLANKS " \t\r\n\f"

/* What has been read so far. */
typedef struct {
    const Zone *zone;
    RuleDefinition found;
    Piece words[N_TYPED_KEYS]; /* text NULL = not there */
} Reading;

/* N_TYPED_KEYS if there is none of that name. */
static size_t
find_key(const Piece *name)
{
    size_t key = 0;
    while (key < N_TYPED_KEYS && !piece_is(name, typed_keys[key].name))
        key++;
    return key;
}

static bool
read_value(Reading *self, size_t key, const Piece *piece, Place *place, GError **error)
{
    g_autofree char *text = piece_copy(piece);
    TypedValue value = {.value = text, .zone = self->zone, .bad = {0, piece->length}};
    if (typed_keys[key].read(&value, &self->found, error))
        return true;
    g_prefix_error(error, "%s: ", typed_keys[key].name);
    *place = (Place){piece->offset + value.bad.offset, value.bad.length};
    return false;
}

static bool
read_word(Reading *self, const Piece *word, Place *place, GError **error)
{
    Piece name, value = *word;
    (void)piece_cut(&value, '=', &name);
    g_autofree char *shown = piece_show(&name);
    if (!value.text)
        return piece_fail(word, place, error, "\"%s\" is no word of the form key=value", shown);

    size_t key = find_key(&name);
    if (key == N_TYPED_KEYS)
        return piece_fail(&name, place, error,
                          "there is no key \"%s\": allowed are kind, start, end, count, every, "
                          "hours, weekdays, monthdays, months and period",
                          shown);
    if (self->words[key].text)
        return piece_fail(word, place, error, "%s is given twice", typed_keys[key].name);
    self->words[key] = *word;
    return read_value(self, key, &value, place, error);
}

/* "daily or weekly or monthly" */
static char *
list_kinds(guint kinds)
{
    GString *text = g_string_new(NULL);
    for (RuleKind kind = 0; kind < N_RULE_KINDS; kind++) {
        if (kinds >> kind & 1)
            g_string_append_printf(text, "%s%s", text->len > 0 ? " or " : "", rule_kind_name(kind));
    }
    return g_string_free(text, FALSE);
}

/* Each word is fine; do they belong together? The kind may have come last. */
static bool
check_words(const Reading *self, const Piece *end, Place *place, GError **error)
{
    RuleKind kind = self->found.kind;
    if (!self->words[TYPED_KEY_KIND].text)
        return piece_fail(end, place, error,
                          "the word kind= is missing: it is one of once, hourly, daily, weekly, "
                          "monthly, every, after and startup");
    for (size_t i = 0; i < N_TYPED_KEYS; i++) {
        if (!self->words[i].text || typed_keys[i].kinds >> kind & 1)
            continue;
        g_autofree char *kinds = list_kinds(typed_keys[i].kinds);
        return piece_fail(&self->words[i], place, error,
                          "%s= does not go with kind=%s, only with %s", typed_keys[i].name,
                          rule_kind_name(kind), kinds);
    }
    if (typed_keys[TYPED_KEY_PERIOD].kinds >> kind & 1 && !self->words[TYPED_KEY_PERIOD].text)
        return piece_fail(end, place, error,
                          "the word period= is missing: kind=%s takes a length such as 90min",
                          rule_kind_name(kind));
    return true;
}

bool
typed_parse(const char *text, const Zone *zone, RuleDefinition *self, Place *place, GError **error)
{
    Reading reading = {.zone = zone, .found = *self};
    Piece end = {.text = text, .offset = strlen(text)};
    for (const char *at = text + strspn(text, BLANKS); *at; at += strspn(at, BLANKS)) {
        Piece word = {text, (size_t)(at - text), strcspn(at, BLANKS)};
        if (!read_word(&reading, &word, place, error))
            return false;
        at += word.length;
    }
    if (!check_words(&reading, &end, place, error))
        return false;
    *self = reading.found;
    return true;
}

char *
typed_print(const RuleDefinition *self, const Zone *zone)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < N_TYPED_KEYS; i++) {
        g_autoptr(GString) value = g_string_new(NULL);
        if (typed_keys[i].kinds >> self->kind & 1)
            typed_keys[i].print(self, zone, value);
        if (value->len > 0)
            g_string_append_printf(text, "%s%s=%s", text->len > 0 ? " " : "", typed_keys[i].name,
                                   value->str);
    }
    return g_string_free(text, FALSE);
}

const char *
typed_refuse_period(const Length *period)
{
    if (period->months != 0)
        return "months and years are not of one length: monthly rules, cron and iCalendar text "
               "know them";
    return length_is_positive(period) ? NULL : "it has to be longer than nothing";
}

bool
typed_parse_period(const char *text, Length *period, GError **error)
{
    Length found;
    if (!length_parse(text, &found, error))
        return false;
    const char *problem = typed_refuse_period(&found);
    if (problem) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT, "\"%s\" is not allowed: %s", text,
                    problem);
        return false;
    }
    *period = found;
    return true;
}

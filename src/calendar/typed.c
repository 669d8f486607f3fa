/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/typed.h"

#include <string.h>

#include "base/error.h"
#include "calendar/typedkeys.h"

#define BLANKS " \t\r\n\f"

/* What has been read so far. */
typedef struct {
    const char *text;
    const Zone *zone;
    RuleDefinition found;
    bool seen[N_TYPED_KEYS];
    Place words[N_TYPED_KEYS];
} Reading;

static bool refuse(Place *place, Place where, GError **error, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

static bool
refuse(Place *place, Place where, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT, message);
    *place = where;
    return false;
}

/* N_TYPED_KEYS if there is none of that name. */
static size_t
find_key(const char *word, size_t length)
{
    size_t key = 0;
    while (key < N_TYPED_KEYS && (strlen(typed_keys[key].name) != length ||
                                  g_ascii_strncasecmp(typed_keys[key].name, word, length) != 0))
        key++;
    return key;
}

static bool
read_value(Reading *self, size_t key, Place where, Place *place, GError **error)
{
    g_autofree char *text = g_strndup(self->text + where.offset, where.length);
    TypedValue value = {.value = text, .zone = self->zone, .bad = {0, where.length}};
    if (typed_keys[key].read(&value, &self->found, error))
        return true;
    g_prefix_error(error, "%s: ", typed_keys[key].name);
    *place = (Place){where.offset + value.bad.offset, value.bad.length};
    return false;
}

static bool
read_word(Reading *self, Place where, Place *place, GError **error)
{
    const char *word = self->text + where.offset;
    const char *equals = memchr(word, '=', where.length);
    if (!equals)
        return refuse(place, where, error, "\"%.*s\" is no word of the form key=value",
                      (int)where.length, word);

    size_t length = (size_t)(equals - word);
    size_t key = find_key(word, length);
    if (key == N_TYPED_KEYS)
        return refuse(
            place, (Place){where.offset, length}, error,
            "there is no key \"%.*s\": allowed are kind, start, end, count, every, hours, "
            "weekdays, monthdays, months and period",
            (int)length, word);
    if (self->seen[key])
        return refuse(place, where, error, "%s is given twice", typed_keys[key].name);
    self->seen[key] = true;
    self->words[key] = where;
    Place value = {where.offset + length + 1, where.length - length - 1};
    return read_value(self, key, value, place, error);
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
check_words(const Reading *self, Place *place, GError **error)
{
    Place end = {strlen(self->text), 0};
    const char *kind = rule_kind_name(self->found.kind);
    if (!self->seen[TYPED_KEY_KIND])
        return refuse(place, end, error,
                      "the word kind= is missing: it is one of once, hourly, "
                      "daily, weekly, monthly, every, after and startup");
    for (size_t i = 0; i < N_TYPED_KEYS; i++) {
        if (!self->seen[i] || typed_keys[i].kinds >> self->found.kind & 1)
            continue;
        g_autofree char *kinds = list_kinds(typed_keys[i].kinds);
        return refuse(place, self->words[i], error, "%s= does not go with kind=%s, only with %s",
                      typed_keys[i].name, kind, kinds);
    }
    if (typed_keys[TYPED_KEY_PERIOD].kinds >> self->found.kind & 1 && !self->seen[TYPED_KEY_PERIOD])
        return refuse(place, end, error,
                      "the word period= is missing: kind=%s takes a length such as 90min", kind);
    return true;
}

bool
typed_parse(const char *text, const Zone *zone, RuleDefinition *self, Place *place, GError **error)
{
    Reading reading = {.text = text, .zone = zone, .found = *self};
    for (const char *at = text + strspn(text, BLANKS); *at; at += strspn(at, BLANKS)) {
        Place where = {(size_t)(at - text), strcspn(at, BLANKS)};
        if (!read_word(&reading, where, place, error))
            return false;
        at += where.length;
    }
    if (!check_words(&reading, place, error))
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

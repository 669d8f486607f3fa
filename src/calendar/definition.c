/* SPDX-License-Identifier: PostgreSQL */
/* Which language is it, and what does it mean? The languages themselves are elsewhere: cron, ical, typed. */
#include "config.h"

#include "calendar/definition.h"

#include <string.h>

#include "base/error.h"
#include "calendar/civil.h"
#include "calendar/piece.h"
#include "calendar/typed.h"

static const char *const kind_names[] = {
    [RULE_KIND_ONCE] = "once",       [RULE_KIND_HOURLY] = "hourly",   [RULE_KIND_DAILY] = "daily",
    [RULE_KIND_WEEKLY] = "weekly",   [RULE_KIND_MONTHLY] = "monthly", [RULE_KIND_CRON] = "cron",
    [RULE_KIND_ICAL] = "ical",       [RULE_KIND_EVERY] = "every",     [RULE_KIND_AFTER] = "after",
    [RULE_KIND_STARTUP] = "startup",
};
G_STATIC_ASSERT(G_N_ELEMENTS(kind_names) == N_RULE_KINDS);

static const char *const dialect_names[] = {
    [DIALECT_AUTO] = "auto",
    [DIALECT_CRON] = "cron",
    [DIALECT_ICAL] = "ical",
    [DIALECT_TYPED] = "typed",
};

const char *
rule_kind_name(RuleKind kind)
{
    return kind_names[kind];
}

bool
rule_kind_find(const char *name, RuleKind *kind)
{
    for (RuleKind i = 0; i < N_RULE_KINDS; i++) {
        if (g_ascii_strcasecmp(name, kind_names[i]) == 0) {
            *kind = i;
            return true;
        }
    }
    return false;
}

bool
rule_kind_is_calendar(RuleKind kind)
{
    return kind != RULE_KIND_AFTER && kind != RULE_KIND_STARTUP;
}

bool
dialect_find(const char *name, Dialect *dialect)
{
    for (size_t i = 0; i < G_N_ELEMENTS(dialect_names); i++) {
        if (g_str_equal(name, dialect_names[i])) {
            *dialect = (Dialect)i;
            return true;
        }
    }
    return false;
}

void
definition_init(RuleDefinition *self)
{
    *self = (RuleDefinition){
        .kind = RULE_KIND_ONCE, .start_at = CIVIL_MIN_AT, .end_at = SCHEDULE_NO_END, .every = 1};
}

void
definition_clear(RuleDefinition *self)
{
    g_clear_pointer(&self->text, g_free);
}

/* ---- Which language ---- */

#define BLANKS " \t\r\n\f"

static size_t
skip_blanks(const char *text)
{
    return strspn(text, BLANKS);
}

static bool
has_prefix(const char *text, const char *prefix)
{
    return g_ascii_strncasecmp(text, prefix, strlen(prefix)) == 0;
}

/* The beginning of the next line; NULL = none. A backslash and an n end a line, too. */
static const char *
next_line(const char *line)
{
    for (; *line; line++) {
        if (*line == '\n')
            return line + 1;
        if (line[0] == '\\' && (line[1] == 'n' || line[1] == 'N'))
            return line + 2;
    }
    return NULL;
}

/* What stands behind RRULE:, its parts in any order. */
static bool
is_bare_rule(const char *text)
{
    for (const char *part = text + skip_blanks(text); part; part = strchr(part, ';')) {
        part += *part == ';';
        if (has_prefix(part, "FREQ="))
            return true;
    }
    return false;
}

/* A bare rule, or a line such as "RRULE:…" or "DTSTART;TZID=…". */
static bool
is_ical(const char *text)
{
    if (is_bare_rule(text))
        return true;
    for (const char *line = text; line; line = next_line(line)) {
        size_t name = skip_blanks(line), end = name;
        while (g_ascii_isalpha(line[end]) || line[end] == '-')
            end++;
        if (end > name && (line[end] == ':' || line[end] == ';'))
            return true;
    }
    return false;
}

static bool
is_typed(const char *text)
{
    const char *word = text + skip_blanks(text);
    size_t length = 0;
    while (g_ascii_isalpha(word[length]))
        length++;
    return length > 0 && word[length] == '=';
}

static Dialect
guess_dialect(const char *text)
{
    if (text[skip_blanks(text)] == '@')
        return DIALECT_CRON;
    if (is_ical(text))
        return DIALECT_ICAL;
    return is_typed(text) ? DIALECT_TYPED : DIALECT_CRON;
}

/* ---- Reading ---- */

static int64_t
round_up(int64_t at)
{
    int64_t rest = at % CIVIL_US_PER_SECOND;
    if (rest < 0)
        rest += CIVIL_US_PER_SECOND;
    return rest == 0 ? at : at + CIVIL_US_PER_SECOND - rest;
}

/* The whole second that typed rules and iCalendar text without a DTSTART begin with. */
static int64_t
start_of(const RuleDefinition *self)
{
    return round_up(CLAMP(self->start_at, CIVIL_MIN_AT, CIVIL_MAX_AT));
}

static int64_t
start_label_of(const RuleDefinition *self, const Zone *zone)
{
    int64_t at = start_of(self);
    return at + zone_offset(zone, at) * CIVIL_US_PER_SECOND;
}

/* What stands behind @every and @after. */
static bool
parse_period(const char *text, size_t begin, RuleDefinition *self, Place *place, GError **error)
{
    g_autofree char *length = g_strstrip(g_strdup(text + begin));
    if (typed_parse_period(length, &self->period, error))
        return true;
    begin += skip_blanks(text + begin);
    *place = (Place){begin, strlen(length)};
    return false;
}

static bool
is_macro(const char *text, const char *name)
{
    size_t length = strlen(name);
    return has_prefix(text, name) && (text[length] == '\0' || g_ascii_isspace(text[length]));
}

static bool
parse_cron(const char *text, RuleDefinition *self, Place *place, GError **error)
{
    size_t begin = skip_blanks(text);
    const char *word = text + begin;
    size_t length = strcspn(word, BLANKS);
    const char *behind = word + length + skip_blanks(word + length);

    if (is_macro(word, "@every") || is_macro(word, "@after")) {
        self->kind = is_macro(word, "@every") ? RULE_KIND_EVERY : RULE_KIND_AFTER;
        return parse_period(text, begin + length, self, place, error);
    }
    if (is_macro(word, "@reboot")) {
        Piece rest = {text, strlen(text) - strlen(behind), strlen(behind)};
        self->kind = RULE_KIND_STARTUP;
        return *behind == '\0' ||
               piece_fail(&rest, place, error, "nothing may follow macro @reboot");
    }
    Rule rule;
    self->kind = RULE_KIND_CRON;
    self->text = g_strdup(text);
    return cron_parse(text, self->days, &rule, place, error);
}

static bool
parse_in(Dialect dialect, const char *text, const Zone *zone, RuleDefinition *self, Place *place,
         GError **error)
{
    switch (dialect) {
    case DIALECT_AUTO:
        return parse_in(guess_dialect(text), text, zone, self, place, error);
    case DIALECT_CRON:
        return parse_cron(text, self, place, error);
    case DIALECT_TYPED:
        return typed_parse(text, zone, self, place, error);
    case DIALECT_ICAL:
        break;
    }
    self->kind = RULE_KIND_ICAL;
    self->text = g_strdup(text);
    g_autoptr(IcalText) ical = ical_parse(self->text, start_label_of(self, zone), place, error);
    return ical != NULL;
}

bool
definition_parse(const char *text, Dialect dialect, const Zone *zone, int64_t start_at,
                 RuleDefinition *self, Place *place, GError **error)
{
    Place where = {0};
    RuleDefinition found;
    definition_init(&found);
    found.start_at = start_at;

    if (text[skip_blanks(text)] == '\0') {
        g_set_error_literal(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT, "the rule is empty");
    } else if (parse_in(dialect, text, zone, &found, &where, error)) {
        *self = found;
        return true;
    }
    definition_clear(&found);
    if (place)
        *place = where;
    return false;
}

/* ---- Printing ---- */

/* As it was written, on one line, where the shortest text would have to be read with other `days`. */
static char *
print_cron(const RuleDefinition *self)
{
    Rule rule, again;
    CronDays days;
    if (cron_parse(self->text, self->days, &rule, NULL, NULL)) {
        g_autofree char *text = cron_print(&rule, &days);
        if (text && cron_parse(text, self->days, &again, NULL, NULL) && rule_equal(&rule, &again))
            return g_steal_pointer(&text);
    }
    return g_strstrip(g_strdelimit(g_strdup(self->text), BLANKS, ' '));
}

static char *
print_ical(const RuleDefinition *self, const Zone *zone)
{
    g_autoptr(IcalText) ical = ical_parse(self->text, start_label_of(self, zone), NULL, NULL);
    return ical ? ical_print(ical) : g_strdup(self->text);
}

char *
definition_print(const RuleDefinition *self, const Zone *zone)
{
    if (self->kind == RULE_KIND_CRON)
        return print_cron(self);
    return self->kind == RULE_KIND_ICAL ? print_ical(self, zone) : typed_print(self, zone);
}

/* ---- Meaning ---- */

/* A start in the second pass of an overlap is an instant that its label does not name. */
static Schedule *
compile_once(const RuleDefinition *self, int id, Zone *zone)
{
    int64_t at = start_of(self), label = start_label_of(self, zone), first, second;
    int64_t end_at = MIN(at, self->end_at);
    (void)zone_resolve(zone, label, &first, &second);
    if (first != at)
        return schedule_new_every(id, zone, at, end_at, CIVIL_US_PER_DAY);
    return schedule_new_list(id, zone, self->start_at, end_at, &label, 1);
}

static Schedule *
compile_every(const RuleDefinition *self, int id, Zone *zone)
{
    int64_t period = length_elapsed(&self->period), lasts, last;
    int64_t end_at = self->end_at;
    if (self->count > 0 && !__builtin_mul_overflow(self->count - 1, period, &lasts) &&
        !__builtin_add_overflow(self->start_at, lasts, &last))
        end_at = MIN(end_at, last);
    return schedule_new_every(id, zone, self->start_at, end_at, period);
}

static Schedule *
compile_rule(const RuleDefinition *self, int id, Zone *zone, const Rule *rule, GError **error)
{
    g_autoptr(Schedule) schedule = schedule_new_rule(id, rule, zone, self->start_at, self->end_at);
    int steps = SCHEDULE_STEPS;
    if (self->count == 0 || schedule_end_after(schedule, self->count, &steps))
        return g_steal_pointer(&schedule);
    g_set_error_literal(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT,
                        "count: it takes too long to find the last of so many slots; give the "
                        "rule an end instead");
    return NULL;
}

static Schedule *
compile_typed(const RuleDefinition *self, int id, Zone *zone, GError **error)
{
    Rule rule;
    typed_rule(self, start_label_of(self, zone), &rule);
    return compile_rule(self, id, zone, &rule, error);
}

static Schedule *
compile_cron(const RuleDefinition *self, int id, Zone *zone, Place *place, GError **error)
{
    Rule rule;
    if (!cron_parse(self->text, self->days, &rule, place, error))
        return NULL;
    return compile_rule(self, id, zone, &rule, error);
}

/* What a table can hold and no text. */
static bool
check(const RuleDefinition *self, GError **error)
{
    const char *problem = NULL;
    const char *name = "period";
    if (self->kind == RULE_KIND_EVERY)
        problem = typed_refuse_period(&self->period);
    if (self->every < 1) {
        name = "every";
        problem = "it is a number from 1 on";
    }
    if (problem)
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT, "%s: %s", name, problem);
    return problem == NULL;
}

static Schedule *
compile(const RuleDefinition *self, int id, Zone *zone, ZoneFinder find_zone, gpointer user_data,
        Place *place, GError **error)
{
    if (!check(self, error))
        return NULL;
    switch (self->kind) {
    case RULE_KIND_ONCE:
        return compile_once(self, id, zone);
    case RULE_KIND_HOURLY:
    case RULE_KIND_DAILY:
    case RULE_KIND_WEEKLY:
    case RULE_KIND_MONTHLY:
        return compile_typed(self, id, zone, error);
    case RULE_KIND_CRON:
        return compile_cron(self, id, zone, place, error);
    case RULE_KIND_EVERY:
        return compile_every(self, id, zone);
    case RULE_KIND_ICAL:
        break;
    case RULE_KIND_AFTER:
    case RULE_KIND_STARTUP:
    case N_RULE_KINDS:
        g_assert_not_reached();
    }
    g_autoptr(IcalText) ical = ical_parse(self->text, start_label_of(self, zone), place, error);
    if (!ical)
        return NULL;
    return ical_compile(ical, id, zone, self->start_at, self->end_at, find_zone, user_data, place,
                        error);
}

Schedule *
definition_compile(const RuleDefinition *self, int id, Zone *zone, ZoneFinder find_zone,
                   gpointer user_data, Place *place, GError **error)
{
    Place where = {0};
    Schedule *schedule = compile(self, id, zone, find_zone, user_data, &where, error);
    if (!schedule && place)
        *place = where;
    return schedule;
}

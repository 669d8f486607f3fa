/* SPDX-License-Identifier: PostgreSQL */
/* The parser: recursive descent, a function for each thing that one can write. */
#include "config.h"

#include "calendar/cron.h"

#include <string.h>

#include "base/error.h"
#include "calendar/cronfield.h"

#define MIN_FIELDS 5
#define SHAPE      "allowed are 5 (minute, hour, day of month, month, weekday), or 6 with seconds first"
#define SPACE      " \t\n\v\f\r"
#define ITEM_END   "," SPACE
#define DIGITS     "0123456789"
#define LETTERS    G_CSET_A_2_Z G_CSET_a_2_z

typedef struct {
    const char *name;
    const char *text;
} Macro;

static const Macro macros[] = {
    {"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},   {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
};

typedef struct {
    const char *text; /* the whole */
    const char *at;   /* what comes next */
    const CronField *field;
    const char *field_at; /* where it begins */
    Rule rule;
    Place place; /* of the error */
    GError **error;
} Parser;

static size_t
field_length(const char *field_at)
{
    return strcspn(field_at, SPACE);
}

/* ---- Errors ---- */

/* Always false. */
static bool refuse(Parser *self, const char *where, size_t length, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

static bool
refuse(Parser *self, const char *where, size_t length, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(self->error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT, message);
    self->place = (Place){(size_t)(where - self->text), length};
    return false;
}

/* `length` bytes at what comes next cannot be read; 0 = a value is missing there. */
static bool
refuse_next(Parser *self, size_t length)
{
    int whole = (int)field_length(self->field_at);
    if (length == 0)
        return refuse(self, self->at, 0, "a value is missing in %s field \"%.*s\": allowed are %s",
                      self->field->name, whole, self->field_at, self->field->allowed);
    return refuse(self, self->at, length,
                  "cannot read \"%.*s\" in %s field \"%.*s\": allowed are %s", (int)length,
                  self->at, self->field->name, whole, self->field_at, self->field->allowed);
}

/* ---- Values ---- */

static bool
skip_letter(Parser *self, char letter)
{
    if (g_ascii_toupper(*self->at) != letter)
        return false;
    self->at++;
    return true;
}

/* what: "" for values of the field, else what "of " it the number is. */
static bool
read_number(Parser *self, const char *what, int first, int last, int *number)
{
    size_t length = strspn(self->at, DIGITS);
    if (length == 0)
        return refuse_next(self, strcspn(self->at, ITEM_END));
    guint64 value = g_ascii_strtoull(self->at, NULL, 10);
    if (value < (guint64)first || value > (guint64)last)
        return refuse(self, self->at, length, "%s%s \"%.*s\" is out of range: allowed are %d to %d",
                      what, self->field->name, (int)length, self->at, first, last);
    *number = (int)value;
    self->at += length;
    return true;
}

/* -1 if there is none. */
static int
find_word(const CronField *field, const char *text, size_t length)
{
    for (int i = 0; field->words && i < cron_field_size(field); i++) {
        if ((length == 3 || length == strlen(field->words[i])) &&
            g_ascii_strncasecmp(text, field->words[i], length) == 0)
            return field->first + i;
    }
    return -1;
}

/* The L of FRIL is left. */
static bool
read_word(Parser *self, size_t length, int *value)
{
    int found = find_word(self->field, self->at, length);
    if (found < 0 && self->field->kind == CRON_WEEKDAY &&
        g_ascii_toupper(self->at[length - 1]) == 'L')
        found = find_word(self->field, self->at, --length);
    if (found < 0)
        return refuse_next(self, strcspn(self->at, "-/#" ITEM_END));
    *value = found;
    self->at += length;
    return true;
}

static bool
read_value(Parser *self, int *value)
{
    const CronField *field = self->field;
    size_t letters = strspn(self->at, LETTERS);
    if (letters > 0)
        return read_word(self, letters, value);
    return read_number(self, "", field->first, field->kind == CRON_WEEKDAY ? 7 : field->last,
                       value);
}

/* ---- Items ---- */

/* L, LW, L-n */
static bool
read_last_day(Parser *self)
{
    int before = 0;
    if (skip_letter(self, 'W')) {
        self->rule.near_weekdays |= RULE_LAST_DAY;
        return true;
    }
    if (skip_letter(self, '-') && !read_number(self, "L-n of ", 1, 30, &before))
        return false;
    self->rule.month_days_back |= RULE_LAST_DAY >> before;
    return true;
}

/* What may stand for a value of the two day fields, and only there; *found if it does. */
static bool
read_special(Parser *self, int value, bool *found)
{
    int nth;
    *found = true;
    if (self->field->kind == CRON_DAY && skip_letter(self, 'W')) {
        self->rule.near_weekdays |= 1u << (value - 1);
        return true;
    }
    if (self->field->kind == CRON_WEEKDAY && skip_letter(self, 'L')) {
        self->rule.nth_of_month[value % 7] |= CRON_LAST_OF_MONTH;
        return true;
    }
    if (self->field->kind == CRON_WEEKDAY && skip_letter(self, '#')) {
        if (!read_number(self, "#k of ", 1, 5, &nth))
            return false;
        self->rule.nth_of_month[value % 7] |= (uint16_t)(1u << nth);
        return true;
    }
    *found = false;
    return true;
}

/* A step that is too large would silently mean something else: cron's steps begin anew in each hour, day, month … */
static bool
read_step(Parser *self, int *step)
{
    const CronField *field = self->field;
    int length = (int)strspn(self->at, DIGITS);
    if (field->units && length > 0 &&
        g_ascii_strtoull(self->at, NULL, 10) > (guint64)cron_field_size(field))
        return refuse(self, self->at, (size_t)length,
                      "step of %s \"%.*s\" is out of range: allowed are 1 to %d, or write "
                      "\"@every %.*s %s\"",
                      field->name, length, self->at, cron_field_size(field), length, self->at,
                      field->units);
    return read_number(self, "step of ", 1, cron_field_size(field), step);
}

/* A range that ends before it begins goes over the end of the field. Sunday is 7 at the end of a range and 0 at its
 * beginning: 5-7 has three days, 7-2 too, 7-7 has one. */
static uint64_t
range_bits(const CronField *field, int from, int to, int step)
{
    int size = cron_field_size(field);
    uint64_t bits = 0;
    if (from > field->last && to != from)
        from = field->first;
    if (to < from)
        to += size;
    for (int value = from; value <= to; value += step)
        bits |= UINT64_C(1) << (value - field->first) % size;
    return bits;
}

static bool
read_item(Parser *self, uint64_t *bits)
{
    const CronField *field = self->field;
    int from = field->first, to = field->last, step = 1;
    bool is_special = false;
    if (field->kind == CRON_DAY && skip_letter(self, 'L'))
        return read_last_day(self);
    if (field->kind == CRON_DAY && skip_letter(self, '$')) {
        self->rule.month_days_back |= RULE_LAST_DAY;
        return true;
    }

    if (!skip_letter(self, '*')) {
        if (!read_value(self, &from) || !read_special(self, from, &is_special))
            return false;
        if (is_special)
            return true;
        if (*self->at != '/')
            to = from;
        if (skip_letter(self, '-') && !read_value(self, &to))
            return false;
    }
    if (skip_letter(self, '/') && !read_step(self, &step))
        return false;
    *bits |= range_bits(field, from, to, step);
    return true;
}

/* ---- Fields ---- */

static bool
is_day_field(const CronField *field)
{
    return field->kind == CRON_DAY || field->kind == CRON_WEEKDAY;
}

static bool
read_field(Parser *self, const CronField *field, const char *field_at)
{
    uint64_t bits = 0;
    self->field = field;
    self->field_at = self->at = field_at;
    if (is_day_field(field) && field_length(field_at) == 1 && *field_at == '?') {
        cron_field_set(field, &self->rule, range_bits(field, field->first, field->last, 1));
        return true;
    }
    do {
        if (!read_item(self, &bits))
            return false;
        if (*self->at != '\0' && !strchr(ITEM_END, *self->at))
            return refuse_next(self, strcspn(self->at, ITEM_END));
    } while (skip_letter(self, ','));
    cron_field_set(field, &self->rule, bits);
    return true;
}

static bool
is_plain_star(const char *field_at)
{
    return field_length(field_at) == 1 && (*field_at == '*' || *field_at == '?');
}

static bool
is_either(CronDays days, const char *day, const char *weekday)
{
    if (days == CRON_DAY_AND || is_plain_star(day) || is_plain_star(weekday))
        return false;
    return days == CRON_DAY_OR || (*day != '*' && *weekday != '*');
}

/* Where up to `max` fields begin; returns how many there are. */
static int
split(const char *text, const char **starts, int max)
{
    int n = 0;
    for (text += strspn(text, SPACE); *text; text += strspn(text, SPACE)) {
        if (n < max)
            starts[n] = text;
        n++;
        text += field_length(text);
    }
    return n;
}

static bool
read_fields(Parser *self, CronDays days)
{
    const char *starts[N_CRON_FIELDS + 1];
    int n = split(self->text, starts, G_N_ELEMENTS(starts));
    const char *end = self->text + strlen(self->text);
    while (end > self->text && strchr(SPACE, end[-1]))
        end--;
    if (n < MIN_FIELDS)
        return refuse(self, end, 0, "cron text has %d field%s: " SHAPE, n, n == 1 ? "" : "s");
    if (n > N_CRON_FIELDS)
        return refuse(self, starts[N_CRON_FIELDS], (size_t)(end - starts[N_CRON_FIELDS]),
                      "cron text has %d fields: " SHAPE, n);

    const CronField *first = &cron_fields[N_CRON_FIELDS - n];
    self->rule.seconds = 1;
    for (int i = 0; i < n; i++) {
        if (!read_field(self, first + i, starts[i]))
            return false;
    }
    self->rule.either_day = is_either(days, starts[n - 3], starts[n - 1]);
    return true;
}

/* ---- Macros ---- */

static bool
read_macro(Parser *self, const char *name)
{
    size_t length = field_length(name);
    const char *rest = name + length + strspn(name + length, SPACE);
    for (size_t i = 0; i < G_N_ELEMENTS(macros); i++) {
        if (strlen(macros[i].name) != length || g_ascii_strncasecmp(macros[i].name, name, length))
            continue;
        if (*rest)
            return refuse(self, rest, strlen(rest), "nothing may follow macro %s", macros[i].name);
        self->text = macros[i].text;
        return read_fields(self, CRON_DAY_VIXIE);
    }
    return refuse(self, name, length,
                  "macro \"%.*s\" is not known here: allowed are @hourly, @daily, @midnight, "
                  "@weekly, @monthly, @yearly, @annually; "
                  "@reboot, @every and @after (with a length of time) are kinds of their own",
                  (int)length, name);
}

bool
cron_parse(const char *text, CronDays days, Rule *rule, Place *place, GError **error)
{
    Parser self = {.text = text, .error = error};
    const char *begin = text + strspn(text, SPACE);
    rule_init(&self.rule);
    bool ok = *begin == '@' ? read_macro(&self, begin) : read_fields(&self, days);
    if (ok)
        *rule = self.rule;
    else if (place)
        *place = self.place;
    return ok;
}

/* SPDX-License-Identifier: PostgreSQL */
/* Reads a recurrence rule in two passes: each part by itself, in any order; then what the parts demand of each other,
 * and what DTSTART supplies. */
#include "config.h"

#include "calendar/rrule.h"

#include <string.h>

#include "calendar/civil.h"
#include "calendar/icalvalue.h"
#include "calendar/piece.h"
#include "calendar/rrule-private.h"

#define GIVEN(part) (UINT32_C(1) << (part))
#define GIVEN_BY                                                                                   \
    (GIVEN(RRULE_BYMONTH) | GIVEN(RRULE_BYWEEKNO) | GIVEN(RRULE_BYYEARDAY) |                       \
     GIVEN(RRULE_BYMONTHDAY) | GIVEN(RRULE_BYDAY) | GIVEN(RRULE_BYHOUR) | GIVEN(RRULE_BYMINUTE) |  \
     GIVEN(RRULE_BYSECOND))

typedef struct {
    Rrule rrule;
    int frequency;               /* RuleFrequency; -1 = not seen */
    uint32_t given;              /* bit n = part n */
    Piece pieces[N_RRULE_PARTS]; /* each with its name: what errors point at */
    bool has_nth_weekday;
    Place *place;
    GError **error;
} Parser;

/* ---- Lists of numbers ---- */

static void
add_month(Rule *rule, int n)
{
    rule->months |= (uint16_t)(1u << (n - 1));
}

static void
add_week(Rule *rule, int n)
{
    rule->has_weeks = true;
    if (n > 0)
        rule->weeks |= UINT64_C(1) << n;
    else
        rule->weeks_back |= UINT64_C(1) << -n;
}

static void
add_year_day(Rule *rule, int n)
{
    rule->has_year_days = true;
    rule_numbers_add(n > 0 ? &rule->year_days : &rule->year_days_back, ABS(n));
}

static void
add_month_day(Rule *rule, int n)
{
    if (n > 0)
        rule->month_days |= UINT32_C(1) << (n - 1);
    else
        rule->month_days_back |= UINT32_C(1) << (32 + n);
}

static void
add_hour(Rule *rule, int n)
{
    rule->hours |= UINT32_C(1) << n;
}

static void
add_minute(Rule *rule, int n)
{
    rule->minutes |= UINT64_C(1) << n;
}

static void
add_second(Rule *rule, int n)
{
    /* No clock of ours shows a leap second. */
    if (n < 60)
        rule->seconds |= UINT64_C(1) << n;
}

static void
add_position(Rule *rule, int n)
{
    rule->has_positions = true;
    rule_numbers_add(n > 0 ? &rule->positions : &rule->positions_back, ABS(n));
}

typedef struct {
    int minimum;
    int maximum;
    bool also_back; /* the negative numbers, too */
    void (*add)(Rule *rule, int n);
    const char *allowed;
} NumberList;

static const NumberList number_lists[N_RRULE_PARTS] = {
    [RRULE_BYMONTH] = {1, 12, false, add_month, "1 to 12 (leap months like 5L are not supported)"},
    [RRULE_BYWEEKNO] = {1, 53, true, add_week, "1 to 53 or -53 to -1"},
    [RRULE_BYYEARDAY] = {1, 366, true, add_year_day, "1 to 366 or -366 to -1"},
    [RRULE_BYMONTHDAY] = {1, 31, true, add_month_day, "1 to 31 or -31 to -1"},
    [RRULE_BYHOUR] = {0, 23, false, add_hour, "0 to 23"},
    [RRULE_BYMINUTE] = {0, 59, false, add_minute, "0 to 59"},
    [RRULE_BYSECOND] = {0, 60, false, add_second, "0 to 60"},
    [RRULE_BYSETPOS] = {1, 366, true, add_position, "1 to 366 or -366 to -1"},
};

/* ---- One part ---- */

static bool
refuse(Parser *self, RrulePart part, const Piece *value, const char *allowed)
{
    return piece_refuse(value, self->place, self->error, rrule_part_names[part], allowed);
}

static bool
read_numbers(Parser *self, RrulePart part, const Piece *value)
{
    const NumberList *list = &number_lists[part];
    Piece rest = *value, item;
    while (piece_cut(&rest, ',', &item)) {
        int64_t n;
        if (!piece_number(&item, list->also_back ? -list->maximum : list->minimum, list->maximum,
                          &n) ||
            (n == 0 && list->minimum > 0))
            return refuse(self, part, &item, list->allowed);
        list->add(&self->rrule.rule, (int)n);
    }
    return true;
}

static bool
read_frequency(Parser *self, RrulePart part, const Piece *value)
{
    self->frequency = piece_find(value, rrule_frequency_names, N_RULE_FREQUENCIES);
    return self->frequency >= 0 ||
           refuse(self, part, value,
                  "YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY or SECONDLY");
}

static bool
read_interval(Parser *self, RrulePart part, const Piece *value)
{
    int64_t n;
    if (!piece_number(value, 1, INT32_MAX, &n))
        return refuse(self, part, value, "1 to 2147483647");
    self->rrule.rule.interval = (uint32_t)n;
    return true;
}

static bool
read_count(Parser *self, RrulePart part, const Piece *value)
{
    if (!piece_number(value, 1, RRULE_MAX_COUNT, &self->rrule.count))
        return refuse(self, part, value,
                      "1 to " G_STRINGIFY(RRULE_MAX_COUNT) " (UNTIL has no such limit)");
    return true;
}

static bool
read_until(Parser *self, RrulePart part, const Piece *value)
{
    IcalValue until;
    const char *problem = ical_value_parse(value, &until);
    if (problem)
        return refuse(self, part, value, problem);
    self->rrule.until = until.is_date ? until.label + CIVIL_US_PER_DAY - 1 : until.label;
    self->rrule.until_kind = until.is_date ? UNTIL_DATE : until.is_utc ? UNTIL_UTC : UNTIL_LABEL;
    return true;
}

static bool
read_scale(Parser *self, RrulePart part, const Piece *value)
{
    if (piece_is(value, "GREGORIAN"))
        return true;
    g_autofree char *shown = piece_show(value);
    return piece_fail(value, self->place, self->error,
                      "%s=%s is not supported: it must be GREGORIAN", rrule_part_names[part],
                      shown);
}

static bool
read_skip(Parser *self, RrulePart part, const Piece *value)
{
    int skip = piece_find(value, rrule_skip_names, G_N_ELEMENTS(rrule_skip_names));
    if (skip < 0)
        return refuse(self, part, value, "OMIT, BACKWARD or FORWARD");
    self->rrule.rule.skip = (uint8_t)skip;
    return true;
}

static bool
read_week_start(Parser *self, RrulePart part, const Piece *value)
{
    int weekday = piece_find(value, rrule_weekday_names, 7);
    if (weekday < 0)
        return refuse(self, part, value, "SU, MO, TU, WE, TH, FR or SA");
    self->rrule.rule.week_start = (uint8_t)weekday;
    return true;
}

/* "MO", "2MO", "-1MO". Of what the number counts is known at the end: until then, of the year. */
static bool
read_weekday(Parser *self, const Piece *item)
{
    static const char allowed[] =
        "SU, MO, TU, WE, TH, FR or SA, with or without 1 to 53 or -53 to -1 before it";
    if (item->length < 2)
        return refuse(self, RRULE_BYDAY, item, allowed);
    Piece count = {item->text, item->offset, item->length - 2};
    Piece name = {item->text, item->offset + count.length, 2};
    int weekday = piece_find(&name, rrule_weekday_names, 7);
    int64_t n = 0;
    if (weekday < 0 || (count.length > 0 && (!piece_number(&count, -53, 53, &n) || n == 0)))
        return refuse(self, RRULE_BYDAY, item, allowed);

    Rule *rule = &self->rrule.rule;
    if (n == 0)
        rule->weekdays |= (uint8_t)(1u << weekday);
    else if (n > 0)
        rule->nth_of_year[weekday] |= UINT64_C(1) << n;
    else
        rule->nth_of_year_back[weekday] |= UINT64_C(1) << -n;
    self->has_nth_weekday = self->has_nth_weekday || n != 0;
    return true;
}

static bool
read_weekdays(Parser *self, RrulePart part, const Piece *value)
{
    (void)part;
    Piece rest = *value, item;
    while (piece_cut(&rest, ',', &item)) {
        if (!read_weekday(self, &item))
            return false;
    }
    return true;
}

typedef bool (*ReadPart)(Parser *self, RrulePart part, const Piece *value);

static const ReadPart read_part[N_RRULE_PARTS] = {
    [RRULE_FREQ] = read_frequency,     [RRULE_INTERVAL] = read_interval,
    [RRULE_COUNT] = read_count,        [RRULE_UNTIL] = read_until,
    [RRULE_RSCALE] = read_scale,       [RRULE_SKIP] = read_skip,
    [RRULE_WKST] = read_week_start,    [RRULE_BYMONTH] = read_numbers,
    [RRULE_BYWEEKNO] = read_numbers,   [RRULE_BYYEARDAY] = read_numbers,
    [RRULE_BYMONTHDAY] = read_numbers, [RRULE_BYDAY] = read_weekdays,
    [RRULE_BYHOUR] = read_numbers,     [RRULE_BYMINUTE] = read_numbers,
    [RRULE_BYSECOND] = read_numbers,   [RRULE_BYSETPOS] = read_numbers,
};

static bool
parse_part(Parser *self, const Piece *whole)
{
    Piece value = *whole, name;
    (void)piece_cut(&value, '=', &name);
    g_autofree char *shown = piece_show(&name);
    int part = piece_find(&name, rrule_part_names, N_RRULE_PARTS);
    if (part < 0) {
        g_autofree char *names = g_strjoinv(", ", (char **)rrule_part_names);
        return piece_fail(&name, self->place, self->error,
                          "\"%s\" is not a part of a recurrence rule: these are %s", shown, names);
    }
    if (!value.text)
        return piece_fail(&name, self->place, self->error, "%s needs = and a value", shown);
    if (self->given & GIVEN(part))
        return piece_fail(whole, self->place, self->error, "%s is given twice", shown);
    self->given |= GIVEN(part);
    self->pieces[part] = *whole;
    return read_part[part](self, (RrulePart)part, &value);
}

static bool
parse_parts(Parser *self, Piece rest)
{
    Piece part;
    while (piece_cut(&rest, ';', &part)) {
        /* Real files have a semicolon at the end. */
        if (part.length == 0 && !rest.text)
            break;
        if (!parse_part(self, &part))
            return false;
    }
    return true;
}

/* ---- What the parts demand of each other ---- */

#define FREQUENCY(name) (1u << RULE_##name)
#define SUB_DAILY       (FREQUENCY(HOURLY) | FREQUENCY(MINUTELY) | FREQUENCY(SECONDLY))

static const struct {
    RrulePart part;
    unsigned frequencies; /* that it may go with */
    const char *allowed;
} frequencies_of_parts[] = {
    {RRULE_BYWEEKNO, FREQUENCY(YEARLY), "YEARLY"},
    {RRULE_BYYEARDAY, FREQUENCY(YEARLY) | SUB_DAILY, "YEARLY, HOURLY, MINUTELY or SECONDLY"},
    {RRULE_BYMONTHDAY, ~FREQUENCY(WEEKLY), "YEARLY, MONTHLY, DAILY, HOURLY, MINUTELY or SECONDLY"},
};

static bool
refuse_part(Parser *self, RrulePart part, const char *reason)
{
    return piece_fail(&self->pieces[part], self->place, self->error, "%s %s",
                      rrule_part_names[part], reason);
}

static bool
check_frequency(Parser *self)
{
    for (size_t i = 0; i < G_N_ELEMENTS(frequencies_of_parts); i++) {
        RrulePart part = frequencies_of_parts[i].part;
        if (!(self->given & GIVEN(part)) ||
            frequencies_of_parts[i].frequencies & 1u << self->frequency)
            continue;
        return piece_fail(&self->pieces[part], self->place, self->error,
                          "%s cannot go with FREQ=%s: it must be %s", rrule_part_names[part],
                          rrule_frequency_names[self->frequency], frequencies_of_parts[i].allowed);
    }
    return true;
}

static bool
check_parts(Parser *self)
{
    if (!check_frequency(self))
        return false;
    uint32_t given = self->given;
    if (given & GIVEN(RRULE_COUNT) && given & GIVEN(RRULE_UNTIL))
        return refuse_part(self, RRULE_UNTIL, "and COUNT exclude each other");
    if (given & GIVEN(RRULE_SKIP) && !(given & GIVEN(RRULE_RSCALE)))
        return refuse_part(self, RRULE_SKIP, "needs RSCALE=GREGORIAN");
    if (given & GIVEN(RRULE_BYSETPOS) && !(given & GIVEN_BY))
        return refuse_part(self, RRULE_BYSETPOS, "needs another BY part, whose values it counts");
    if (self->has_nth_weekday && self->frequency > RULE_MONTHLY)
        return refuse_part(self, RRULE_BYDAY, "with a number needs FREQ=MONTHLY or YEARLY");
    if (self->has_nth_weekday && given & GIVEN(RRULE_BYWEEKNO))
        return refuse_part(self, RRULE_BYDAY, "with a number cannot go with BYWEEKNO");
    return true;
}

/* Turns the nth weekdays of the year into those of the month. */
static bool
count_in_months(Parser *self)
{
    Rule *rule = &self->rrule.rule;
    for (int i = 0; i < 7; i++) {
        uint64_t forward = rule->nth_of_year[i], back = rule->nth_of_year_back[i];
        if ((forward | back) >> 6)
            return refuse_part(self, RRULE_BYDAY,
                               "counts in a month: its numbers must be 1 to 5 or -5 to -1");
        rule->nth_of_month[i] = (uint16_t)(forward | back << 8);
        rule->nth_of_year[i] = rule->nth_of_year_back[i] = 0;
    }
    return true;
}

static bool
finish(Parser *self, int64_t dtstart)
{
    Rule *rule = &self->rrule.rule;
    rule->frequency = (uint8_t)self->frequency;
    bool has_months = self->frequency == RULE_MONTHLY || self->given & GIVEN(RRULE_BYMONTH);
    if (has_months && !count_in_months(self))
        return false;
    rrule_supply(rule, self->given, dtstart);
    if (rule->interval > 1)
        rule->anchor = dtstart;

    /* Only days that somebody asks for by number can be missing. */
    bool names_days = rule->has_year_days || rule->month_days != RULE_ALL_MONTH_DAYS;
    if (!names_days || self->frequency > RULE_MONTHLY)
        rule->skip = RULE_SKIP_OMIT;
    return true;
}

bool
rrule_parse(const char *text, size_t offset, size_t length, int64_t dtstart, Rrule *rrule,
            Place *place, GError **error)
{
    Piece whole = {text, offset, length};
    Parser parser = {.frequency = -1, .place = place, .error = error};
    rrule_begin(&parser.rrule.rule, RULE_SECONDLY);
    if (!parse_parts(&parser, whole))
        return false;
    Piece beginning = {text, offset, 0};
    if (parser.frequency < 0)
        return piece_fail(&beginning, place, error,
                          "FREQ is missing: a recurrence rule needs FREQ=YEARLY, MONTHLY, WEEKLY, "
                          "DAILY, HOURLY, MINUTELY or SECONDLY");
    if (!check_parts(&parser) || !finish(&parser, dtstart))
        return false;
    *rrule = parser.rrule;
    return true;
}

bool
rrule_equal(const Rrule *a, const Rrule *b)
{
    return rule_equal(&a->rule, &b->rule) && a->until == b->until && a->count == b->count &&
           a->until_kind == b->until_kind;
}

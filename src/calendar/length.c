/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/length.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "calendar/civil.h"

#define MILLION         1000000
#define US_PER_HOUR     (60 * CIVIL_US_PER_MINUTE)
#define TOO_LARGE       "it is too large"
#define NO_NUMBER       "it needs numbers with units, such as \"90 minutes\""
#define MONTHS_PER_YEAR 12

/* ---- Arithmetic ---- */

static int64_t
label_at(const Zone *zone, int64_t at)
{
    return at + zone_offset(zone, at) * CIVIL_US_PER_SECOND;
}

/* PostgreSQL's choice: the offset before a gap, and after an overlap. */
static int64_t
instant_of(const Zone *zone, int64_t label)
{
    int64_t first, second;
    (void)zone_resolve(zone, CLAMP(label, CIVIL_MIN_AT, CIVIL_MAX_AT), &first, &second);
    return CLAMP(second, CIVIL_MIN_AT, CIVIL_MAX_AT);
}

static int64_t
plus_months(int64_t label, int32_t months)
{
    int64_t days = civil_label_days(label);
    CivilDate date = civil_date(days);
    int64_t month = (int64_t)date.year * MONTHS_PER_YEAR + date.month - 1 + months;
    if (month < MONTHS_PER_YEAR)
        return CIVIL_MIN_AT;
    if (month >= INT64_C(10000) * MONTHS_PER_YEAR)
        return CIVIL_MAX_AT;
    int32_t year = (int32_t)(month / MONTHS_PER_YEAR);
    int month_of_year = (int)(month % MONTHS_PER_YEAR) + 1;
    int day = MIN(date.day, civil_month_length(year, month_of_year));
    return label + (civil_days(year, month_of_year, day) - days) * CIVIL_US_PER_DAY;
}

static int64_t
plus_days(int64_t label, int32_t days)
{
    int64_t day = civil_label_days(label) + days;
    if (day < CIVIL_MIN_DAYS)
        return CIVIL_MIN_AT;
    return day > CIVIL_MAX_DAYS ? CIVIL_MAX_AT : label + days * CIVIL_US_PER_DAY;
}

/* Months and days each find their own instant, as in PostgreSQL: a gap in between moves what follows. */
int64_t
length_after(const Length *self, const Zone *zone, int64_t at)
{
    at = CLAMP(at, CIVIL_MIN_AT, CIVIL_MAX_AT);
    if (self->months != 0)
        at = instant_of(zone, plus_months(label_at(zone, at), self->months));
    if (self->days != 0)
        at = instant_of(zone, plus_days(label_at(zone, at), self->days));
    if (__builtin_add_overflow(at, self->us, &at))
        return self->us > 0 ? CIVIL_MAX_AT : CIVIL_MIN_AT;
    return CLAMP(at, CIVIL_MIN_AT, CIVIL_MAX_AT);
}

int64_t
length_elapsed(const Length *self)
{
    int64_t us;
    if (__builtin_mul_overflow((int64_t)self->days, CIVIL_US_PER_DAY, &us))
        return self->days > 0 ? INT64_MAX : INT64_MIN;
    if (__builtin_add_overflow(us, self->us, &us))
        return self->us > 0 ? INT64_MAX : INT64_MIN;
    return us;
}

bool
length_is_positive(const Length *self)
{
    return self->months >= 0 && self->days >= 0 && self->us >= 0 &&
           (self->months > 0 || self->days > 0 || self->us > 0);
}

/* ---- Text ---- */

typedef enum {
    PART_MONTHS,
    PART_DAYS,
    PART_US,
} Part;

typedef struct {
    const char *name;
    Part part;
    int64_t factor;
} Unit;

static const Unit units[] = {
    {"us", PART_US, 1},
    {"microsecond", PART_US, 1},
    {"ms", PART_US, 1000},
    {"millisecond", PART_US, 1000},
    {"s", PART_US, CIVIL_US_PER_SECOND},
    {"sec", PART_US, CIVIL_US_PER_SECOND},
    {"second", PART_US, CIVIL_US_PER_SECOND},
    {"m", PART_US, CIVIL_US_PER_MINUTE},
    {"min", PART_US, CIVIL_US_PER_MINUTE},
    {"minute", PART_US, CIVIL_US_PER_MINUTE},
    {"h", PART_US, US_PER_HOUR},
    {"hr", PART_US, US_PER_HOUR},
    {"hour", PART_US, US_PER_HOUR},
    {"d", PART_DAYS, 1},
    {"day", PART_DAYS, 1},
    {"w", PART_DAYS, 7},
    {"week", PART_DAYS, 7},
    {"mon", PART_MONTHS, 1},
    {"month", PART_MONTHS, 1},
    {"y", PART_MONTHS, MONTHS_PER_YEAR},
    {"yr", PART_MONTHS, MONTHS_PER_YEAR},
    {"year", PART_MONTHS, MONTHS_PER_YEAR},
};

/* Both parts have the sign of the whole. */
typedef struct {
    int64_t whole;
    int64_t millionths;
    int sign;
} Number;

static const char *
skip_space(const char *at)
{
    while (g_ascii_isspace(*at))
        at++;
    return at;
}

static bool
is_name(const char *name, const char *text, size_t length)
{
    return strlen(name) == length && g_ascii_strncasecmp(name, text, length) == 0;
}

static const Unit *
find_unit(const char *text, size_t length)
{
    /* Of the short ones only hrs and yrs are plurals; ms and us are not. */
    bool is_plural = length >= 3 && g_ascii_tolower(text[length - 1]) == 's' &&
                     g_ascii_tolower(text[length - 2]) != 's';
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        if (is_name(units[i].name, text, length) ||
            (is_plural && is_name(units[i].name, text, length - 1)))
            return &units[i];
    }
    return NULL;
}

/* False if there is no digit, or at one beyond the millionths (unless it is 0). */
static bool
read_fraction(const char **at, Number *number)
{
    int64_t place = MILLION / 10;
    if (!g_ascii_isdigit((*at)[1]))
        return false;
    for ((*at)++; g_ascii_isdigit(**at); (*at)++, place /= 10) {
        if (place == 0 && **at != '0')
            return false;
        number->millionths += number->sign * (**at - '0') * place;
    }
    return true;
}

/* NULL, or what is wrong. */
static const char *
read_number(const char **at, Number *number)
{
    *number = (Number){.sign = **at == '-' ? -1 : 1};
    if (**at == '-' || **at == '+')
        (*at)++;
    if (!g_ascii_isdigit(**at))
        return NO_NUMBER;
    for (; g_ascii_isdigit(**at); (*at)++) {
        if (__builtin_mul_overflow(number->whole, 10, &number->whole) ||
            __builtin_add_overflow(number->whole, number->sign * (**at - '0'), &number->whole))
            return TOO_LARGE;
    }
    if (**at != '.' || read_fraction(at, number))
        return NULL;
    return g_ascii_isdigit(**at) ? "it has a fraction finer than millionths" : NO_NUMBER;
}

static bool
add_us(Length *self, int64_t n, int64_t factor)
{
    int64_t us;
    return !__builtin_mul_overflow(n, factor, &us) &&
           !__builtin_add_overflow(self->us, us, &self->us);
}

static bool
add_days(Length *self, int64_t n, int64_t millionths)
{
    return !__builtin_add_overflow(n, millionths / MILLION, &n) &&
           !__builtin_add_overflow(self->days, n, &self->days) &&
           add_us(self, millionths % MILLION, CIVIL_US_PER_DAY / MILLION);
}

/* NULL, or what is wrong. */
static const char *
add(Length *self, const Number *number, const Unit *unit)
{
    int64_t whole;
    int64_t millionths = number->millionths * unit->factor;
    bool fits = !__builtin_mul_overflow(number->whole, unit->factor, &whole);
    switch (unit->part) {
    case PART_MONTHS:
        if (number->millionths != 0)
            return "months and years cannot have fractions";
        fits = fits && !__builtin_add_overflow(self->months, whole, &self->months);
        break;
    case PART_DAYS:
        fits = fits && add_days(self, whole, millionths);
        break;
    case PART_US:
        fits = fits && add_us(self, whole, 1) && add_us(self, millionths / MILLION, 1);
        break;
    }
    return fits ? NULL : TOO_LARGE;
}

/* ":30" */
static bool
read_sixty(const char **at, int *n)
{
    const char *digits = *at + 1;
    if (!g_ascii_isdigit(digits[0]) || !g_ascii_isdigit(digits[1]) || digits[0] > '5')
        return false;
    *n = (digits[0] - '0') * 10 + digits[1] - '0';
    *at += 3;
    return true;
}

/* What follows the hours in "01:30:00.5". */
static const char *
read_clock(const char **at, Length *self, const Number *hours)
{
    Number fraction = {.sign = hours->sign};
    int minutes, seconds = 0;
    bool is_clock = hours->millionths == 0 && read_sixty(at, &minutes);
    if (is_clock && **at == ':')
        is_clock = read_sixty(at, &seconds) && (**at != '.' || read_fraction(at, &fraction));
    if (!is_clock)
        return "a time is hours:minutes:seconds, with 00 to 59 minutes and seconds";

    bool fits = add_us(self, hours->whole, US_PER_HOUR) &&
                add_us(self, hours->sign * (minutes * 60 + seconds), CIVIL_US_PER_SECOND) &&
                add_us(self, fraction.millionths, 1);
    return fits ? NULL : TOO_LARGE;
}

/* One number with its unit. NULL, or what is wrong. */
static const char *
read_part(const char **at, Length *self)
{
    Number number;
    const char *problem = read_number(at, &number);
    if (problem)
        return problem;
    if (**at == ':')
        return read_clock(at, self, &number);
    *at = skip_space(*at);
    size_t length = 0;
    while (g_ascii_isalpha((*at)[length]))
        length++;
    const Unit *unit = find_unit(*at, length);
    if (!unit)
        return length > 0 ? "units are us, ms, s, min, h, days, weeks, months, years"
                          : "a number has no unit (us, ms, s, min, h, days, weeks, months, years)";
    *at += length;
    return add(self, &number, unit);
}

bool
length_parse(const char *text, Length *self, GError **error)
{
    Length length = {0};
    const char *at = skip_space(text);
    const char *problem = NULL;
    do {
        problem = read_part(&at, &length);
        at = skip_space(at);
    } while (!problem && *at != '\0');
    if (problem) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT,
                    "cannot read length of time \"%s\": %s", text, problem);
        return false;
    }
    *self = length;
    return true;
}

static void
print_part(GString *text, int64_t n, const char *unit)
{
    if (n != 0)
        g_string_append_printf(text, "%s%" PRId64 " %s%s", text->len > 0 ? " " : "", n, unit,
                               n == 1 ? "" : "s");
}

static void
print_seconds(GString *text, int64_t us)
{
    int64_t fraction = ABS(us % CIVIL_US_PER_SECOND);
    if (fraction == 0) {
        print_part(text, us / CIVIL_US_PER_SECOND, "second");
        return;
    }
    g_string_append_printf(text, "%s%s%" PRId64 ".%06" PRId64, text->len > 0 ? " " : "",
                           us < 0 ? "-" : "", ABS(us / CIVIL_US_PER_SECOND), fraction);
    while (text->str[text->len - 1] == '0')
        g_string_truncate(text, text->len - 1);
    g_string_append(text, " seconds");
}

char *
length_print(const Length *self)
{
    GString *text = g_string_new(NULL);
    print_part(text, self->months / MONTHS_PER_YEAR, "year");
    print_part(text, self->months % MONTHS_PER_YEAR, "month");
    print_part(text, self->days, "day");
    print_part(text, self->us / US_PER_HOUR, "hour");
    print_part(text, self->us % US_PER_HOUR / CIVIL_US_PER_MINUTE, "minute");
    print_seconds(text, self->us % CIVIL_US_PER_MINUTE);
    return g_string_free(text->len > 0 ? text : g_string_assign(text, "0 seconds"), FALSE);
}

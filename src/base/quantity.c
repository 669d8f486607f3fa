/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/quantity.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"

typedef struct {
    const char *name;
    int64_t factor;
} Unit;

/* Ascending: formatting takes the last that divides. */
static const Unit durations[] = {
    {"us", 1},
    {"ms", CLOCK_US_PER_MS},
    {"s", CLOCK_US_PER_SECOND},
    {"min", 60 * CLOCK_US_PER_SECOND},
    {"h", 3600 * CLOCK_US_PER_SECOND},
    {"d", 86400 * CLOCK_US_PER_SECOND},
};

static const Unit sizes[] = {
    {"B", 1},
    {"kB", INT64_C(1) << 10},
    {"MB", INT64_C(1) << 20},
    {"GB", INT64_C(1) << 30},
};

/* "12.5 min" -> 12500000 millionths and "min". Digits beyond millionths are refused, not rounded. */
static bool
parse_millionths(const char *text, int64_t *millionths, const char **rest)
{
    char *end;
    if (!g_ascii_isdigit(*text))
        return false;
    guint64 whole = g_ascii_strtoull(text, &end, 10);
    if (whole > G_MAXINT64 / 2000000)
        return false;

    int64_t value = (int64_t)whole * 1000000;
    if (*end == '.') {
        int64_t place = 100000;
        for (end++; g_ascii_isdigit(*end); end++, place /= 10) {
            if (place == 0)
                return false;
            value += (*end - '0') * place;
        }
    }
    while (g_ascii_isspace(*end))
        end++;
    *millionths = value;
    *rest = end;
    return true;
}

static const Unit *
find_unit(const Unit *units, size_t n_units, const char *name)
{
    for (size_t i = 0; i < n_units; i++) {
        if (g_ascii_strcasecmp(units[i].name, name) == 0)
            return &units[i];
    }
    return NULL;
}

static bool
parse(const char *text, const Unit *units, size_t n_units, const char *bare, const char *allowed,
      int64_t *value, GError **error)
{
    int64_t millionths;
    const char *rest;
    if (!parse_millionths(text, &millionths, &rest)) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                    "\"%s\" is not a number with one of the units %s", text, allowed);
        return false;
    }

    const Unit *unit = find_unit(units, n_units, *rest ? rest : bare);
    if (!unit) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                    "\"%s\" has an unknown unit: allowed are %s", text, allowed);
        return false;
    }

    /* In parts, so that only results that do not fit are refused. */
    int64_t whole, fraction = millionths % 1000000 * unit->factor / 1000000;
    if (__builtin_mul_overflow(millionths / 1000000, unit->factor, &whole) ||
        __builtin_add_overflow(whole, fraction, &whole)) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE, "\"%s\" is too large", text);
        return false;
    }
    *value = whole;
    return true;
}

bool
quantity_parse_duration(const char *text, int64_t *us, GError **error)
{
    return parse(text, durations, G_N_ELEMENTS(durations), "s", "us, ms, s, min, h, d", us, error);
}

bool
quantity_parse_size(const char *text, int64_t *bytes, GError **error)
{
    return parse(text, sizes, G_N_ELEMENTS(sizes), "B", "B, kB, MB, GB", bytes, error);
}

bool
quantity_parse_integer(const char *text, int64_t *value, GError **error)
{
    gint64 parsed;
    if (!g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &parsed, NULL)) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE, "\"%s\" is not a whole number",
                    text);
        return false;
    }
    *value = parsed;
    return true;
}

static char *
format(const Unit *units, size_t n_units, int64_t value, const char *zero)
{
    if (value == 0)
        return g_strdup(zero);
    size_t i = n_units - 1;
    while (value % units[i].factor != 0)
        i--;
    return g_strdup_printf("%" PRId64 "%s", value / units[i].factor, units[i].name);
}

char *
quantity_format_duration(int64_t us)
{
    return format(durations, G_N_ELEMENTS(durations), us, "0s");
}

char *
quantity_format_size(int64_t bytes)
{
    return format(sizes, G_N_ELEMENTS(sizes), bytes, "0B");
}

/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/quantity.h"

#include "base/error.h"

typedef bool (*Parse)(const char *text, int64_t *value, GError **error);

typedef struct {
    const char *text;
    int64_t value; /* -1 = refused */
} Case;

static void
check(Parse parse, const Case *cases, size_t n_cases)
{
    for (size_t i = 0; i < n_cases; i++) {
        g_autoptr(GError) error = NULL;
        int64_t value = -1;
        bool ok = parse(cases[i].text, &value, &error);
        if (ok != (cases[i].value != -1) || value != cases[i].value)
            g_error("\"%s\" gives %" G_GINT64_FORMAT, cases[i].text, value);
        if (!ok)
            g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE);
    }
}

static void
test_durations(void)
{
    static const Case cases[] = {
        {"60", 60000000},
        {"60s", 60000000},
        {"5min", 300000000},
        {"5 MIN", 300000000},
        {"2h", G_GINT64_CONSTANT(7200000000)},
        {"1d", G_GINT64_CONSTANT(86400000000)},
        {"500ms", 500000},
        {"1.5", 1500000},
        {"0.1s", 100000},
        {"0.000001", 1},
        {"0", 0},
        {"007", 7000000},
        {"", -1},
        {"-1", -1},
        {"+1", -1},
        {" 1", -1},
        {".5", -1},
        {"5m", -1},
        {"5 weeks", -1},
        {"1e3", -1},
        {"0x10", -1},
        {"0.0000001", -1},
        {"99999999999999999999", -1},
        {"9999999999d", -1},
        {"infinity", -1},
    };
    check(quantity_parse_duration, cases, G_N_ELEMENTS(cases));
}

static void
test_sizes(void)
{
    static const Case cases[] = {
        {"1000", 1000}, {"1kB", 1024}, {"1 mb", 1048576}, {"0.5GB", 536870912},
        {"7B", 7},      {"1TB", -1},   {"MB", -1},        {"9999999999999GB", -1},
    };
    check(quantity_parse_size, cases, G_N_ELEMENTS(cases));
}

static void
test_integers(void)
{
    static const Case cases[] = {
        {"0", 0}, {"100", 100}, {"-7", -7}, {"", -1}, {"1.0", -1}, {"1 ", -1}, {"1s", -1},
    };
    check(quantity_parse_integer, cases, G_N_ELEMENTS(cases));
}

static void
test_format(void)
{
    static const char *const durations[] = {"0s", "1us", "500ms", "90s", "1min", "2h", "3d"};
    static const char *const sizes[] = {"0B", "1B", "1536B", "1kB", "1MB", "2GB"};
    for (size_t i = 0; i < G_N_ELEMENTS(durations); i++) {
        int64_t us;
        g_assert_true(quantity_parse_duration(durations[i], &us, NULL));
        g_autofree char *text = quantity_format_duration(us);
        g_assert_cmpstr(text, ==, durations[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        int64_t bytes;
        g_assert_true(quantity_parse_size(sizes[i], &bytes, NULL));
        g_autofree char *text = quantity_format_size(bytes);
        g_assert_cmpstr(text, ==, sizes[i]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/quantity/durations", test_durations);
    g_test_add_func("/quantity/sizes", test_sizes);
    g_test_add_func("/quantity/integers", test_integers);
    g_test_add_func("/quantity/format", test_format);
    return g_test_run();
}

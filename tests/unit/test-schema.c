/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include <glib.h>
#include <string.h>

#include "base/error.h"
#include "store/schema.h"

static void
test_files(void)
{
    g_assert_cmpint(schema_latest(), >=, 1);
    for (int version = 1; version <= schema_latest(); version++) {
        const char *name = NULL;
        const char *text = schema_file(version, &name);
        g_autofree char *prefix = g_strdup_printf("%04d_", version);

        g_assert_true(g_str_has_prefix(name, prefix));
        g_assert_true(g_str_has_suffix(name, ".sql"));
        g_assert_cmpint((int)strlen(text), >, 0);
        g_assert_true(g_utf8_validate(text, -1, NULL));
    }
}

static void
test_versions(void)
{
    g_autofree char *latest = g_strdup_printf("%d", schema_latest());
    g_autofree char *newer = g_strdup_printf("%d", schema_latest() + 1);
    const struct {
        const char *setting;
        const char *reason; /* NULL: it can be read */
    } cases[] = {
        {latest, NULL},
        {"1", NULL},
        {newer, "install a newer pgalmanac"},
        {NULL, "do not say their version"},
        {"0", "unknown version \"0\""},
        {"-1", "unknown version"},
        {"", "unknown version"},
        {"4a", "unknown version"},
        {"99999999999999999999", "unknown version"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        int version = -1;

        g_assert_true(schema_read_version(cases[i].setting, &version, &error) ==
                      (cases[i].reason == NULL));
        if (cases[i].reason == NULL) {
            g_assert_no_error(error);
            continue;
        }
        g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SCHEMA);
        g_assert_nonnull(strstr(error->message, cases[i].reason));
        g_assert_cmpint(version, ==, -1);
    }
}

static void
test_current(void)
{
    g_autofree char *latest = g_strdup_printf("%d", schema_latest());
    g_autoptr(GError) error = NULL;

    g_assert_true(schema_is_current(latest, &error));
    g_assert_no_error(error);
    g_assert_false(schema_is_current(NULL, &error));
    g_clear_error(&error);
    if (schema_latest() > 1) {
        g_assert_false(schema_is_current("1", &error));
        g_assert_nonnull(strstr(error->message, "run pgalmanac setup"));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/schema/files", test_files);
    g_test_add_func("/schema/versions", test_versions);
    g_test_add_func("/schema/current", test_current);
    return g_test_run();
}

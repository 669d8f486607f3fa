/* SPDX-License-Identifier: PostgreSQL */
/* Any bytes as a configuration file: every line is read or refused with its number, and a number that was
 * read is shown as a text that means the same.
 *
 * fuzz-sources: src/base/conffile.c src/base/error.c src/base/quantity.c
 * fuzz-seeds: man/pgalmanac.conf.example tests/fuzz/settings/kinds.conf */
#ifndef PGALMANAC_SYSCONFDIR
#define PGALMANAC_SYSCONFDIR "/etc"
#endif
#include "base/settings-table.c" /* not linked, because it wants the lines above */

#include "base/conffile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_number(const Setting *setting, const Settings *settings)
{
    int64_t before, after;
    memcpy(&before, (const char *)settings + setting->field, sizeof before);
    g_assert(before >= setting->minimum && before <= setting->maximum);
    g_autofree char *text = format_number(setting, before);
    bool ok = parse_number(setting, text, &after, NULL);
    g_assert(ok && before == after);
}

static bool
on_entry(const char *name, const char *value, gpointer user_data, GError **error)
{
    Settings *settings = user_data;
    const Setting *setting = setting_find(name);
    g_assert(*name && !strchr(name, '='));
    if (!setting || !setting_set(setting, settings, value, "/", NULL))
        return true;

    g_assert(setting_is_equal(setting, settings, settings));
    if (setting->kind == SETTING_DURATION || setting->kind == SETTING_SIZE)
        check_number(setting, settings);
    if (setting->kind == SETTING_PATH) {
        const char *path = *CONST_FIELD(settings, setting, char *);
        g_assert(!path || g_path_is_absolute(path));
    }
    return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Settings settings = {0};
    g_autoptr(GError) error = NULL;
    bool ok = conffile_parse((const char *)data, size, "file", on_entry, &settings, &error);
    g_assert(ok == !error);
    g_assert(ok || g_str_has_prefix(error->message, "file:"));
    for (size_t i = 0; i < settings_table_length; i++)
        setting_clear(&settings_table[i], &settings);
    return 0;
}

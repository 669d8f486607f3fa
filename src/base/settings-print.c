/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/settings.h"

#include "base/settings-table.h"

static char *
option_text(const Setting *setting)
{
    g_autoptr(GString) text = g_string_new(NULL);
    if (setting->letter)
        g_string_append_printf(text, "-%c, --%s", setting->letter, setting->name);
    else
        g_string_append_printf(text, "    --%s", setting->name);
    if (setting->argument)
        g_string_append_printf(text, "=%s", setting->argument);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static bool
has_default_to_show(const Setting *setting)
{
    return setting->default_value && *setting->default_value && setting->kind != SETTING_FLAG;
}

void
settings_print_help(FILE *out)
{
    fprintf(out, "pgAlmanac runs jobs out of the tables of pgAgent.\n\n"
                 "Usage:\n"
                 "  pgalmanac [OPTION]... [CONNINFO]...      run the agent\n"
                 "  pgalmanac COMMAND [OPTION]...            see pgalmanac COMMAND --help\n\n"
                 "Options of the agent:\n");
    for (size_t i = 0; i < settings_table_length; i++) {
        const Setting *setting = &settings_table[i];
        g_autofree char *option = option_text(setting);
        fprintf(out, "  %-28s %s", option, setting->help);
        if (has_default_to_show(setting))
            fprintf(out, " (default %s)", setting->default_value);
        fputc('\n', out);
    }
    fprintf(out, "  %-28s %s\n  %-28s %s\n", "-v, -V, --version", "print the version and exit",
            "-h, -?, --help", "print this and exit");
    fprintf(out,
            "\nTimes are seconds or have a unit: 500ms, 60s, 5min, 2h, 1d. Sizes: 512kB, 1MB.\n"
            "The configuration file has lines \"name = value\" with the long names; "
            "the command line wins.\n");
}

void
settings_print_table(FILE *out)
{
    for (size_t i = 0; i < settings_table_length; i++) {
        const Setting *setting = &settings_table[i];
        fprintf(out, "%s\t%.*s\t%s\t%s\t%s\n", setting->name, setting->letter ? 1 : 0,
                &setting->letter, setting->argument ? setting->argument : "",
                setting->default_value ? setting->default_value : "", setting->help);
    }
}

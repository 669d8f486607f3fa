/* SPDX-License-Identifier: PostgreSQL */
/* The man page and the example configuration say all that the tables of settings and commands say. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conffile.h"
#include "base/settings-table.h"
#include "cli/cli.h"

static char *
read_source(const char *name)
{
    char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "..", "man", name, NULL);
    if (!g_file_get_contents(path, &text, NULL, &error))
        g_error("%s", error->message);
    return text;
}

static void
assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        g_error("the manual lacks \"%s\"", part);
}

/* The whole entry of one option: from its .It line to the next. */
static char *
find_entry(const char *page, const Setting *setting)
{
    g_autofree char *option =
        g_strdup_printf("Fl Fl %s%s", setting->name, setting->argument ? " Ns = Ns " : "\n");
    const char *at = strstr(page, option);
    if (!at)
        g_error("the manual lacks option --%s", setting->name);
    while (strncmp(at, "\n.It ", 5) != 0)
        at--;
    const char *end = strstr(at + 5, "\n.It ");
    return g_strndup(at, end ? (gsize)(end - at) : strlen(at));
}

static void
check_entry(const Setting *setting, const char *entry)
{
    g_autofree char *letter = g_strdup_printf("\n.It Fl %c ", setting->letter);
    g_autofree char *value = g_strdup_printf(".Cm %s .", setting->default_value);
    bool is_marked = strstr(entry, "\n* ") != NULL;
    if (setting->letter)
        assert_contains(entry, letter);
    if (setting->default_value && *setting->default_value && setting->kind != SETTING_FLAG &&
        setting->kind != SETTING_PATH)
        assert_contains(entry, value);
    if (is_marked != ((setting->traits & SETTING_RELOADABLE) != 0))
        g_error("the manual is wrong about whether --%s changes on a reload", setting->name);
}

static void
test_options(void)
{
    g_autofree char *page = read_source("pgalmanac.8");
    for (size_t i = 0; i < settings_table_length; i++) {
        g_autofree char *entry = find_entry(page, &settings_table[i]);
        check_entry(&settings_table[i], entry);
    }
}

static void
test_commands(void)
{
    char *list = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&list, &length);
    cli_print_commands(out);
    fclose(out);

    g_autofree char *page = read_source("pgalmanac.1");
    g_auto(GStrv) lines = g_strsplit(g_strchomp(list), "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), >, 0);
    for (char **line = lines; *line; line++) {
        g_autofree char *word = g_strndup(*line + 2, strcspn(*line + 2, " "));
        g_autofree char *entry = g_strdup_printf("\n.It Cm %s", word);
        assert_contains(page, entry);
    }
    free(list);
}

typedef struct {
    Settings expected, found;
    GString *seen;
} Example;

/* Each line of the example shows the default. */
static bool
on_line(const char *name, const char *value, gpointer user_data, GError **error)
{
    Example *self = user_data;
    const Setting *setting = setting_find(name);
    if (!setting)
        g_error("the example has \"%s\", which is no setting", name);
    const char *expected = setting->default_value ? setting->default_value : "";
    g_assert_true(setting_set(setting, &self->expected, expected, "/", NULL));
    g_assert_true(setting_set(setting, &self->found, value, "/", NULL));
    if (!setting_is_equal(setting, &self->expected, &self->found))
        g_error("the example shows another default of \"%s\" than %s", name, expected);
    g_string_append_printf(self->seen, "<%s>", name);
    return true;
}

static void
test_example(void)
{
    Example example = {.seen = g_string_new(NULL)};
    g_autoptr(GError) error = NULL;
    g_autofree char *text = read_source("pgalmanac.conf.example");
    g_autoptr(GRegex) regex = g_regex_new("^#(?=[a-z])", G_REGEX_MULTILINE, 0, NULL);
    g_autofree char *active = g_regex_replace(regex, text, -1, 0, "", 0, NULL);
    g_assert_true(conffile_parse(active, strlen(active), "example", on_line, &example, &error));

    for (size_t i = 0; i < settings_table_length; i++) {
        const Setting *setting = &settings_table[i];
        g_autofree char *entry = g_strdup_printf("<%s>", setting->name);
        if (!(setting->traits & SETTING_ONLY_COMMAND_LINE) && !strstr(example.seen->str, entry))
            g_error("the example lacks \"%s\"", setting->name);
        setting_clear(setting, &example.expected);
        setting_clear(setting, &example.found);
    }
    g_string_free(example.seen, TRUE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manual/options", test_options);
    g_test_add_func("/manual/commands", test_commands);
    g_test_add_func("/manual/example", test_example);
    return g_test_run();
}

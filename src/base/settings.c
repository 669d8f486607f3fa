/* SPDX-License-Identifier: PostgreSQL */
/* Loading is the same at the start and on a reload: defaults, then the file, then the command line again,
 * except that the command line is read first, because it names the file. */
#include "config.h"

#include "base/settings.h"

#include <string.h>

#include "base/conffile.h"
#include "base/error.h"
#include "base/settings-table.h"

typedef struct {
    Settings *settings;
    bool *is_given;  /* by index in the table: said on the command line */
    GString *words;  /* of the connection string */
    char *directory; /* where relative paths begin */
    SettingsRequest request;
} Loading;

static void
loading_clear(Loading *self)
{
    settings_free(self->settings);
    g_free(self->is_given);
    g_free(self->directory);
    g_string_free(self->words, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Loading, loading_clear)

static bool
set_option(Loading *self, const Setting *setting, const char *shown, const char *value,
           GError **error)
{
    if (!setting_set(setting, self->settings, value, self->directory, error)) {
        g_prefix_error(error, "option %s: ", shown);
        return false;
    }
    self->is_given[setting - settings_table] = true;
    return true;
}

/* The request that an option stands for; false if it is none. pgAgent's -v is the version. */
static bool
find_request(const char *word, SettingsRequest *request)
{
    static const struct {
        const char *word;
        SettingsRequest request;
    } requests[] = {
        {"-h", SETTINGS_HELP},    {"-?", SETTINGS_HELP},    {"--help", SETTINGS_HELP},
        {"-v", SETTINGS_VERSION}, {"-V", SETTINGS_VERSION}, {"--version", SETTINGS_VERSION},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        if (g_str_equal(word, requests[i].word)) {
            *request = requests[i].request;
            return true;
        }
    }
    return false;
}

/* One option with its argument: "--name value", "--name=value", "-n value" or "-nvalue".
 * Moves *next on if it takes the next word. */
static bool
read_option(Loading *self, char **words, size_t *next, GError **error)
{
    const char *word = words[*next - 1];
    bool is_long = word[1] == '-';
    size_t length = is_long ? strcspn(word, "=") : 2;
    g_autofree char *shown = g_strndup(word, length);
    const char *attached = is_long && word[length] == '=' ? word + length + 1
                           : !is_long && word[length]     ? word + length
                                                          : NULL;

    const Setting *setting = is_long ? setting_find(shown + 2) : setting_find_letter(word[1]);
    if (!setting) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                    "there is no option %s; pgalmanac --help lists them", shown);
        return false;
    }

    if (setting->kind == SETTING_FLAG && !attached)
        return set_option(self, setting, shown, "on", error);
    if (setting->kind == SETTING_FLAG) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE, "option %s takes no argument",
                    shown);
        return false;
    }
    const char *value = attached ? attached : words[*next];
    if (!value) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE, "option %s needs an argument: %s",
                    shown, setting->argument);
        return false;
    }
    if (!attached)
        ++*next;
    return set_option(self, setting, shown, value, error);
}

static void
add_word(Loading *self, const char *word)
{
    if (self->words->len > 0)
        g_string_append_c(self->words, ' ');
    g_string_append(self->words, word);
}

static bool
is_conninfo(const char *text)
{
    return strchr(text, '=') || strstr(text, "://");
}

static bool
take_words(Loading *self, GError **error)
{
    const Setting *conninfo = setting_find("conninfo");
    if (self->words->len == 0)
        return true;
    /* A mistyped command, most likely, or one after options. */
    if (!is_conninfo(self->words->str)) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                    "\"%s\" is neither a connection string nor a command in the first place: "
                    "pgalmanac COMMAND [OPTION...]",
                    self->words->str);
        return false;
    }
    if (self->is_given[conninfo - settings_table]) {
        g_set_error_literal(
            error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
            "the connection string is given twice: by option -d and by plain words");
        return false;
    }
    return set_option(self, conninfo, "-d", self->words->str, error);
}

static bool
read_command_line(Loading *self, char **words, GError **error)
{
    bool only_words = false;
    size_t next = words[0] ? 1 : 0;
    while (words[next]) {
        const char *word = words[next++];
        if (only_words || word[0] != '-' || !word[1])
            add_word(self, word);
        else if (g_str_equal(word, "--"))
            only_words = true;
        else if (find_request(word, &self->request))
            return true;
        else if (!read_option(self, words, &next, error))
            return false;
    }
    return take_words(self, error);
}

static bool
on_file_entry(const char *name, const char *value, gpointer user_data, GError **error)
{
    Loading *self = user_data;
    const Setting *setting = setting_find(name);
    if (!setting) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE, "there is no setting \"%s\"", name);
        return false;
    }
    if (setting->traits & SETTING_ONLY_COMMAND_LINE) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                    "\"%s\" can be set on the command line only", name);
        return false;
    }

    /* A wrong value is an error even where the command line wins: tomorrow it may not. */
    Settings unused = {0};
    bool is_given = self->is_given[setting - settings_table];
    bool ok =
        setting_set(setting, is_given ? &unused : self->settings, value, self->directory, error);
    setting_clear(setting, &unused);
    if (!ok)
        g_prefix_error(error, "%s: ", name);
    return ok;
}

static bool
read_file(Loading *self, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) reason = NULL;
    gsize length;
    const char *path = self->settings->config_file;
    bool is_named = self->is_given[setting_find("config") - settings_table];
    if (!g_file_test(path, G_FILE_TEST_EXISTS) && !is_named)
        return true;
    if (g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                    "configuration file \"%s\" is not a regular file", path);
        return false;
    }
    if (!g_file_get_contents(path, &text, &length, &reason)) {
        /* GLib names the file, too. */
        const char *why = strrchr(reason->message, ':');
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                    "could not read configuration file \"%s\": %s", path,
                    why != NULL ? why + 2 : reason->message);
        return false;
    }

    g_free(self->directory);
    self->directory = g_path_get_dirname(path);
    return conffile_parse(text, length, path, on_file_entry, self, error);
}

static void
set_defaults(Settings *self)
{
    for (size_t i = 0; i < settings_table_length; i++) {
        const Setting *setting = &settings_table[i];
        if (setting->default_value &&
            !setting_set(setting, self, setting->default_value, "/", NULL))
            g_error("the default of setting \"%s\" is not allowed", setting->name);
    }
}

/* A bare word is the name of a database, as in psql -d. */
static char *
conninfo_from_database(const char *name)
{
    g_autoptr(GString) text = g_string_new("dbname='");
    for (const char *c = name; *c; c++) {
        if (*c == '\'' || *c == '\\')
            g_string_append_c(text, '\\');
        g_string_append_c(text, *c);
    }
    g_string_append_c(text, '\'');
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* What only means something once file and command line have had their say. */
static void
fill_gaps(Settings *self)
{
    if (!self->conninfo)
        self->conninfo = g_strdup("");
    if (*self->conninfo && !is_conninfo(self->conninfo)) {
        char *conninfo = conninfo_from_database(self->conninfo);
        g_free(self->conninfo);
        self->conninfo = conninfo;
    }
    if (!self->name)
        self->name = g_strdup(g_get_host_name());
}

static Settings *
load(char **arguments, const char *directory, SettingsRequest *request, GError **error)
{
    g_auto(Loading) self = {
        .settings = g_new0(Settings, 1),
        .is_given = g_new0(bool, settings_table_length),
        .words = g_string_new(NULL),
        .directory = g_strdup(directory),
        .request = SETTINGS_RUN,
    };
    self.settings->arguments = g_strdupv(arguments);
    self.settings->directory = g_strdup(directory);
    self.settings->needs_restart = g_new0(char *, 1);
    set_defaults(self.settings);

    if (!read_command_line(&self, arguments, error))
        return NULL;
    if (self.request == SETTINGS_RUN && !read_file(&self, error))
        return NULL;
    fill_gaps(self.settings);
    *request = self.request;
    return g_steal_pointer(&self.settings);
}

Settings *
settings_load(int argc, char **argv, SettingsRequest *request, GError **error)
{
    g_autofree char *directory = g_get_current_dir();
    g_auto(GStrv) arguments = g_new0(char *, (gsize)argc + 1);
    for (int i = 0; i < argc; i++)
        arguments[i] = g_strdup(argv[i]);
    return load(arguments, directory, request, error);
}

Settings *
settings_reload(const Settings *running, GError **error)
{
    SettingsRequest request;
    g_autoptr(Settings) self = load(running->arguments, running->directory, &request, error);
    if (!self)
        return NULL;

    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (size_t i = 0; i < settings_table_length; i++) {
        const Setting *setting = &settings_table[i];
        if (setting->traits & SETTING_RELOADABLE || setting_is_equal(setting, self, running))
            continue;
        g_ptr_array_add(names, g_strdup(setting->name));
        setting_copy(setting, self, running);
    }
    g_ptr_array_add(names, NULL);
    g_strfreev(self->needs_restart);
    self->needs_restart = (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
    return g_steal_pointer(&self);
}

void
settings_free(Settings *self)
{
    if (!self)
        return;
    for (size_t i = 0; i < settings_table_length; i++)
        setting_clear(&settings_table[i], self);
    g_strfreev(self->arguments);
    g_free(self->directory);
    g_strfreev(self->needs_restart);
    g_free(self);
}

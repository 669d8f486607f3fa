/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/settings.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/settings-table.h"

typedef struct {
    char *directory;
    char *file;
} Fixture;

static void
set_up(Fixture *self, gconstpointer data)
{
    self->directory = g_dir_make_tmp("almanac-settings-XXXXXX", NULL);
    self->file = g_build_filename(self->directory, "test.conf", NULL);
}

static void
tear_down(Fixture *self, gconstpointer data)
{
    g_unlink(self->file);
    g_rmdir(self->directory);
    g_free(self->directory);
    g_free(self->file);
}

static void
write_file(Fixture *self, const char *text)
{
    g_assert_true(g_file_set_contents(self->file, text, -1, NULL));
}

/* The command line is words separated by '|'. */
static Settings *
load(const char *line, SettingsRequest *request, GError **error)
{
    SettingsRequest unused;
    g_autofree char *whole = g_strconcat("pgalmanac|", line, NULL);
    g_auto(GStrv) words = g_strsplit(*line ? whole : "pgalmanac", "|", -1);
    return settings_load((int)g_strv_length(words), words, request ? request : &unused, error);
}

static Settings *
load_file(Fixture *self, const char *line, const char *text, GError **error)
{
    g_autofree char *with_file = g_strconcat("--config=", self->file, *line ? "|" : "", line, NULL);
    write_file(self, text);
    return load(with_file, NULL, error);
}

static void
test_defaults(void)
{
    g_autoptr(GError) error = NULL;
    SettingsRequest request = SETTINGS_HELP;
    g_autoptr(Settings) settings = load("", &request, &error);
    g_assert_no_error(error);
    g_assert_cmpint(request, ==, SETTINGS_RUN);
    g_assert_cmpstr(settings->conninfo, ==, "");
    g_assert_cmpstr(settings->config_file, ==, PGALMANAC_SYSCONFDIR "/pgalmanac/pgalmanac.conf");
    g_assert_cmpstr(settings->name, ==, g_get_host_name());
    g_assert_false(settings->foreground);
    g_assert_cmpint(settings->poll_us, ==, 10 * CLOCK_US_PER_SECOND);
    g_assert_cmpint(settings->retry_us, ==, 30 * CLOCK_US_PER_SECOND);
    g_assert_cmpint(settings->lease_us, ==, 30 * CLOCK_US_PER_SECOND);
    g_assert_null(settings->log_file);
    g_assert_cmpint(settings->log_level, ==, 0);
    g_assert_cmpint(settings->grace_us, ==, 60 * CLOCK_US_PER_SECOND);
    g_assert_null(settings->pid_file);
    g_assert_null(settings->private_dir);
    g_assert_true(settings->batch);
    g_assert_null(settings->batch_user);
    g_assert_cmpint(settings->max_runs, ==, 100);
    g_assert_cmpint(settings->max_connections, ==, 20);
    g_assert_cmpint(settings->connect_timeout_us, ==, 10 * CLOCK_US_PER_SECOND);
    g_assert_cmpint(settings->output_limit, ==, 1024 * 1024);
}

/* pgAgent's own command lines. */
static void
test_pgagent(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Settings) settings = load(
        "-f|-t|5|-r60|-s|/tmp/a.log|-l|2|hostaddr=127.0.0.1|dbname=postgres|user=u", NULL, &error);
    g_assert_no_error(error);
    g_assert_true(settings->foreground);
    g_assert_cmpint(settings->poll_us, ==, 5 * CLOCK_US_PER_SECOND);
    g_assert_cmpint(settings->retry_us, ==, 60 * CLOCK_US_PER_SECOND);
    g_assert_cmpstr(settings->log_file, ==, "/tmp/a.log");
    g_assert_cmpint(settings->log_level, ==, 2);
    g_assert_cmpstr(settings->conninfo, ==, "hostaddr=127.0.0.1 dbname=postgres user=u");
}

static void
test_words(void)
{
    static const struct {
        const char *line;
        const char *conninfo;
    } cases[] = {
        {"postgresql://u@h/db?sslmode=require", "postgresql://u@h/db?sslmode=require"},
        {"dbname=a|-f|user=b", "dbname=a user=b"},
        {"--|-f|x=1", "-f x=1"},
        {"-d|dbname=c", "dbname=c"},
        {"-d|it's", "dbname='it\\'s'"},
        {"--conninfo=dbname=c", "dbname=c"},
        {"-ddbname=c", "dbname=c"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Settings) settings = load(cases[i].line, NULL, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(settings->conninfo, ==, cases[i].conninfo);
    }
}

static void
test_requests(void)
{
    static const struct {
        const char *line;
        SettingsRequest request;
    } cases[] = {
        {"-v", SETTINGS_VERSION},
        {"-V", SETTINGS_VERSION},
        {"--version", SETTINGS_VERSION},
        {"--help", SETTINGS_HELP},
        {"-h", SETTINGS_HELP},
        {"-?", SETTINGS_HELP},
        {"-f|-l|1|--help", SETTINGS_HELP},
        {"--|--help=1", SETTINGS_RUN},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        SettingsRequest request;
        g_autoptr(Settings) settings = load(cases[i].line, &request, &error);
        g_assert_no_error(error);
        g_assert_nonnull(settings);
        g_assert_cmpint(request, ==, cases[i].request);
    }
}

static void
test_wrong_options(void)
{
    static const struct {
        const char *line;
        const char *message;
    } cases[] = {
        {"--frobnicate=7", "there is no option --frobnicate; pgalmanac --help lists them"},
        {"-x", "there is no option -x; pgalmanac --help lists them"},
        {"-t", "option -t needs an argument: SECONDS"},
        {"--max-runs", "option --max-runs needs an argument: N"},
        {"--foreground=on", "option --foreground takes no argument"},
        {"-t|soon",
         "option -t: \"soon\" is not a number with one of the units us, ms, s, min, h, d"},
        {"-t|5m", "option -t: \"5m\" has an unknown unit: allowed are us, ms, s, min, h, d"},
        {"-r|500ms", "option -r: \"500ms\" is out of range: allowed are 1s to 1h"},
        {"-l|3", "option -l: \"3\" is out of range: allowed are 0 to 2"},
        {"--max-runs=many", "option --max-runs: \"many\" is not a whole number"},
        {"--output-limit=1",
         "option --output-limit: \"1\" is out of range: allowed are 1kB to 256MB"},
        {"--batch=maybe", "option --batch: \"maybe\" is neither on nor off"},
        {"statsu", "\"statsu\" is neither a connection string nor a command in the first place: "
                   "pgalmanac COMMAND [OPTION...]"},
        {"-d|dbname=a|status", "\"status\" is neither a connection string nor a command in the "
                               "first place: pgalmanac COMMAND [OPTION...]"},
        {"-d|dbname=a|user=b",
         "the connection string is given twice: by option -d and by plain words"},
        {"--config=/nonexistent/x.conf",
         "could not read configuration file \"/nonexistent/x.conf\": No such file or directory"},
        {"--config=/tmp", "configuration file \"/tmp\" is not a regular file"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Settings) settings = load(cases[i].line, NULL, &error);
        g_assert_null(settings);
        g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE);
        g_assert_cmpstr(error->message, ==, cases[i].message);
    }
}

static void
test_file(Fixture *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Settings) settings = load_file(self, "--max-runs=7",
                                             "# test\n"
                                             "conninfo = 'host=/tmp password=''a b'''\n"
                                             "max-runs = 50\n"
                                             "max_connections = 4\n"
                                             "grace = 5min   # long\n"
                                             "batch = off\n"
                                             "foreground = on\n"
                                             "log-file = 'logs/a.log'\n",
                                             &error);
    g_assert_no_error(error);
    g_assert_cmpstr(settings->conninfo, ==, "host=/tmp password='a b'");
    g_assert_cmpint(settings->max_runs, ==, 7);
    g_assert_cmpint(settings->max_connections, ==, 4);
    g_assert_cmpint(settings->grace_us, ==, 300 * CLOCK_US_PER_SECOND);
    g_assert_false(settings->batch);
    g_assert_true(settings->foreground);
    g_autofree char *log_file = g_build_filename(self->directory, "logs/a.log", NULL);
    g_assert_cmpstr(settings->log_file, ==, log_file);
}

static void
test_command_line_wins(Fixture *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Settings) settings =
        load_file(self, "dbname=words", "conninfo = dbname=file\n", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(settings->conninfo, ==, "dbname=words");
}

static void
test_wrong_file(Fixture *self, gconstpointer data)
{
    static const struct {
        const char *text;
        const char *message; /* after the file's name */
    } cases[] = {
        {"\nmax-run = 5\n", ":2: there is no setting \"max-run\""},
        {"max-runs = 0", ":1: max-runs: \"0\" is out of range: allowed are 1 to 10000"},
        {"grace = 1 fortnight",
         ":1: grace: \"1 fortnight\" has an unknown unit: allowed are us, ms, s, min, h, d"},
        {"config = x", ":1: \"config\" can be set on the command line only"},
        /* Said on the command line too, where it wins: still an error. */
        {"batch = perhaps", ":1: batch: \"perhaps\" is neither on nor off"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Settings) settings = load_file(self, "--batch=on", cases[i].text, &error);
        g_autofree char *message = g_strconcat(self->file, cases[i].message, NULL);
        g_assert_null(settings);
        g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE);
        g_assert_cmpstr(error->message, ==, message);
    }
}

static void
test_reload(Fixture *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Settings) running = load_file(self, "-t|3|dbname=words",
                                            "max-runs = 5\npoll-interval = 20\nname = a\n", &error);
    g_assert_no_error(error);

    write_file(self, "max-runs = 6\npoll-interval = 40\nname = b\nlog-file = /tmp/x\n"
                     "conninfo = dbname=file\n");
    g_autoptr(Settings) fresh = settings_reload(running, &error);
    g_assert_no_error(error);
    g_assert_cmpint(fresh->max_runs, ==, 6);
    g_assert_cmpint(fresh->poll_us, ==, 3 * CLOCK_US_PER_SECOND);
    g_assert_cmpstr(fresh->conninfo, ==, "dbname=words");
    g_assert_cmpstr(fresh->name, ==, "a");
    g_assert_null(fresh->log_file);
    g_autofree char *names = g_strjoinv(" ", fresh->needs_restart);
    g_assert_cmpstr(names, ==, "name log-file");

    write_file(self, "max-runs = 7\n");
    g_autoptr(Settings) third = settings_reload(fresh, &error);
    g_assert_no_error(error);
    g_assert_cmpint(third->max_runs, ==, 7);

    write_file(self, "max-runs = oops\n");
    g_assert_null(settings_reload(third, &error));
    g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE);
    g_assert_cmpint(third->max_runs, ==, 7);
}

/* A daemon has changed its directory when it reloads. */
static void
test_relative_paths(Fixture *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *before = g_get_current_dir();
    write_file(self, "max-runs = 5\n");
    g_assert_cmpint(g_chdir(self->directory), ==, 0);
    g_autofree char *directory = g_get_current_dir();
    g_autoptr(Settings) running = load("--config=test.conf|-s|a.log", NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpint(g_chdir("/"), ==, 0);

    g_autoptr(Settings) fresh = settings_reload(running, &error);
    g_assert_no_error(error);
    g_autofree char *log_file = g_build_filename(directory, "a.log", NULL);
    g_assert_cmpstr(fresh->log_file, ==, log_file);
    g_assert_cmpint(g_chdir(before), ==, 0);
}

static char *
printed(void (*print)(FILE *))
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    print(out);
    fclose(out);
    return text;
}

static void
test_help(void)
{
    char *help = printed(settings_print_help), *table = printed(settings_print_table);
    for (size_t i = 0; i < settings_table_length; i++) {
        g_autofree char *option = g_strconcat("--", settings_table[i].name, NULL);
        g_autofree char *line = g_strconcat(settings_table[i].name, "\t", NULL);
        g_assert_nonnull(strstr(help, option));
        g_assert_nonnull(strstr(table, line));
    }
    free(help);
    free(table);
}

static void
test_table(void)
{
    for (size_t i = 0; i < settings_table_length; i++) {
        const Setting *setting = &settings_table[i];
        g_assert_true(setting_find(setting->name) == setting);
        if (setting->letter)
            g_assert_true(setting_find_letter(setting->letter) == setting);
        g_assert_cmpint(setting->kind == SETTING_FLAG, ==, !setting->argument);
        g_assert_null(strpbrk(setting->help, "\t\n"));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/settings/defaults", test_defaults);
    g_test_add_func("/settings/pgagent", test_pgagent);
    g_test_add_func("/settings/words", test_words);
    g_test_add_func("/settings/requests", test_requests);
    g_test_add_func("/settings/wrong-options", test_wrong_options);
    g_test_add("/settings/file", Fixture, NULL, set_up, test_file, tear_down);
    g_test_add("/settings/command-line-wins", Fixture, NULL, set_up, test_command_line_wins,
               tear_down);
    g_test_add("/settings/wrong-file", Fixture, NULL, set_up, test_wrong_file, tear_down);
    g_test_add("/settings/reload", Fixture, NULL, set_up, test_reload, tear_down);
    g_test_add("/settings/relative-paths", Fixture, NULL, set_up, test_relative_paths, tear_down);
    g_test_add_func("/settings/help", test_help);
    g_test_add_func("/settings/table", test_table);
    return g_test_run();
}

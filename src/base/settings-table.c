/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/settings-table.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/quantity.h"

#define MS     CLOCK_US_PER_MS
#define SECOND CLOCK_US_PER_SECOND
#define HOUR   (3600 * CLOCK_US_PER_SECOND)
#define DAY    (24 * HOUR)
#define KB     (INT64_C(1) << 10)
#define MB     (INT64_C(1) << 20)
#define AT(m)  offsetof(Settings, m)

/* The letters f t r s l (and v, which asks for the version) are pgAgent's. */
const Setting settings_table[] = {
    {"conninfo", 'd', "CONNINFO", SETTING_TEXT, AT(conninfo), "", 0, 0, 0,
     "the database with the tables: \"name=value ...\" or a URI; also as plain words"},
    {"config", 0, "FILE", SETTING_PATH, AT(config_file),
     PGALMANAC_SYSCONFDIR "/pgalmanac/pgalmanac.conf", 0, 0, SETTING_ONLY_COMMAND_LINE,
     "configuration file"},
    {"name", 0, "NAME", SETTING_TEXT, AT(name), NULL, 0, 0, 0,
     "name of this agent; the host name by default"},
    {"foreground", 'f', NULL, SETTING_FLAG, AT(foreground), "off", 0, 0, 0,
     "run in the foreground: do not detach from the terminal"},
    {"poll-interval", 't', "SECONDS", SETTING_DURATION, AT(poll_us), "10s", 100 * MS, HOUR,
     SETTING_RELOADABLE, "longest time between two looks for jobs that are due"},
    {"retry-interval", 'r', "SECONDS", SETTING_DURATION, AT(retry_us), "30s", SECOND, HOUR,
     SETTING_RELOADABLE, "longest time between two attempts to connect"},
    {"lease", 0, "SECONDS", SETTING_DURATION, AT(lease_us), "30s", 3 * SECOND, HOUR, 0,
     "how long other agents take this one for alive after its last sign of life"},
    {"log-file", 's', "FILE", SETTING_PATH, AT(log_file), "", 0, 0, 0,
     "log to this file instead of standard error or the journal"},
    {"log-level", 'l', "LEVEL", SETTING_INTEGER, AT(log_level), "0", 0, 2, SETTING_RELOADABLE,
     "what is logged: 0 errors, 1 warnings too, 2 everything"},
    {"pid-file", 0, "FILE", SETTING_PATH, AT(pid_file), "", 0, 0, 0,
     "write the process id to this file, and refuse to start a second time"},
    {"private", 0, "DIR", SETTING_PATH, AT(private_dir), "", 0, 0, 0,
     "start a PostgreSQL of our own in this directory and run on it"},
    {"grace", 0, "TIME", SETTING_DURATION, AT(grace_us), "1min", 0, DAY, SETTING_RELOADABLE,
     "how long running steps may go on after the request to stop"},
    {"batch", 0, "on|off", SETTING_SWITCH, AT(batch), "on", 0, 0, SETTING_RELOADABLE,
     "whether this agent runs batch steps"},
    {"batch-user", 0, "NAME", SETTING_TEXT, AT(batch_user), "", 0, 0, SETTING_RELOADABLE,
     "run batch steps as this user; needed to run them at all when started as root"},
    {"max-runs", 0, "N", SETTING_INTEGER, AT(max_runs), "100", 1, 10000, SETTING_RELOADABLE,
     "how many jobs may run here at once"},
    {"max-connections", 0, "N", SETTING_INTEGER, AT(max_connections), "20", 1, 10000,
     SETTING_RELOADABLE, "how many connections steps may use to one server"},
    {"connect-timeout", 0, "TIME", SETTING_DURATION, AT(connect_timeout_us), "10s", 100 * MS, HOUR,
     SETTING_RELOADABLE, "time limit of one attempt to connect to one address"},
    {"output-limit", 0, "SIZE", SETTING_SIZE, AT(output_limit), "1MB", KB, 256 * MB,
     SETTING_RELOADABLE, "how much of a step's output is kept in its log row"},
};
const size_t settings_table_length = G_N_ELEMENTS(settings_table);

#define FIELD(settings, setting, type) ((type *)((char *)(settings) + (setting)->field))
#define CONST_FIELD(settings, setting, type)                                                       \
    ((const type *)((const char *)(settings) + (setting)->field))

const Setting *
setting_find(const char *name)
{
    g_autofree char *hyphens = g_strdelimit(g_strdup(name), "_", '-');
    for (size_t i = 0; i < settings_table_length; i++) {
        if (g_str_equal(settings_table[i].name, hyphens))
            return &settings_table[i];
    }
    return NULL;
}

const Setting *
setting_find_letter(char letter)
{
    for (size_t i = 0; letter && i < settings_table_length; i++) {
        if (settings_table[i].letter == letter)
            return &settings_table[i];
    }
    return NULL;
}

static bool
parse_switch(const char *text, bool *value, GError **error)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"on", true},  {"off", false}, {"true", true}, {"false", false},
                 {"yes", true}, {"no", false},  {"1", true},    {"0", false}};

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_ascii_strcasecmp(text, words[i].word) == 0) {
            *value = words[i].value;
            return true;
        }
    }
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE, "\"%s\" is neither on nor off", text);
    return false;
}

static char *
format_number(const Setting *self, int64_t value)
{
    if (self->kind == SETTING_DURATION)
        return quantity_format_duration(value);
    if (self->kind == SETTING_SIZE)
        return quantity_format_size(value);
    return g_strdup_printf("%" PRId64, value);
}

static bool
parse_number(const Setting *self, const char *text, int64_t *value, GError **error)
{
    int64_t parsed;
    bool ok = self->kind == SETTING_DURATION ? quantity_parse_duration(text, &parsed, error)
              : self->kind == SETTING_SIZE   ? quantity_parse_size(text, &parsed, error)
                                             : quantity_parse_integer(text, &parsed, error);
    if (!ok)
        return false;
    if (parsed < self->minimum || parsed > self->maximum) {
        g_autofree char *minimum = format_number(self, self->minimum);
        g_autofree char *maximum = format_number(self, self->maximum);
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                    "\"%s\" is out of range: allowed are %s to %s", text, minimum, maximum);
        return false;
    }
    *value = parsed;
    return true;
}

static void
set_text(const Setting *self, Settings *settings, char *text)
{
    char **field = FIELD(settings, self, char *);
    g_free(*field);
    *field = text;
}

bool
setting_set(const Setting *self, Settings *settings, const char *text, const char *directory,
            GError **error)
{
    int64_t number;
    switch (self->kind) {
    case SETTING_FLAG:
    case SETTING_SWITCH:
        return parse_switch(text, FIELD(settings, self, bool), error);
    case SETTING_INTEGER:
        if (!parse_number(self, text, &number, error))
            return false;
        *FIELD(settings, self, int) = (int)number;
        return true;
    case SETTING_SIZE:
    case SETTING_DURATION:
        return parse_number(self, text, FIELD(settings, self, int64_t), error);
    case SETTING_TEXT:
        set_text(self, settings, *text ? g_strdup(text) : NULL);
        return true;
    case SETTING_PATH:
        set_text(self, settings, *text ? g_canonicalize_filename(text, directory) : NULL);
        return true;
    }
    g_return_val_if_reached(false);
}

bool
setting_is_equal(const Setting *self, const Settings *one, const Settings *other)
{
    switch (self->kind) {
    case SETTING_FLAG:
    case SETTING_SWITCH:
        return *CONST_FIELD(one, self, bool) == *CONST_FIELD(other, self, bool);
    case SETTING_INTEGER:
        return *CONST_FIELD(one, self, int) == *CONST_FIELD(other, self, int);
    case SETTING_SIZE:
    case SETTING_DURATION:
        return *CONST_FIELD(one, self, int64_t) == *CONST_FIELD(other, self, int64_t);
    case SETTING_TEXT:
    case SETTING_PATH:
        return g_strcmp0(*CONST_FIELD(one, self, char *), *CONST_FIELD(other, self, char *)) == 0;
    }
    g_return_val_if_reached(false);
}

void
setting_copy(const Setting *self, Settings *to, const Settings *from)
{
    switch (self->kind) {
    case SETTING_FLAG:
    case SETTING_SWITCH:
        *FIELD(to, self, bool) = *CONST_FIELD(from, self, bool);
        return;
    case SETTING_INTEGER:
        *FIELD(to, self, int) = *CONST_FIELD(from, self, int);
        return;
    case SETTING_SIZE:
    case SETTING_DURATION:
        *FIELD(to, self, int64_t) = *CONST_FIELD(from, self, int64_t);
        return;
    case SETTING_TEXT:
    case SETTING_PATH:
        set_text(self, to, g_strdup(*CONST_FIELD(from, self, char *)));
        return;
    }
}

void
setting_clear(const Setting *self, Settings *settings)
{
    if (self->kind == SETTING_TEXT || self->kind == SETTING_PATH)
        set_text(self, settings, NULL);
}

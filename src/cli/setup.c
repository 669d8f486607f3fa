/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/setup.h"

#include <string.h>

#include "base/error.h"
#include "cli/adopt.h"
#include "cli/cli.h"
#include "cli/home.h"
#include "cli/schema-script.h"
#include "cli/session.h"
#include "store/identity.h"
#include "store/schema.h"
#include "store/sql.h"

/* What is there before setup does anything. */
typedef struct {
    int version;                      /* 0: no tables of ours */
    bool is_pgagent;                  /* but a pgAgent's */
    char *timezone;                   /* the setting; NULL: no tables */
    char *server_timezone;            /* what the server would take */
    const char *server_timezone_from; /* "the server's", … */
    char *home;                       /* the setting identity; NULL: none */
} Found;

static void
found_clear(Found *self)
{
    g_free(self->timezone);
    g_free(self->server_timezone);
    g_free(self->home);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Found, found_clear)

void
setup_report_free(SetupReport *self)
{
    if (self == NULL)
        return;
    g_free(self->place);
    g_ptr_array_unref(self->files);
    g_free(self->timezone);
    g_free(self->identity);
    adopt_report_free(self->adoption);
    g_string_free(self->sql, TRUE);
    g_free(self);
}

static SetupReport *
report_new(void)
{
    SetupReport *self = g_new0(SetupReport, 1);

    self->files = g_ptr_array_new();
    self->sql = g_string_new(NULL);
    return self;
}

static bool
read_settings(CliSession *session, Found *found, GError **error)
{
    g_autoptr(PGresult) result =
        cli_session_query(session, sql_query("schema_settings"), NULL, error);

    if (result == NULL)
        return false;
    if (!schema_read_version(cli_result_text(result, 0, 0), &found->version, error))
        return false;
    found->timezone = g_strdup(cli_result_text(result, 0, 1));
    return cli_home_kept(session, &found->home, error);
}

/* Who set the session's time zone, which sessions of a pgAgent or pgAdmin had, too; source: as in pg_settings. */
static const char *
name_source(const char *source)
{
    if (g_strcmp0(source, "database") == 0)
        return "this database's";
    if (g_strcmp0(source, "user") == 0)
        return "this role's";
    if (g_strcmp0(source, "database user") == 0)
        return "this role's in this database";
    if (g_strcmp0(source, "function") == 0)
        return "that in which pga_next_schedule plans";
    if (g_strcmp0(source, "client") == 0)
        return "the connection string's";
    return "the server's";
}

static bool
look(CliSession *session, Found *found, GError **error)
{
    g_autoptr(PGresult) result = cli_session_query(session, sql_query("schema_state"), NULL, error);

    if (result == NULL)
        return false;
    bool has_setting = cli_result_text(result, 0, 0)[0] == 't';
    bool has_job = cli_result_text(result, 0, 1)[0] == 't';
    found->server_timezone = g_strdup(cli_result_text(result, 0, 2));
    found->server_timezone_from = name_source(cli_result_text(result, 0, 3));

    if (has_setting)
        return read_settings(session, found, error);
    found->is_pgagent = has_job;
    return true;
}

/* Settles the time zone before anything is changed, in its proper spelling. */
static bool
choose_timezone(CliSession *session, const SetupOptions *options, const Found *found,
                SetupReport *report, GError **error)
{
    if (options->timezone == NULL && found->timezone != NULL) {
        report->timezone = g_strdup(found->timezone);
        report->timezone_from = "as before";
        return true;
    }

    bool asked = options->timezone != NULL;
    const char *wanted = asked ? options->timezone : found->server_timezone;
    const char *params[] = {wanted, NULL};
    g_autoptr(PGresult) result =
        cli_session_query(session, sql_query("schema_find_zone"), params, error);

    if (result == NULL)
        return false;
    if (PQntuples(result) == 0) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT,
                    "%s time zone \"%s\" is no name of the IANA list, such as Europe/Berlin%s",
                    asked ? "the" : found->server_timezone_from, wanted,
                    asked ? "" : ": choose one with --timezone");
        return false;
    }
    report->timezone = g_strdup(cli_result_text(result, 0, 0));
    report->timezone_from = asked ? "as asked for" : found->server_timezone_from;
    return true;
}

static bool
apply(CliSession *session, const SetupOptions *options, SetupReport *report, const char *sql,
      GError **error)
{
    if (!options->dry_run && !cli_session_script(session, sql, error))
        return false;
    g_string_append(report->sql, sql);
    return true;
}

static bool
apply_file(CliSession *session, const SetupOptions *options, int version, SetupReport *report,
           GError **error)
{
    g_autoptr(GString) sql = g_string_new(NULL);

    const char *name = schema_script_append_file(sql, session, version, report->timezone);
    g_autofree char *transaction = g_strdup_printf("-- %s\nBEGIN;\n%sCOMMIT;\n", name, sql->str);

    if (!apply(session, options, report, transaction, error)) {
        g_prefix_error(error, "could not install %s: ", name);
        return false;
    }
    g_ptr_array_add(report->files, (gpointer)name);
    return true;
}

static bool
change_timezone(CliSession *session, const SetupOptions *options, SetupReport *report,
                GError **error)
{
    g_autoptr(GString) sql = g_string_new(NULL);

    schema_script_append(sql, session, "schema_set_timezone", report->timezone);
    return apply(session, options, report, sql->str, error);
}

/* Scripts run setup at each deployment: a copy must not begin to run jobs by that, so it takes a word more. */
static bool
check_home(CliSession *session, const SetupOptions *options, const Found *found,
           SetupReport *report, GError **error)
{
    report->identity = cli_home_here(session, error);
    if (report->identity == NULL)
        return false;
    bool is_copy = found->home != NULL && !identity_is_same(found->home, report->identity);
    if (is_copy && !options->accept) {
        g_propagate_error(error, identity_refusal(found->home, report->identity, report->place));
        return false;
    }
    report->is_accepted = is_copy;
    return true;
}

static bool
write_home(CliSession *session, const SetupOptions *options, const Found *found,
           SetupReport *report, GError **error)
{
    g_autoptr(GString) sql = g_string_new(NULL);

    if (!identity_is_better(found->home, report->identity))
        return true;
    if (report->is_accepted)
        g_string_append_printf(sql, "%s;\n", sql_query("identity_accept"));
    schema_script_append(sql, session, "identity_set", report->identity);
    return apply(session, options, report, sql->str, error);
}

SetupReport *
setup_run(const char *conninfo, const SetupOptions *options, GError **error)
{
    g_autoptr(SetupReport) report = report_new();
    g_auto(Found) found = {0};

    /* libpq would make the zone of our own environment the session's: it is not the server's. */
    g_unsetenv("PGTZ");
    g_autoptr(CliSession) session = cli_session_open(conninfo, error);
    if (session == NULL)
        return NULL;
    report->place = cli_session_describe(session);

    g_autoptr(PGresult) locked = cli_session_query(session, sql_query("schema_lock"), NULL, error);
    if (locked == NULL || !look(session, &found, error) ||
        !choose_timezone(session, options, &found, report, error) ||
        !check_home(session, options, &found, report, error))
        return NULL;

    report->version = schema_latest();
    if (found.is_pgagent) {
        report->adoption = adopt_run(session, options, report, error);
        return report->adoption != NULL ? g_steal_pointer(&report) : NULL;
    }
    for (int version = found.version + 1; version <= schema_latest(); version++)
        if (!apply_file(session, options, version, report, error))
            return NULL;
    if (found.version > 0 && g_strcmp0(found.timezone, report->timezone) != 0 &&
        !change_timezone(session, options, report, error))
        return NULL;
    if (!write_home(session, options, &found, report, error))
        return NULL;

    return g_steal_pointer(&report);
}

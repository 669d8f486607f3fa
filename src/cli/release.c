/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/release.h"

#include <string.h>

#include "base/error.h"
#include "cli/session.h"
#include "cli/stock-lock.h"
#include "store/schema.h"
#include "store/sql.h"

/* The file of sql/schema with pgAgent's own tables, which stay. */
enum {
    STOCK_FILE = 2
};

void
release_report_free(ReleaseReport *self)
{
    if (self == NULL)
        return;
    g_free(self->place);
    g_free(self->timezone);
    PQclear(self->findings);
    g_free(self->json);
    g_string_free(self->sql, TRUE);
    g_free(self);
}

/* Tables of exactly this program's version, in a zone that SQL can compute with. */
static bool
check_tables(CliSession *session, ReleaseReport *report, GError **error)
{
    g_autoptr(PGresult) found = cli_session_query(session, sql_query("schema_state"), NULL, error);

    if (found == NULL)
        return false;
    if (cli_result_text(found, 0, 0)[0] != 't') {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SCHEMA,
                    "this database holds no tables of pgAlmanac: there is nothing to give back");
        return false;
    }

    g_autoptr(PGresult) state = cli_session_query(session, sql_query("release_state"), NULL, error);
    if (state == NULL || !schema_is_current(cli_result_text(state, 0, 0), error))
        return false;
    report->timezone = g_strdup(cli_result_text(state, 0, 1));
    if (g_strcmp0(cli_result_text(state, 0, 2), "t") != 0) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT,
                    "PostgreSQL takes the time zone \"%s\" for a fixed offset: choose one such as "
                    "Europe/Berlin with setup --timezone first",
                    report->timezone);
        return false;
    }
    return true;
}

static bool
check_agents(CliSession *session, GError **error)
{
    g_autoptr(PGresult) alive =
        cli_session_query(session, sql_query("release_agents"), NULL, error);

    if (alive == NULL)
        return false;
    const char *names = cli_result_text(alive, 0, 0);
    if (names[0] == '\0')
        return true;
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SCHEMA,
                "agents are at work on these tables: %s; stop them first, or use --force, which "
                "closes their runs",
                names);
    return false;
}

static bool
find(CliSession *session, ReleaseReport *report, GError **error)
{
    report->findings = cli_session_query(session, sql_query("release_findings"), NULL, error);
    if (report->findings == NULL)
        return false;

    g_autofree char *sql = g_strdup_printf("SELECT coalesce(json_agg(q), '[]') FROM (%s) q",
                                           sql_query("release_findings"));
    g_autoptr(PGresult) json = cli_session_query(session, sql, NULL, error);
    if (json == NULL)
        return false;
    report->json = g_strdup(cli_result_text(json, 0, 0));
    return true;
}

/* The jobs that pgAgent cannot run, as an array of SQL. */
static char *
list_disabled(const ReleaseReport *report)
{
    GString *list = g_string_new("{");

    for (int row = 0; row < PQntuples(report->findings); row++)
        if (strcmp(cli_result_text(report->findings, row, RELEASE_KIND), "disabled") == 0)
            g_string_append_printf(list, "%s%s", list->len > 1 ? "," : "",
                                   cli_result_text(report->findings, row, RELEASE_JOB_ID));
    g_string_append_c(list, '}');
    return g_string_free(list, FALSE);
}

static char *
our_schema(void)
{
    GString *text = g_string_new(NULL);

    for (int version = 1; version <= schema_latest(); version++)
        if (version != STOCK_FILE)
            g_string_append(text, schema_file(version, NULL));
    return g_string_free(text, FALSE);
}

/* The statements that a query answers with. */
static bool
append_statements(CliSession *session, const char *name, const char *const *params, GString *sql,
                  GError **error)
{
    g_autoptr(GPtrArray) statements = cli_session_list(session, sql_query(name), params, error);

    if (statements == NULL)
        return false;
    for (guint i = 0; i < statements->len; i++)
        g_string_append_printf(sql, "%s;\n", (char *)g_ptr_array_index(statements, i));
    return true;
}

static bool
write_changes(CliSession *session, ReleaseReport *report, GError **error)
{
    g_autofree char *schema = our_schema();
    g_autofree char *disabled = list_disabled(report);
    const char *params[] = {schema, disabled, NULL};

    g_string_append(report->sql, sql_script("release/settle"));
    if (!append_statements(session, "release_changes", params, report->sql, error) ||
        !append_statements(session, "stock_sequences", NULL, report->sql, error))
        return false;
    g_string_append(report->sql, sql_script("release/stock"));
    g_string_append(report->sql, sql_script("release/end"));
    return true;
}

/* A dry run disturbs nobody: people look before they stop anything. */
static bool
may_disturb(CliSession *session, const ReleaseOptions *options, GError **error)
{
    return options->force || options->dry_run || check_agents(session, error);
}

/* What is found is found under the lock, so that it is still true when it is done. */
static bool
begin(CliSession *session, const ReleaseOptions *options, ReleaseReport *report, GError **error)
{
    g_string_append(report->sql, sql_script("release/begin"));
    g_string_append(report->sql, sql_script("stock/lock"));
    return options->dry_run || (cli_session_script(session, sql_script("release/begin"), error) &&
                                stock_lock(session, error));
}

static bool
release(CliSession *session, const ReleaseOptions *options, ReleaseReport *report, GError **error)
{
    if (!begin(session, options, report, error))
        return false;

    gsize begun = report->sql->len;
    if (!may_disturb(session, options, error) || !find(session, report, error) ||
        !write_changes(session, report, error))
        return false;
    if (options->dry_run || cli_session_script(session, report->sql->str + begun, error))
        return true;
    g_prefix_error(error, "nothing was changed: ");
    return false;
}

ReleaseReport *
release_run(const char *conninfo, const ReleaseOptions *options, GError **error)
{
    g_autoptr(CliSession) session = cli_session_open(conninfo, error);
    if (session == NULL)
        return NULL;

    g_autoptr(ReleaseReport) report = g_new0(ReleaseReport, 1);
    report->sql = g_string_new(NULL);
    report->place = cli_session_describe(session);

    /* Before the lock as well: an agent that is alive is not to be held up for a refusal. */
    g_autoptr(PGresult) turn = cli_session_query(session, sql_query("schema_lock"), NULL, error);
    if (turn == NULL || !check_tables(session, report, error) ||
        !may_disturb(session, options, error))
        return NULL;
    if (!release(session, options, report, error))
        return NULL;
    return g_steal_pointer(&report);
}

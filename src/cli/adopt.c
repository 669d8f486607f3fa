/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/adopt.h"

#include "base/error.h"
#include "cli/schema-script.h"
#include "cli/stock-lock.h"
#include "store/schema.h"
#include "store/sql.h"

/* Columns of sql/query/adopt_owners.sql and adopt_agents.sql. */
enum {
    OWNERS_OBJECT,
    OWNERS_OWNER,
    OWNERS_STATEMENT
};
enum {
    AGENTS_REGISTERED, /* jagpid, NULL: only its program's name tells */
    AGENTS_PID,
    AGENTS_DESCRIPTION
};

static AdoptReport *
report_new(void)
{
    AdoptReport *self = g_new0(AdoptReport, 1);

    self->agents = g_ptr_array_new_with_free_func(g_free);
    self->sequences = g_ptr_array_new_with_free_func(g_free);
    return self;
}

void
adopt_report_free(AdoptReport *self)
{
    if (self == NULL)
        return;
    g_free(self->extension);
    g_free(self->database);
    PQclear(self->jobs);
    PQclear(self->roles);
    PQclear(self->triggers);
    g_free(self->plan);
    g_ptr_array_unref(self->agents);
    g_ptr_array_unref(self->sequences);
    g_free(self);
}

static bool
run_statements(CliSession *session, const GPtrArray *statements, GError **error)
{
    for (guint i = 0; i < statements->len; i++)
        if (!cli_session_script(session, g_ptr_array_index(statements, i), error))
            return false;
    return true;
}

/* ---- May it be taken over? ---- */

static bool
check_shape(CliSession *session, AdoptReport *report, GError **error)
{
    g_autoptr(PGresult) state = cli_session_query(session, sql_query("adopt_state"), NULL, error);

    if (state == NULL)
        return false;
    const char *missing = cli_result_text(state, 0, 1);
    if (missing != NULL) {
        g_set_error(
            error, ALMANAC_ERROR, ALMANAC_ERROR_SCHEMA,
            "the tables in schema pgagent are not those of a pgAgent 3.4 to 4.2, and are left "
            "alone: missing or different: %s",
            missing);
        return false;
    }
    report->extension = g_strdup(cli_result_text(state, 0, 0));
    report->database = g_strdup(cli_result_text(state, 0, 2));
    return true;
}

static bool
check_version(CliSession *session, GError **error)
{
    g_autoptr(PGresult) result =
        cli_session_query(session, sql_query("adopt_version"), NULL, error);

    if (result == NULL)
        return false;
    const char *version = cli_result_text(result, 0, 0);
    if (g_strcmp0(version, "3") == 0 || g_strcmp0(version, "4") == 0)
        return true;
    g_set_error(
        error, ALMANAC_ERROR, ALMANAC_ERROR_SCHEMA,
        "the tables in schema pgagent are of pgAgent's version %s, and are left alone: only 3 "
        "(pgAgent 3.4) and 4 are known",
        version != NULL ? version : "NULL");
    return false;
}

/* Who is to do it instead, or what is to be done before. */
static void
explain_owners(GString *text, const PGresult *owners, const GPtrArray *detach)
{
    g_string_append(text, "only the owner of a pgAgent, or a superuser, can take it over:");
    for (int row = 0; row < PQntuples(owners); row++)
        g_string_append_printf(text, "\n  %s belongs to %s",
                               cli_result_text(owners, row, OWNERS_OBJECT),
                               cli_result_text(owners, row, OWNERS_OWNER));
    g_string_append_printf(text,
                           "\nEither run setup as that role (-d \"... user=%s\"), or have it, or a "
                           "superuser, give all to you, and run this again:",
                           cli_result_text(owners, 0, OWNERS_OWNER));
    for (guint i = 0; i < detach->len; i++)
        g_string_append_printf(text, "\n  %s;", (char *)g_ptr_array_index(detach, i));
    for (int row = 0; row < PQntuples(owners); row++)
        if (cli_result_text(owners, row, OWNERS_STATEMENT) != NULL)
            g_string_append_printf(text, "\n  %s;", cli_result_text(owners, row, OWNERS_STATEMENT));
}

static bool
check_owners(CliSession *session, GError **error)
{
    g_autoptr(PGresult) owners = cli_session_query(session, sql_query("adopt_owners"), NULL, error);

    if (owners == NULL)
        return false;
    if (PQntuples(owners) == 0)
        return true;

    g_autoptr(GPtrArray) detach = cli_session_list(session, sql_query("adopt_detach"), NULL, error);
    if (detach == NULL)
        return false;
    g_autoptr(GString) text = g_string_new(NULL);
    explain_owners(text, owners, detach);
    g_set_error_literal(error, ALMANAC_ERROR, ALMANAC_ERROR_SCHEMA, text->str);
    return false;
}

/* live: the jagpid of those at work, as an array of SQL. */
static bool
check_agents(CliSession *session, const SetupOptions *options, AdoptReport *report, char **live,
             GError **error)
{
    g_autoptr(PGresult) agents = cli_session_query(session, sql_query("adopt_agents"), NULL, error);
    g_autoptr(GString) pids = g_string_new("{");

    if (agents == NULL)
        return false;
    for (int row = 0; row < PQntuples(agents); row++) {
        const char *jagpid = cli_result_text(agents, row, AGENTS_REGISTERED);
        if (jagpid != NULL)
            g_string_append_printf(pids, "%s%s", pids->len > 1 ? "," : "", jagpid);
        g_ptr_array_add(report->agents,
                        g_strdup_printf("process %s %s", cli_result_text(agents, row, AGENTS_PID),
                                        cli_result_text(agents, row, AGENTS_DESCRIPTION)));
    }
    g_string_append_c(pids, '}');
    /* A dry run only tells of them: people look before they stop anything. */
    if (report->agents->len > 0 && !options->force && !options->dry_run) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SCHEMA,
                    "a pgAgent is connected: %s; stop it first, or use --force",
                    (char *)g_ptr_array_index(report->agents, 0));
        return false;
    }
    *live = g_strdup(pids->str);
    return true;
}

static bool
may_adopt(CliSession *session, const SetupOptions *options, AdoptReport *report, char **live,
          GError **error)
{
    return check_shape(session, report, error) && check_owners(session, error) &&
           check_version(session, error) && stock_lock(session, error) &&
           check_agents(session, options, report, live, error);
}

/* People's triggers run with what is done here. */
static bool
find_triggers(CliSession *session, AdoptReport *report, GError **error)
{
    report->triggers = cli_session_query(session, sql_query("doctor_triggers"), NULL, error);
    return report->triggers != NULL;
}

/* A name that a function did not find. */
static void
explain_triggers(const CliSession *session, const AdoptReport *report, GError **error)
{
    static const char *const states[] = {"42P01", "42883", "42704", "3F000", NULL};

    if (error == NULL || PQntuples(report->triggers) == 0 ||
        !g_strv_contains(states, cli_session_sqlstate(session)))
        return;
    g_autoptr(GString) text = g_string_new((*error)->message);
    for (int row = 0; row < PQntuples(report->triggers); row++)
        g_string_append_printf(text, "\nTrigger %s needs a search path of its own:\n  %s;",
                               cli_result_text(report->triggers, row, ADOPT_TRIGGERS_NAME),
                               cli_result_text(report->triggers, row, ADOPT_TRIGGERS_MEND));
    g_free((*error)->message);
    (*error)->message = g_strdup(text->str);
}

/* ---- It is taken over ---- */

/* Of comments that are people's: not ours, not those that we left when the tables were given back, not pgAgent's. */
static GPtrArray *
list_comments(CliSession *session, GError **error)
{
    g_autoptr(GString) ours = g_string_new(NULL);

    for (int version = 1; version <= schema_latest(); version++)
        g_string_append(ours, schema_file(version, NULL));
    g_string_append(ours, sql_script("release/stock"));
    const char *params[] = {ours->str, NULL};
    return cli_session_list(session, sql_query("adopt_comments"), params, error);
}

static bool
run_query(CliSession *session, const char *query, GError **error)
{
    g_autoptr(GPtrArray) statements = cli_session_list(session, sql_query(query), NULL, error);

    return statements != NULL && run_statements(session, statements, error);
}

/* From here on as the owner, so that later his setup can upgrade what is new, and functions run with his rights. */
static bool
detach(CliSession *session, GError **error)
{
    return run_query(session, "adopt_detach", error) && run_query(session, "adopt_owner", error) &&
           cli_session_script(session, sql_script("adopt/triggers"), error);
}

/* An object with a name that ours need: relation, function, column, trigger or constraint. */
static bool
is_clash(const char *sqlstate)
{
    static const char *const states[] = {"42P07", "42723", "42701", "42710", NULL};

    return g_strv_contains(states, sqlstate);
}

static bool
install_files(CliSession *session, SetupReport *setup, GError **error)
{
    for (int version = 1; version <= schema_latest(); version++) {
        g_autoptr(GString) sql = g_string_new(NULL);
        const char *name = schema_script_append_file(sql, session, version, setup->timezone);

        if (!cli_session_script(session, sql->str, error)) {
            g_prefix_error(error, "could not install %s: ", name);
            if (error != NULL && is_clash(cli_session_sqlstate(session))) {
                g_autofree char *text = g_steal_pointer(&(*error)->message);
                (*error)->message =
                    g_strdup_printf("%s\nThat is not pgAgent's own, and has a name that pgAlmanac "
                                    "needs in schema pgagent: rename it, and run this again",
                                    text);
            }
            return false;
        }
        g_ptr_array_add(setup->files, (gpointer)name);
    }
    return true;
}

/* The rows of a query as an array of JSON objects. */
static char *
query_json(CliSession *session, const char *query, const char *const *params, GError **error)
{
    g_autofree char *sql =
        g_strdup_printf("SELECT coalesce(json_agg(q), '[]') FROM (%s) q", sql_query(query));
    g_autoptr(PGresult) result = cli_session_query(session, sql, params, error);

    return result != NULL ? g_strdup(cli_result_text(result, 0, 0)) : NULL;
}

/* The plan is made before the rows of dead agents go, which tell what is frozen. */
static bool
plan_jobs(CliSession *session, const char *zone, const char *live, AdoptReport *report,
          GError **error)
{
    const char *params[] = {zone, NULL};
    g_autofree char *defects = query_json(session, "schedule_defects", params, error);
    if (defects == NULL)
        return false;

    const char *found[] = {defects, live, NULL};
    report->plan = query_json(session, "adopt_plan", found, error);
    if (report->plan == NULL)
        return false;

    const char *plan[] = {report->plan, NULL};
    const char *alive[] = {live, NULL};
    g_autoptr(PGresult) applied = cli_session_query(session, sql_query("adopt_apply"), plan, error);
    if (applied == NULL)
        return false;
    g_autoptr(PGresult) buried = cli_session_query(session, sql_query("adopt_bury"), alive, error);
    if (buried == NULL)
        return false;
    report->jobs = cli_session_query(session, sql_query("adopt_report"), plan, error);
    return report->jobs != NULL;
}

static bool
settle_home(CliSession *session, const SetupReport *setup, GError **error)
{
    g_autoptr(GString) sql = g_string_new(NULL);

    schema_script_append(sql, session, "identity_set", setup->identity);
    return cli_session_script(session, sql->str, error);
}

static bool
move_sequences(CliSession *session, AdoptReport *report, GError **error)
{
    g_autoptr(GPtrArray) statements =
        cli_session_list(session, sql_query("stock_sequences"), NULL, error);

    if (statements == NULL || !run_statements(session, statements, error))
        return false;
    g_clear_pointer(&report->sequences, g_ptr_array_unref);
    report->sequences = g_steal_pointer(&statements);
    return true;
}

static bool
find_roles(CliSession *session, AdoptReport *report, GError **error)
{
    report->roles = cli_session_query(session, sql_query("adopt_roles"), NULL, error);
    return report->roles != NULL;
}

/* What is shown is in the zone of schedules, whatever the session's is. */
static bool
show_zone(CliSession *session, const char *zone, GError **error)
{
    g_autofree char *literal = cli_session_quote(session, zone);
    g_autofree char *sql = g_strdup_printf("SET LOCAL timezone = %s", literal);

    return cli_session_script(session, sql, error);
}

static bool
take_over(CliSession *session, SetupReport *setup, AdoptReport *report, const char *live,
          GError **error)
{
    g_autoptr(GPtrArray) comments = list_comments(session, error);

    return comments != NULL && detach(session, error) && install_files(session, setup, error) &&
           show_zone(session, setup->timezone, error) &&
           plan_jobs(session, setup->timezone, live, report, error) &&
           cli_session_script(session, sql_script("adopt/settings"), error) &&
           settle_home(session, setup, error) && move_sequences(session, report, error) &&
           run_statements(session, comments, error) && find_roles(session, report, error);
}

AdoptReport *
adopt_run(CliSession *session, const SetupOptions *options, SetupReport *setup, GError **error)
{
    g_autoptr(AdoptReport) report = report_new();
    g_autofree char *live = NULL;

    if (!cli_session_script(session, sql_script("adopt/begin"), error) ||
        !may_adopt(session, options, report, &live, error) ||
        !find_triggers(session, report, error))
        return NULL;
    if (!take_over(session, setup, report, live, error)) {
        g_prefix_error(error, "nothing was changed: ");
        explain_triggers(session, report, error);
        return NULL;
    }
    if (!cli_session_script(session, options->dry_run ? "ROLLBACK" : "COMMIT", error))
        return NULL;
    return g_steal_pointer(&report);
}

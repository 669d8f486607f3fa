/* SPDX-License-Identifier: PostgreSQL */
/* The table of checks. Most are a statement, whose rows are the findings: severity, what, place, id, name, jobid, jobname,
 * mend. */
#include "config.h"

#include "cli/doctor.h"

#include <string.h>

#include "base/error.h"
#include "cli/doctor-private.h"
#include "cli/home.h"
#include "store/sql.h"

#define OLDEST_SERVER 100000

static const char needs_rights[] =
    "let the doctor connect as somebody who may read all tables of schema pgagent";

typedef struct {
    const char *name;
    const char *needs; /* tables, and columns as table.column, without which it is left out */
    const char *query; /* NULL: `look` */
    const char *facts; /* the query's parameters */
    DoctorLook look;
} Check;

/* The columns of a statement of a check. */
enum {
    SEVERITY,
    WHAT,
    PLACE,
    ID,
    NAME,
    JOB_ID,
    JOB_NAME,
    MEND,
};

static bool
look_at_home(Doctor *self, GError **error)
{
    g_autoptr(GError) reason = NULL;

    if (cli_home_check(self->session, &reason))
        return true;
    if (!g_error_matches(reason, ALMANAC_ERROR, ALMANAC_ERROR_SCHEMA)) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return false;
    }
    doctor_add(self, FINDING_ERROR, NULL, reason->message,
               "leave it, if it is to be a copy; else pgalmanac setup --accept");
    return true;
}

static const Check checks[] = {
    {"home", "pga_setting", NULL, NULL, look_at_home},
    {"agents", "pga_jobagent pga_job", "doctor_agents", NULL, NULL},
    {"hosts", "pga_jobagent pga_job", "doctor_hosts", NULL, NULL},
    {"runs", "pga_joblog pga_jobagent pga_job", "doctor_runs", NULL, NULL},
    {"batch", "pga_jobagent.jagbatch pga_jobstep", "doctor_batch", NULL, NULL},
    {"clock", "pga_job", NULL, NULL, doctor_look_at_clock},
    {"skew", "pga_jobagent.jagskew", "doctor_skew", NULL, NULL},
    {"future", "pga_joblog pga_job.joblastslot", "doctor_future", NULL, NULL},
    {"zone", "pga_job", NULL, NULL, doctor_look_at_zone},
    {"databases", "pga_jobstep pga_jobagent", "doctor_databases", NULL, NULL},
    {"targets", "pga_jobstep", NULL, NULL, doctor_look_at_targets},
    {"rules", "pga_rule pga_schedule", "doctor_rules", NULL, NULL},
    {"comments", "pga_rule.rulorigin pga_job.jobmissed", NULL, NULL, doctor_look_at_comments},
    {"schedules", "pga_schedule pga_exception", NULL, NULL, doctor_look_at_schedules},
    {"defects", "pga_schedule pga_exception", NULL, NULL, doctor_look_at_defects},
    {"minutes", "pga_schedule", "doctor_minutes", NULL, NULL},
    {"exceptions", "pga_exception pga_schedule", "doctor_exceptions", "zone", NULL},
    {"jobs", "pga_job pga_schedule pga_jobstep", "doctor_jobs", "ruled-jobs", NULL},
    {"text", "pga_jobstep", "doctor_text", NULL, NULL},
    {"step-order", "pga_jobstep", "doctor_step_order", NULL, NULL},
    {"sequences", "pga_job pga_joblog pga_jobsteplog", "doctor_sequences", NULL, NULL},
    {"triggers", "pga_job", "doctor_triggers", NULL, NULL},
    {"log-ids", "pga_joblog", "doctor_log_ids", NULL, NULL},
    {"history", "pga_joblog pga_jobsteplog", "doctor_history", "retention", NULL},
    {"settings", "pga_jobagent", "doctor_settings", "setting-zone max-connections", NULL},
    {"vacuum", "pga_job", "doctor_vacuum", NULL, NULL},
};

void
doctor_add(Doctor *self, FindingSeverity severity, const FindingPlace *place, const char *what,
           const char *mend)
{
    const FindingPlace server = {.kind = "server"};

    g_ptr_array_add(self->findings, finding_new(severity, self->check, what,
                                                place != NULL ? place : &server, mend));
}

bool
doctor_has(const Doctor *self, const char *names)
{
    g_auto(GStrv) words = g_strsplit(names, " ", -1);

    for (char **word = words; *word != NULL; word++)
        if (!g_hash_table_contains(self->columns, *word))
            return false;
    return true;
}

const char *
doctor_fact(const Doctor *self, const char *name)
{
    const char *value = g_hash_table_lookup(self->facts, name);

    return value != NULL ? value : "";
}

PGresult *
doctor_query(Doctor *self, const char *query, const char *facts, GError **error)
{
    g_auto(GStrv) names = g_strsplit(facts != NULL ? facts : "", " ", -1);
    int count = (int)g_strv_length(names);
    g_autofree const char **params = g_new0(const char *, count + 1);

    for (int i = 0; i < count; i++)
        params[i] = doctor_fact(self, names[i]);
    return cli_session_query(self->session, sql_query(query), params, error);
}

static void
set_fact(Doctor *self, const char *name, const char *value)
{
    g_hash_table_insert(self->facts, g_strdup(name), g_strdup(value));
}

static void
add_rows(Doctor *self, const PGresult *rows)
{
    for (int row = 0; row < PQntuples(rows); row++) {
        FindingSeverity severity = FINDING_WARNING;
        FindingPlace place = {
            .kind = cli_result_text(rows, row, PLACE),
            .id = cli_result_text(rows, row, ID),
            .name = cli_result_text(rows, row, NAME),
            .job_id = cli_result_text(rows, row, JOB_ID),
            .job_name = cli_result_text(rows, row, JOB_NAME),
        };

        if (!finding_severity_find(cli_result_text(rows, row, SEVERITY), &severity))
            g_warn_if_reached();
        doctor_add(self, severity, &place, cli_result_text(rows, row, WHAT),
                   cli_result_text(rows, row, MEND));
    }
}

static bool
run_query(Doctor *self, const Check *check, GError **error)
{
    g_autoptr(PGresult) rows = doctor_query(self, check->query, check->facts, error);

    if (rows == NULL)
        return false;
    add_rows(self, rows);
    return true;
}

/* Only a lost connection ends it all; a missing right or a time limit is a finding. */
static bool
run_check(Doctor *self, const Check *check, GError **error)
{
    g_autoptr(GError) reason = NULL;

    if (!doctor_has(self, check->needs))
        return true;
    self->check = check->name;
    if (check->look != NULL ? check->look(self, &reason) : run_query(self, check, &reason))
        return true;
    if (g_error_matches(reason, ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION)) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return false;
    }
    g_autofree char *what = g_strdup_printf("could not check %s: %s", check->name, reason->message);
    doctor_add(self, FINDING_WARNING, NULL, what, needs_rights);
    return true;
}

/* ---- What the checks need to know ---- */

static bool
read_columns(Doctor *self, GError **error)
{
    g_autoptr(PGresult) rows = doctor_query(self, "doctor_columns", NULL, error);

    if (rows == NULL)
        return false;
    for (int row = 0; row < PQntuples(rows); row++)
        g_hash_table_add(self->columns, g_strdup(cli_result_text(rows, row, 0)));
    if (doctor_has(self, "pga_job"))
        return true;
    g_autofree char *place = cli_session_describe(self->session);
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SCHEMA,
                "%s has no job tables: pgalmanac setup installs them", place);
    return false;
}

static bool
read_server(Doctor *self, GError **error)
{
    g_autoptr(PGresult) rows = doctor_query(self, "doctor_server", NULL, error);

    if (rows == NULL)
        return false;
    set_fact(self, "version", cli_result_text(rows, 0, 0));
    set_fact(self, "zone", cli_result_text(rows, 0, 1));
    set_fact(self, "ruled-jobs", "{}");
    return true;
}

/* Those who may not read them are told so by the checks. */
static bool
read_facts(Doctor *self, GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autofree char *limit = g_strdup_printf("%d", self->options->max_connections);

    set_fact(self, "max-connections", limit);
    if (!doctor_has(self, "pga_setting pga_rule"))
        return true;
    self->check = "tables";
    g_autoptr(PGresult) rows = doctor_query(self, "doctor_facts", NULL, &reason);
    if (rows == NULL && g_error_matches(reason, ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION)) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return false;
    }
    if (rows != NULL) {
        set_fact(self, "zone", cli_result_text(rows, 0, 0));
        set_fact(self, "setting-zone", cli_result_text(rows, 0, 0));
        set_fact(self, "retention", cli_result_text(rows, 0, 1));
        set_fact(self, "ruled-jobs", cli_result_text(rows, 0, 2));
    }
    g_clear_error(&reason);
    if (!cli_session_check_tables(self->session, &reason))
        doctor_add(self, FINDING_ERROR, NULL, reason->message,
                   g_error_matches(reason, ALMANAC_ERROR, ALMANAC_ERROR_SCHEMA)
                       ? "pgalmanac setup brings older tables up to date"
                       : needs_rights);
    return true;
}

static bool
open_session(Doctor *self, GError **error)
{
    /* A bare name is a database's, as in psql -d. */
    const char *conninfo = self->options->conninfo;
    bool is_name =
        *conninfo != '\0' && strchr(conninfo, '=') == NULL && strstr(conninfo, "://") == NULL;

    /* libpq would make the zone of our own environment the session's: it is not the server's. */
    g_unsetenv("PGTZ");
    self->session = cli_session_open(conninfo, error);
    if (self->session == NULL)
        return false;
    g_autoptr(DbTarget) target = db_target_parse(is_name ? "" : conninfo, error);
    if (target == NULL)
        return false;
    self->home = is_name ? db_target_with_database(target, conninfo) : g_steal_pointer(&target);
    /* It changes nothing, whatever a statement calls, and holds up nobody. */
    return cli_session_script(self->session,
                              "SET default_transaction_read_only = on;"
                              " SET statement_timeout = '60s'; SET lock_timeout = '5s';"
                              " SET datestyle = 'ISO'; SET intervalstyle = 'postgres'",
                              error);
}

/* ---- The report ---- */

static int
compare_findings(gconstpointer a, gconstpointer b, gpointer user_data)
{
    const Finding *const *one = a;
    const Finding *const *other = b;

    return (int)(*one)->severity - (int)(*other)->severity;
}

static DoctorReport *
make_report(Doctor *self)
{
    DoctorReport *report = g_new0(DoctorReport, 1);

    report->place = cli_session_describe(self->session);
    report->is_adopted = doctor_has(self, "pga_setting");
    report->findings = g_steal_pointer(&self->findings);
    for (guint i = 0; i < report->findings->len; i++)
        report->counts[((Finding *)g_ptr_array_index(report->findings, i))->severity]++;
    g_ptr_array_sort_with_data(report->findings, compare_findings, NULL);
    return report;
}

void
doctor_report_free(DoctorReport *self)
{
    if (self == NULL)
        return;
    g_free(self->place);
    g_ptr_array_unref(self->findings);
    g_free(self);
}

static void
doctor_clear(Doctor *self)
{
    cli_session_close(self->session);
    db_target_unref(self->home);
    g_hash_table_unref(self->columns);
    g_hash_table_unref(self->facts);
    if (self->findings != NULL)
        g_ptr_array_unref(self->findings);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Doctor, doctor_clear)

static void
free_finding(gpointer data)
{
    finding_free(data);
}

static bool
refuse_old_server(Doctor *self)
{
    const char *version = doctor_fact(self, "version");

    if (g_ascii_strtoll(version, NULL, 10) >= OLDEST_SERVER)
        return false;
    self->check = "version";
    doctor_add(self, FINDING_ERROR, NULL,
               "the server is older than PostgreSQL 10, which the tables need; nothing else was "
               "looked at",
               "upgrade the server");
    return true;
}

DoctorReport *
doctor_run(const DoctorOptions *options, GError **error)
{
    g_auto(Doctor) self = {
        .options = options,
        .columns = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .facts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
        .findings = g_ptr_array_new_with_free_func(free_finding),
    };

    if (!open_session(&self, error) || !read_columns(&self, error) || !read_server(&self, error))
        return NULL;
    if (refuse_old_server(&self))
        return make_report(&self);
    if (!read_facts(&self, error))
        return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(checks); i++)
        if (!run_check(&self, &checks[i], error))
            return NULL;
    return make_report(&self);
}

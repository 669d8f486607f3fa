/* SPDX-License-Identifier: PostgreSQL */
/* The report of an adoption: what was done, what becomes of each job and why, and what is left to do. */
#include "config.h"

#include <stdio.h>

#include "cli/adopt.h"
#include "cli/plain.h"
#include "cli/table.h"

/* Columns of sql/query/adopt_report.sql. */
enum {
    JOBS_ID,
    JOBS_NAME,
    JOBS_OLD,
    JOBS_NEW,
    JOBS_WHY,
};

static const TableColumn columns[] = {
    {.name = "jobid", .title = "Id", .kind = TABLE_NUMBER},
    {.name = "jobname", .title = "Job", .kind = TABLE_TEXT},
    {.name = "old_next_run", .title = "Next run in pgAgent", .kind = TABLE_TEXT},
    {.name = "new_next_run", .title = "Next run now", .kind = TABLE_TEXT},
    {0},
};

/* In full and in no table: whoever wonders about a job must be able to read it. */
static void
print_reasons(const PGresult *jobs)
{
    bool has_begun = false;

    for (int row = 0; row < PQntuples(jobs); row++) {
        const char *why = cli_result_text(jobs, row, JOBS_WHY);
        if (*why == '\0')
            continue;
        g_autofree char *name = plain_text(cli_result_text(jobs, row, JOBS_NAME));
        g_autofree char *reasons = plain_text(why);
        if (!has_begun)
            printf("\nWhy:\n");
        has_begun = true;
        printf("  job %s \"%s\": %s\n", cli_result_text(jobs, row, JOBS_ID), name, reasons);
    }
    if (!has_begun && PQntuples(jobs) > 0)
        printf("\nNo job's next run differs.\n");
}

static void
print_jobs(const PGresult *jobs)
{
    TableOutput output = table_output();
    g_autoptr(Table) table = table_new(columns, &output);

    printf("\n");
    if (PQntuples(jobs) == 0)
        printf("There are no jobs.\n");
    else
        table_print(table, jobs);
    print_reasons(jobs);
}

static void
print_done(const SetupReport *setup, bool is_dry_run)
{
    const AdoptReport *self = setup->adoption;

    printf("%s\n", setup->place);
    printf("%s: %s%s%s\n",
           is_dry_run ? "a dry run, nothing was changed; what would be done"
                      : "the tables of a pgAgent were taken over",
           self->extension != NULL ? "extension pgagent " : "plain tables",
           self->extension != NULL ? self->extension : "",
           self->extension != NULL ? ", whose objects become plain ones; the extension goes" : "");
    for (guint i = 0; i < setup->files->len; i++)
        printf("installed %s\n", (char *)g_ptr_array_index(setup->files, i));
    for (guint i = 0; i < self->sequences->len; i++)
        printf("behind its table's ids: %s\n", (char *)g_ptr_array_index(self->sequences, i));
    for (guint i = 0; i < self->agents->len; i++)
        printf("a pgAgent is connected%s: %s\n",
               is_dry_run ? ", so that setup refuses without --force" : "",
               (char *)g_ptr_array_index(self->agents, i));
}

static void
print_advice(const SetupReport *setup, bool is_dry_run)
{
    const PGresult *roles = setup->adoption->roles;
    g_autofree char *database = plain_text(setup->adoption->database);

    printf("\ntime zone %s (%s): schedules are read in it, whoever edits them; another one: "
           "pgalmanac setup --timezone ZONE\n"
           "history: all of it is kept (setting retention = off)\n"
           "tables are of version %d\n",
           setup->timezone, setup->timezone_from, setup->version);
    printf("\nWhat to do %s:\n", is_dry_run ? "then" : "now");
    printf("  pgAdmin: database \"%s\" must be the maintenance database of the server there; "
           "whoever is "
           "connected must reconnect, for pgAdmin looks at the tables only once\n",
           database);
    printf("  pgAgent: stop it for good, such as systemctl disable --now pgagent\n"
           "  agent:   start pgalmanac with the same connection string as pgAgent had\n");
    for (int row = 0; row < PQntuples(roles); row++)
        printf("           as role %s it also needs: %s\n", cli_result_text(roles, row, 0),
               cli_result_text(roles, row, 1));
    const PGresult *triggers = setup->adoption->triggers;
    for (int row = 0; row < PQntuples(triggers); row++)
        printf("  trigger: %s finds what it names by a search path, which agents have not: %s\n",
               cli_result_text(triggers, row, ADOPT_TRIGGERS_NAME),
               cli_result_text(triggers, row, ADOPT_TRIGGERS_MEND));
    printf("  back:    pgalmanac setup --release gives the tables back to pgAgent\n");
}

void
adopt_print_text(const SetupReport *setup, bool is_dry_run)
{
    print_done(setup, is_dry_run);
    print_jobs(setup->adoption->jobs);
    print_advice(setup, is_dry_run);
}

/* All texts in here are names of ours, versions, or JSON that the server has made. */
void
adopt_print_json(const SetupReport *setup, bool is_dry_run)
{
    const AdoptReport *self = setup->adoption;

    printf("{\"version\": %d, \"timezone\": \"%s\", \"installed\": [", setup->version,
           setup->timezone);
    for (guint i = 0; i < setup->files->len; i++)
        printf("%s\"%s\"", i > 0 ? ", " : "", (char *)g_ptr_array_index(setup->files, i));
    printf("], \"dry_run\": %s, \"adopted\": {\"extension\": %s%s%s, \"jobs\": %s}}\n",
           is_dry_run ? "true" : "false", self->extension != NULL ? "\"" : "",
           self->extension != NULL ? self->extension : "null", self->extension != NULL ? "\"" : "",
           self->plan);
}

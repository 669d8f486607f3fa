/* SPDX-License-Identifier: PostgreSQL */
/* The answers of `pgalmanac setup --release`; its words and options are those of setup. */
#include "config.h"

#include <stdio.h>

#include "cli/cli.h"
#include "cli/plain.h"
#include "cli/release.h"
#include "cli/session.h"

static void
print_findings(const ReleaseReport *report, const char *prefix)
{
    for (int row = 0; row < PQntuples(report->findings); row++) {
        const char *job = cli_result_text(report->findings, row, RELEASE_JOB_ID);
        g_autofree char *about =
            job != NULL ? g_strdup_printf("job %s \"%s\": ", job,
                                          cli_result_text(report->findings, row, RELEASE_JOB_NAME))
                        : g_strdup("");
        g_autofree char *text =
            g_strdup_printf("%-9s %s%s", cli_result_text(report->findings, row, RELEASE_KIND),
                            about, cli_result_text(report->findings, row, RELEASE_MESSAGE));
        /* Names are people's own: a line feed must not end a line, least of all a comment of SQL. */
        g_autofree char *line = plain_text(text);

        printf("%s%s\n", prefix, line);
    }
}

static void
print_json(const ReleaseReport *report, const ReleaseOptions *options)
{
    printf("{\"released\": %s, \"timezone\": \"%s\", \"findings\": %s}\n",
           options->dry_run ? "false" : "true", report->timezone, report->json);
}

static void
print_text(const ReleaseReport *report)
{
    printf("%s\n", report->place);
    print_findings(report, "");
    printf("given back to pgAgent: start it on this database; schedules are read in %s\n",
           report->timezone);
}

static void
print_sql(const ReleaseReport *report)
{
    printf("-- %s\n", report->place);
    print_findings(report, "-- ");
    printf("%s", report->sql->str);
}

int
cli_release(const char *conninfo, const ReleaseOptions *options, ReleaseFormat format)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ReleaseReport) report = release_run(conninfo, options, &error);

    if (report == NULL)
        return cli_fail("setup --release", error);
    if (format == RELEASE_JSON)
        print_json(report, options);
    else if (options->dry_run)
        print_sql(report);
    else
        print_text(report);
    return CLI_OK;
}

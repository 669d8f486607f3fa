/* SPDX-License-Identifier: PostgreSQL */
/* Check of the @ lines in jobs' comments. */
#include "config.h"

#include "cli/doctor-private.h"

/* The columns of comments_ignored. */
enum {
    JOB_ID,
    JOB_NAME,
    LINE,
    MISTAKE,
};

/* A line that cannot be read is probably none of ours: somebody's own note. */
bool
doctor_look_at_comments(Doctor *self, GError **error)
{
    g_autoptr(PGresult) rows = doctor_query(self, "comments_ignored", NULL, error);

    if (rows == NULL)
        return false;
    for (int row = 0; row < PQntuples(rows); row++) {
        const FindingPlace place = {
            .kind = "job",
            .job_id = cli_result_text(rows, row, JOB_ID),
            .job_name = cli_result_text(rows, row, JOB_NAME),
        };
        const char *mistake = cli_result_text(rows, row, MISTAKE);
        g_autofree char *what = g_strdup_printf(
            "the line \"%.200s\" of the job's comment is not in force%s%s",
            cli_result_text(rows, row, LINE), mistake != NULL ? ", and cannot be read: " : "",
            mistake != NULL ? mistake : "");
        doctor_add(self, mistake != NULL ? FINDING_NOTE : FINDING_WARNING, &place, what,
                   mistake != NULL ? "nothing, if it is a note for people; else correct it"
                                   : "edit the comment, which has it read again");
    }
    return true;
}

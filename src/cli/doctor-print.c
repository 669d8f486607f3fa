/* SPDX-License-Identifier: PostgreSQL */
/* What `pgalmanac doctor` found, for people and as JSON. */
#include "config.h"

#include "cli/doctor.h"
#include "cli/json.h"
#include "cli/plain.h"
#include "cli/table.h"

#define INDENT     "         "
#define MAX_PLACES 20 /* that people are shown of one thing; JSON has all */

static const Finding *
finding_at(const DoctorReport *report, guint index)
{
    return g_ptr_array_index(report->findings, index);
}

/* One of `count` findings that say the same, with all their places. */
static void
print_group(const DoctorReport *report, guint first, guint count, const TableOutput *output,
            FILE *out)
{
    const Finding *finding = finding_at(report, first);
    const char *name = finding_severity_name(finding->severity);
    g_autofree char *word = table_colour(output, name);
    g_autofree char *what = plain_text(finding->what);

    fprintf(out, "%s:%*s %s\n", word, (int)(sizeof "warning" - 1 - strlen(name)), "", what);
    for (guint i = 0; i < MIN(count, MAX_PLACES); i++) {
        g_autofree char *place = finding_describe_place(finding_at(report, first + i));
        fprintf(out, INDENT "%s\n", place);
    }
    if (count > MAX_PLACES)
        fprintf(out, INDENT "and %u more, see --json\n", count - MAX_PLACES);
    if (finding->mend != NULL) {
        g_autofree char *mend = plain_text(finding->mend);
        fprintf(out, INDENT "-> %s\n", mend);
    }
}

static void
print_count(int count, const char *name, const char *after, FILE *out)
{
    fprintf(out, "%d %s%s%s", count, name, count == 1 ? "" : "s", after);
}

void
doctor_print(const DoctorReport *report, FILE *out)
{
    TableOutput output = table_output();
    g_autofree char *place = plain_text(report->place);

    fprintf(out, "%s%s\n", place,
            report->is_adopted ? "" : ", with the tables of a pgAgent, not adopted yet");
    for (guint first = 0, next; first < report->findings->len; first = next) {
        for (next = first + 1;
             next < report->findings->len &&
             finding_is_alike(finding_at(report, first), finding_at(report, next));
             next++)
            ;
        print_group(report, first, next - first, &output, out);
    }
    if (report->findings->len == 0) {
        fprintf(out, "nothing is wrong\n");
        return;
    }
    print_count(report->counts[FINDING_ERROR], "error", ", ", out);
    print_count(report->counts[FINDING_WARNING], "warning", ", ", out);
    print_count(report->counts[FINDING_NOTE], "note", "\n", out);
}

static void
print_member(const char *name, const char *value, const char *after, FILE *out)
{
    g_autofree char *quoted = json_quote(value);

    fprintf(out, "\"%s\": %s%s", name, quoted, after);
}

static void
print_number(const char *name, const char *value, const char *after, FILE *out)
{
    fprintf(out, "\"%s\": %s%s", name, value != NULL ? value : "null", after);
}

static void
print_json_finding(const Finding *finding, FILE *out)
{
    fputc('{', out);
    print_member("severity", finding_severity_name(finding->severity), ", ", out);
    print_member("check", finding->check, ", ", out);
    print_member("what", finding->what, ", ", out);
    print_member("kind", finding->kind, ", ", out);
    print_number("id", finding->id, ", ", out);
    print_member("name", finding->name, ", ", out);
    print_number("jobid", finding->job_id, ", ", out);
    print_member("job", finding->job_name, ", ", out);
    print_member("mend", finding->mend, "}", out);
}

void
doctor_print_json(const DoctorReport *report, FILE *out)
{
    fputc('{', out);
    print_member("place", report->place, ", ", out);
    fprintf(out,
            "\"adopted\": %s, \"errors\": %d, \"warnings\": %d, \"notes\": %d, \"findings\": [",
            report->is_adopted ? "true" : "false", report->counts[FINDING_ERROR],
            report->counts[FINDING_WARNING], report->counts[FINDING_NOTE]);
    for (guint i = 0; i < report->findings->len; i++) {
        fprintf(out, "%s\n ", i > 0 ? "," : "");
        print_json_finding(finding_at(report, i), out);
    }
    fprintf(out, "]}\n");
}

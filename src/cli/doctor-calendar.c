/* SPDX-License-Identifier: PostgreSQL */
/* Checks of schedules: those that never run, by our own calendar (which needs none of our functions in the database, so
 * that it also judges a pgAgent's), and those that a pgAgent gets wrong. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "calendar/bitmap.h"
#include "calendar/schedule.h"
#include "cli/doctor-private.h"

/* The columns of doctor_schedules. */
enum {
    ID,
    NAME,
    JOB_ID,
    JOB_NAME,
    ZONE,
    START,
    END,
    NEVER_STARTS,
    HAS_ALWAYS_ENDED,
    MINUTES,
    HOURS,
    WEEKDAYS,
    MONTH_DAYS,
    MONTHS,
    NOW,
};

typedef struct {
    int id;
    Rule rule;
    Zone *zone;
    int64_t start_at;
    int64_t end_at;
    int64_t now_at;
    GArray *exceptions; /* of ScheduleException; NULL = none */
} Subject;

/* "ftff" -> bit 1 */
static uint64_t
read_bits(const char *flags)
{
    uint64_t bits = 0;

    for (int i = 0; i < 64 && flags[i] != '\0'; i++)
        if (flags[i] == 't')
            bits |= UINT64_C(1) << i;
    return bits;
}

static int64_t
read_number(const PGresult *rows, int row, int column, int64_t otherwise)
{
    const char *text = cli_result_text(rows, row, column);

    return text != NULL ? g_ascii_strtoll(text, NULL, 10) : otherwise;
}

static void
free_array(gpointer data)
{
    g_array_unref(data);
}

/* Schedule -> GArray of ScheduleException. */
static GHashTable *
load_exceptions(Doctor *self, GError **error)
{
    g_autoptr(PGresult) rows = doctor_query(self, "doctor_schedule_exceptions", NULL, error);
    if (rows == NULL)
        return NULL;

    GHashTable *found = g_hash_table_new_full(NULL, NULL, NULL, free_array);
    for (int row = 0; row < PQntuples(rows); row++) {
        gpointer id = GINT_TO_POINTER(atoi(cli_result_text(rows, row, 0)));
        GArray *array = g_hash_table_lookup(found, id);
        ScheduleException exception = {
            .date = read_number(rows, row, 1, SCHEDULE_ANY_DATE),
            .minute = (int32_t)read_number(rows, row, 2, SCHEDULE_ANY_MINUTE),
        };
        if (array == NULL) {
            array = g_array_new(FALSE, FALSE, sizeof(ScheduleException));
            g_hash_table_insert(found, id, array);
        }
        g_array_append_val(array, exception);
    }
    return found;
}

static void
read_subject(const PGresult *rows, int row, Subject *subject)
{
    bool never_starts = *cli_result_text(rows, row, NEVER_STARTS) == 't';
    bool has_ended = *cli_result_text(rows, row, HAS_ALWAYS_ENDED) == 't';

    subject->id = atoi(cli_result_text(rows, row, ID));
    subject->start_at = read_number(rows, row, START, never_starts ? INT64_MAX : INT64_MIN);
    subject->end_at = read_number(rows, row, END, has_ended ? INT64_MIN : SCHEDULE_NO_END);
    subject->now_at = read_number(rows, row, NOW, 0);
    bitmap_rule(read_bits(cli_result_text(rows, row, MINUTES)),
                read_bits(cli_result_text(rows, row, HOURS)),
                read_bits(cli_result_text(rows, row, WEEKDAYS)),
                read_bits(cli_result_text(rows, row, MONTH_DAYS)),
                read_bits(cli_result_text(rows, row, MONTHS)), &subject->rule);
}

static bool
runs_again(const Subject *subject, bool with_exceptions)
{
    bool has_any = with_exceptions && subject->exceptions != NULL;
    g_autoptr(Schedule) schedule = schedule_new(
        subject->id, &subject->rule, subject->zone, subject->start_at, subject->end_at,
        has_any ? (const ScheduleException *)(gpointer)subject->exceptions->data : NULL,
        has_any ? subject->exceptions->len : 0);
    ScheduleSlot slot;

    /* What was not found within the budget is not proved to be never. */
    return schedule_next(schedule, subject->now_at, INT64_MAX, &slot) != RULE_NEVER;
}

/* NULL: it runs again. */
static const char *
why_never(const Subject *subject, FindingSeverity *severity)
{
    *severity = FINDING_WARNING;
    if (subject->start_at == INT64_MAX)
        return "the schedule never starts";
    if (subject->end_at < subject->start_at)
        return "the schedule ends before it starts: it never runs";
    if (subject->end_at < subject->now_at) {
        *severity = FINDING_NOTE;
        return "the schedule has ended";
    }
    if (runs_again(subject, true))
        return NULL;
    if (runs_again(subject, false))
        return "the exceptions take away all that the schedule selects: it never runs";
    if (rule_why_never(&subject->rule) != NULL)
        return "the schedule never runs: no month that it selects has such a day";
    return "the schedule never runs again: what it selects does not come before its end";
}

static void
judge(Doctor *self, const PGresult *rows, int row, const Subject *subject)
{
    const FindingPlace place = {
        .kind = "schedule",
        .id = cli_result_text(rows, row, ID),
        .name = cli_result_text(rows, row, NAME),
        .job_id = cli_result_text(rows, row, JOB_ID),
        .job_name = cli_result_text(rows, row, JOB_NAME),
    };
    FindingSeverity severity;
    const char *reason = why_never(subject, &severity);

    if (reason != NULL)
        doctor_add(self, severity, &place, reason,
                   severity == FINDING_NOTE ? "delete or disable it when it is not needed any more"
                                            : "correct it, or disable it");
}

bool
doctor_look_at_schedules(Doctor *self, GError **error)
{
    g_autoptr(GHashTable) exceptions = load_exceptions(self, error);
    g_autoptr(PGresult) rows =
        exceptions != NULL ? doctor_query(self, "doctor_schedules", "zone", error) : NULL;
    g_autoptr(Zone) zone = NULL;

    if (rows == NULL)
        return false;
    for (int row = 0; row < PQntuples(rows); row++) {
        Subject subject;
        const char *name = cli_result_text(rows, row, ZONE);

        if (zone == NULL || strcmp(zone_name(zone), name) != 0) {
            g_clear_pointer(&zone, zone_unref);
            zone = zone_load(name, NULL, NULL);
        }
        if (zone == NULL) /* "zone" has told so, or the rules of the job do */
            continue;
        read_subject(rows, row, &subject);
        subject.zone = zone;
        subject.exceptions = g_hash_table_lookup(exceptions, GINT_TO_POINTER(subject.id));
        judge(self, rows, row, &subject);
    }
    return true;
}

/* ---- Defects of the pgAgent ---- */

enum {
    DEFECT_JOB_ID,
    DEFECT_JOB_NAME,
    DEFECT_ID,
    DEFECT_NAME,
    DEFECT,
    DEFECT_DAY,
    DEFECT_TEXT,
};

/* What stops a job, or lets it miss days, is worse than a minute or an hour. */
static FindingSeverity
defect_severity(const char *defect)
{
    static const char *const bad[] = {"short months", "last day", "every second minute",
                                      "all excepted", NULL};

    return g_strv_contains(bad, defect) ? FINDING_WARNING : FINDING_NOTE;
}

static bool
has_pgagent(Doctor *self, bool *has, GError **error)
{
    if (!doctor_has(self, "pga_jobagent.jaguuid")) {
        *has = true;
        return true;
    }
    g_autoptr(PGresult) rows = doctor_query(self, "doctor_pgagents", NULL, error);
    if (rows == NULL)
        return false;
    *has = atoi(cli_result_text(rows, 0, 0)) > 0;
    return true;
}

/* They matter where a pgAgent runs the jobs: before an adoption, or beside us. */
bool
doctor_look_at_defects(Doctor *self, GError **error)
{
    bool has = false;

    if (!has_pgagent(self, &has, error))
        return false;
    if (!has)
        return true;
    g_autoptr(PGresult) rows = doctor_query(self, "schedule_defects", "zone", error);
    if (rows == NULL)
        return false;
    for (int row = 0; row < PQntuples(rows); row++) {
        const FindingPlace place = {
            .kind = "schedule",
            .id = cli_result_text(rows, row, DEFECT_ID),
            .name = cli_result_text(rows, row, DEFECT_NAME),
            .job_id = cli_result_text(rows, row, DEFECT_JOB_ID),
            .job_name = cli_result_text(rows, row, DEFECT_JOB_NAME),
        };
        doctor_add(self, defect_severity(cli_result_text(rows, row, DEFECT)), &place,
                   cli_result_text(rows, row, DEFECT_TEXT),
                   "let pgAlmanac run it: pgalmanac setup adopts the tables");
    }
    return true;
}

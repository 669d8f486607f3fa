/* SPDX-License-Identifier: PostgreSQL */
/* The answer of `pgalmanac next` for people, for scripts, and as JSON. */
#include "config.h"

#include <string.h>

#include "calendar/civil.h"
#include "calendar/instant.h"
#include "cli/json.h"
#include "cli/next.h"

static const char *const ends[] = {
    [NEXT_MORE] = NULL, [NEXT_NEVER] = "never", [NEXT_BEYOND] = "beyond", [NEXT_EVENT] = "event"};

/* A slot as the columns of the text. */
typedef struct {
    char *local; /* Sat 2026-03-28 02:30:00+01:00 */
    char *utc;   /* 2026-03-28 01:30:00 */
    char *note;  /* "" = none */
} Row;

static void
row_clear(gpointer data)
{
    Row *self = data;
    g_free(self->local);
    g_free(self->utc);
    g_free(self->note);
}

/* Why the clock shows something else than what was asked for; the date only if it is not the one shown. */
static char *
make_note(const ScheduleSlot *slot, const Zone *zone, int64_t shown)
{
    int64_t first, second;
    if (zone_resolve(slot->zone, slot->label, &first, &second) != ZONE_GAP)
        return g_strdup("");
    g_autofree char *label = instant_print_label(slot->label, ' ');
    bool same_day = civil_label_days(slot->label) == civil_label_days(shown);
    bool same_zone = g_str_equal(zone_name(slot->zone), zone_name(zone));
    if (g_str_has_suffix(label, ":00"))
        label[strlen(label) - 3] = '\0';
    return g_strdup_printf("%s%s%s does not exist then", label + (same_day ? 11 : 0),
                           same_zone ? "" : " in ", same_zone ? "" : zone_name(slot->zone));
}

static Row
make_row(const ScheduleSlot *slot, const Zone *zone)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    int32_t offset = zone_offset(zone, slot->at);
    int64_t shown = slot->at + offset * CIVIL_US_PER_SECOND;
    g_autofree char *label = instant_print_label(shown, ' ');
    g_autofree char *behind = instant_print_offset(offset);
    const char *day = days[civil_weekday(civil_label_days(shown))];
    return (Row){.local = g_strdup_printf("%s %s%s", day, label, behind),
                 .utc = instant_print_label(slot->at, ' '),
                 .note = make_note(slot, zone, shown)};
}

/* Cron text does not tell how its day fields combine if it was said beside it. */
static const char *
describe_days(const NextQuestion *question)
{
    if (!question->has_days)
        return "";
    return question->days == CRON_DAY_AND ? "  (both day fields have to fit)"
                                          : "  (one of the day fields has to fit)";
}

/* The first line of a rule has a title, the others stand below it. */
static void
print_rule(const NextQuestion *question, const char *understood, FILE *out)
{
    g_auto(GStrv) lines = g_strsplit(understood, "\n", -1);
    for (guint i = 0; lines[i]; i++)
        if (*lines[i])
            fprintf(out, "%s%s%s\n", i == 0 ? "rule: " : "      ", lines[i],
                    describe_days(question));
}

static void
print_rows(const GArray *rows, const char *zone, FILE *out)
{
    int local = 0, utc = 0;
    for (guint i = 0; i < rows->len; i++) {
        const Row *row = &g_array_index(rows, Row, i);
        local = MAX(local, (int)strlen(row->local));
        utc = MAX(utc, (int)strlen(row->utc));
    }
    for (guint i = 0; i < rows->len; i++) {
        const Row *row = &g_array_index(rows, Row, i);
        fprintf(out, "%-*s %s  %-*s UTC%s%s\n", local, row->local, zone, utc, row->utc,
                *row->note ? "  " : "", row->note);
    }
}

static void
print_text(const NextQuestion *question, const NextAnswer *answer, FILE *out)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(Row));
    g_array_set_clear_func(rows, row_clear);
    for (guint i = 0; i < answer->slots->len; i++) {
        Row row = make_row(&g_array_index(answer->slots, ScheduleSlot, i), question->zone);
        g_array_append_val(rows, row);
    }
    print_rule(question, answer->understood, out);
    print_rows(rows, zone_name(question->zone), out);
    if (answer->end == NEXT_EVENT)
        fprintf(out, "%s\n", answer->reason);
    else if (answer->end != NEXT_MORE)
        fprintf(out, "why: %s\n%s\n", answer->reason, ends[answer->end]);
}

static void
print_tsv(const NextQuestion *question, const NextAnswer *answer, FILE *out)
{
    for (guint i = 0; i < answer->slots->len; i++) {
        int64_t at = g_array_index(answer->slots, ScheduleSlot, i).at;
        g_autofree char *local = instant_print_full(at, question->zone);
        fprintf(out, "%s\n", local);
    }
    if (answer->end == NEXT_NEVER || answer->end == NEXT_BEYOND)
        fprintf(out, "%s\n", ends[answer->end]);
}

static void
print_json_slot(const ScheduleSlot *slot, const Zone *zone, FILE *out)
{
    g_autofree char *local = instant_print_full(slot->at, zone);
    g_autofree char *utc = instant_print_label(slot->at, 'T');
    g_autofree char *label = schedule_slot_label(slot);
    fprintf(out, "{\"local\": \"%s\", \"utc\": \"%sZ\", \"label\": \"%s\"}", local, utc, label);
}

static void
print_json(const NextQuestion *question, const NextAnswer *answer, FILE *out)
{
    g_autofree char *rule = json_quote(answer->understood);
    g_autofree char *from = instant_print_full(question->from, question->zone);
    g_autofree char *end = json_quote(ends[answer->end]);
    g_autofree char *reason = json_quote(answer->reason);
    fprintf(out, "{\"rule\": %s, \"zone\": \"%s\", \"from\": \"%s\", \"slots\": [", rule,
            zone_name(question->zone), from);
    for (guint i = 0; i < answer->slots->len; i++) {
        fprintf(out, "%s\n  ", i > 0 ? "," : "");
        print_json_slot(&g_array_index(answer->slots, ScheduleSlot, i), question->zone, out);
    }
    fprintf(out, "%s], \"end\": %s, \"reason\": %s}\n", answer->slots->len > 0 ? "\n" : "", end,
            reason);
}

void
next_print(const NextQuestion *question, const NextAnswer *answer, NextFormat format, FILE *out)
{
    switch (format) {
    case NEXT_TEXT:
        print_text(question, answer, out);
        break;
    case NEXT_TSV:
        print_tsv(question, answer, out);
        break;
    case NEXT_JSON:
        print_json(question, answer, out);
        break;
    case N_NEXT_FORMATS:
        g_assert_not_reached();
    }
}

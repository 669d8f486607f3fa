/* SPDX-License-Identifier: PostgreSQL */
/* How long the calendar takes: reads calendar-cases.tsv, writes a table of nanoseconds. Built and run by tests/bench/calendar.
 *
 * The time is that of the best of many short rounds: whatever else runs on the machine can only make them longer. What takes
 * a second and more is measured by the processor's time. */
#include "config.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "calendar-libical.h"
#include "calendar/bitmap.h"
#include "calendar/civil.h"
#include "calendar/definition.h"

#define ZONE      "Europe/Berlin"
#define DTSTART   "20050601T090000"
#define BUDGET_NS 100e6 /* so long rounds are repeated */
#define COMPILED  20
#define ASKED     512
#define HIDDEN    200
#define SCHEDULES 1000000

typedef enum {
    COLUMN_GOAL,
    COLUMN_LANGUAGE,
    COLUMN_TEXT,
    COLUMN_HIDDEN,
    N_COLUMNS
} Column;

typedef struct {
    const char *goal, *language, *text, *hidden;
    Zone *zone;
    bool with_libical;
    ScheduleException exceptions[HIDDEN];
    size_t n_exceptions;
    int64_t asked[ASKED];
    Rule fields; /* of a bitmap */
    Schedule *schedule;
} Case;

static double
clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* ---- A case ---- */

static int64_t
label_days(int year, int month, int day)
{
    return civil_days(year, month, day) * CIVIL_US_PER_DAY;
}

/* Anywhere in two years; or among what is hidden. */
static void
choose_instants(Case *self, GRand *random)
{
    int64_t from = label_days(2025, 6, 1);
    int64_t length = 730 * CIVIL_US_PER_DAY;
    bool is_days = g_str_equal(self->hidden, "200 days");
    if (self->hidden[0])
        length = HIDDEN * (is_days ? CIVIL_US_PER_DAY : CIVIL_US_PER_MINUTE);
    for (size_t i = 0; i < ASKED; i++)
        self->asked[i] = from + (int64_t)(g_rand_double(random) * (double)length);
    if (!self->hidden[0])
        return;
    for (int i = 0; i < HIDDEN; i++) {
        int32_t minute = 120 + i; /* as Berlin shows the first instants */
        self->exceptions[i] = is_days ? (ScheduleException){civil_days(2025, 6, 1) + i, -1}
                                      : (ScheduleException){civil_days(2025, 6, 1), minute};
    }
    self->n_exceptions = HIDDEN;
}

static Zone *
no_zone(const char *name, gpointer user_data, GError **error)
{
    g_assert_not_reached();
}

static void
read_rule(const char *text, CronDays days, Rule *rule)
{
    g_autoptr(GError) error = NULL;
    if (!cron_parse(text, days, rule, NULL, &error))
        g_error("%s: %s", text, error->message);
}

static Schedule *
compile_bitmap(const Case *self, const Rule *fields)
{
    Rule rule;
    bitmap_rule(fields->minutes, fields->hours, fields->weekdays,
                fields->month_days | fields->month_days_back, fields->months, &rule);
    return schedule_new(1, &rule, self->zone, INT64_MIN, SCHEDULE_NO_END, self->exceptions,
                        self->n_exceptions);
}

/* Through the same door as the service. */
static Schedule *
compile_text(const Case *self)
{
    g_autoptr(GError) error = NULL;
    RuleDefinition definition;
    int64_t start = g_str_equal(self->language, "ical")
                        ? label_days(2005, 6, 1) + 7 * 3600 * CIVIL_US_PER_SECOND
                        : CIVIL_MIN_AT;
    Schedule *schedule = NULL;
    if (definition_parse(self->text, DIALECT_AUTO, self->zone, start, &definition, NULL, &error)) {
        schedule = definition_compile(&definition, 1, self->zone, no_zone, NULL, NULL, &error);
        definition_clear(&definition);
    }
    if (!schedule)
        g_error("%s: %s", self->text, error->message);
    return schedule;
}

static Schedule *
compile(const Case *self)
{
    return g_str_equal(self->language, "bitmap") ? compile_bitmap(self, &self->fields)
                                                 : compile_text(self);
}

/* ---- What is measured of it ---- */

static void
compile_and_ask(const Case *self)
{
    for (int i = 0; i < COMPILED; i++) {
        ScheduleSlot slot;
        g_autoptr(Schedule) schedule = compile(self);
        if (schedule_next(schedule, self->asked[i], INT64_MAX, &slot) == RULE_BEYOND)
            g_error("%s: gave up", self->text);
    }
}

static void
ask(const Case *self)
{
    for (int i = 0; i < ASKED; i++) {
        ScheduleSlot slot;
        if (schedule_next(self->schedule, self->asked[i], INT64_MAX, &slot) != RULE_FOUND)
            g_error("%s: has no next slot", self->text);
    }
}

static void
go_on(const Case *self)
{
    int64_t begin = label_days(2025, 6, 1);
    ScheduleSlot slot = {.at = begin};
    for (int i = 0; i < ASKED; i++) {
        /* Rare ones come to the end of the calendar. */
        if (schedule_next(self->schedule, slot.at, INT64_MAX, &slot) != RULE_FOUND)
            slot.at = begin;
    }
}

/* Nanoseconds for one of n. */
static double
measure_round(const Case *self, void (*round)(const Case *), int n)
{
    double best = G_MAXDOUBLE;
    double begin = clock_ns(CLOCK_MONOTONIC), now = begin;
    while (now - begin < BUDGET_NS) {
        round(self);
        double before = now;
        now = clock_ns(CLOCK_MONOTONIC);
        best = MIN(best, (now - before) / n);
    }
    return best;
}

static double
measure_libical(const Case *self, LibicalWay way)
{
    if (!self->with_libical || !g_str_equal(self->language, "ical"))
        return LIBICAL_NONE;
    g_autoptr(GPtrArray) asked = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < (way == LIBICAL_SET_START ? 32 : 1); i++) {
        int64_t label = self->asked[i] + 3600 * CIVIL_US_PER_SECOND;
        CivilDate date = civil_date(civil_label_days(label));
        int second = (int)(civil_label_seconds(label) - civil_label_days(label) * 86400);
        g_ptr_array_add(asked,
                        g_strdup_printf("%04d%02d%02dT%02d%02d%02d", date.year, date.month,
                                        date.day, second / 3600, second / 60 % 60, second % 60));
    }
    return libical_measure(way, self->text, DTSTART, (const char *const *)asked->pdata, asked->len);
}

static void
measure(Case *self)
{
    if (g_str_equal(self->language, "bitmap"))
        read_rule(self->text, CRON_DAY_AND, &self->fields);
    g_autoptr(Schedule) schedule = self->schedule = compile(self);
    bool is_never = schedule_why_never(schedule) != NULL;
    if (is_never != g_str_equal(self->goal, "never"))
        g_error("%s: %s", self->text, is_never ? "never" : "not never");

    printf("%s\t%s\t%s\t%s", self->goal, self->language, self->text, self->hidden);
    printf("\t%.0f", measure_round(self, compile_and_ask, COMPILED));
    printf("\t%.0f", is_never ? -1 : measure_round(self, ask, ASKED));
    printf("\t%.0f", is_never ? -1 : measure_round(self, go_on, ASKED));
    printf("\t%.0f", is_never ? LIBICAL_NONE : measure_libical(self, LIBICAL_STEP));
    printf("\t%.0f", measure_libical(self, LIBICAL_FROM_START));
    printf("\t%.0f\n", is_never ? LIBICAL_NONE : measure_libical(self, LIBICAL_SET_START));
    fflush(stdout);
}

/* ---- Many schedules ---- */

/* As a row has them: the five arrays, or a text. */
typedef struct {
    Rule fields;
    char *text; /* NULL: the arrays */
} Row;

static char *
random_text(GRand *random)
{
    static const char *const days[] = {"* * *",   "* * MON-FRI", "1,15 * *", "L * *",  "* * SUN",
                                       "1 */3 *", "* * MON#1",   "15W * *",  "13 * 5", "31 * *"};
    const char *day = days[g_rand_int_range(random, 0, G_N_ELEMENTS(days))];
    int minute = g_rand_int_range(random, 0, 60), hour = g_rand_int_range(random, 0, 24);
    switch (g_rand_int_range(random, 0, 4)) {
    case 0:
        return g_strdup_printf("*/%d * %s", 1 + minute / 2, day);
    case 1:
        return g_strdup_printf("%d */%d %s", minute, 1 + hour / 2, day);
    case 2:
        return g_strdup_printf("%d,%d %d-%d %s", minute, (minute + 30) % 60, hour / 2, hour, day);
    default:
        return g_strdup_printf("%d %d %s", minute, hour, day);
    }
}

/* Half of them as bitmaps (which know nothing of weekdays by number). */
static void
random_row(GRand *random, Row *row)
{
    row->text = random_text(random);
    if (strpbrk(row->text, "#W") || g_rand_boolean(random))
        return;
    read_rule(row->text, CRON_DAY_AND, &row->fields);
    g_clear_pointer(&row->text, g_free);
}

static double
plan(const Row *rows, size_t n, Case *any, int64_t now)
{
    double before = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < SCHEDULES; i++) {
        const Row *row = &rows[(size_t)i % n];
        g_autoptr(Schedule) schedule = NULL;
        if (row->text) {
            RuleDefinition definition = {.kind = RULE_KIND_CRON,
                                         .start_at = CIVIL_MIN_AT,
                                         .end_at = SCHEDULE_NO_END,
                                         .every = 1,
                                         .text = row->text};
            schedule = definition_compile(&definition, i, any->zone, no_zone, NULL, NULL, NULL);
        } else {
            schedule = compile_bitmap(any, &row->fields);
        }
        ScheduleSlot slot;
        if (schedule_next(schedule, now, INT64_MAX, &slot) != RULE_FOUND)
            g_error("a random schedule has no next slot");
    }
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID) - before;
}

static void
measure_many(Zone *zone, GRand *random)
{
    size_t n = 20000;
    Row *rows = g_new0(Row, n);
    for (size_t i = 0; i < n; i++)
        random_row(random, &rows[i]);
    Case any = {.zone = zone};
    double best = G_MAXDOUBLE;
    for (int round = 0; round < 3; round++)
        best = MIN(best, plan(rows, n, &any, label_days(2026, 3, 28)));
    printf("many\t%d\t%.0f\n", SCHEDULES, best);
    for (size_t i = 0; i < n; i++)
        g_free(rows[i].text);
    g_free(rows);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_autoptr(Zone) zone = zone_load(ZONE, NULL, &error);
    if (argc < 2 || !zone || !g_file_get_contents(argv[1], &text, NULL, &error)) {
        fprintf(stderr, "usage: calendar CASES [without-libical]\n%s\n",
                error ? error->message : "");
        return 1;
    }
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) columns = g_strsplit(*line, "\t", N_COLUMNS);
        if (**line == '#' || g_strv_length(columns) != N_COLUMNS)
            continue;
        Case one = {.goal = columns[COLUMN_GOAL],
                    .language = columns[COLUMN_LANGUAGE],
                    .text = columns[COLUMN_TEXT],
                    .hidden = columns[COLUMN_HIDDEN],
                    .zone = zone,
                    .with_libical = argc == 2};
        choose_instants(&one, random);
        measure(&one);
    }
    measure_many(zone, random);
    return 0;
}

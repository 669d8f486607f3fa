/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "engine/timetable.h"

#include "base/error.h"
#include "calendar/caret.h"
#include "calendar/civil.h"
#include "calendar/instant.h"

/* 9999-12-31, the last day of the calendar. */
#define HORIZON (INT64_C(253402214400) * CIVIL_US_PER_SECOND)
/* A run after the last one's end that an exception hides is put off, and tried again so much later. */
#define PUT_OFF_US CIVIL_US_PER_SECOND

/* A rule, and what became of it. */
typedef struct {
    const RuleRow *row;
    Zone *zone;
    Schedule *schedule; /* NULL = it has no slots here */
    char *mistake;      /* why it cannot be read; NULL = it can */
} Entry;

struct Timetable {
    JobTimes times;
    TimetableUse use;
    int64_t after_at;
    ZoneFinder find_zone;
    gpointer user_data;
    GPtrArray *schedules; /* of Schedule */
    GArray *entries;      /* of Entry, in the order of JobTimes.rules */
    /* Owns all those; NULL = the job has no slots, or none that may be said here. */
    Schedule *whole;
    /* The first slot after after_at; NO_INSTANT = none. Each rule's problem asks for it. */
    int64_t first_at;
    bool is_unreadable; /* a time zone is not known here */
    bool is_stopped;    /* an exception cannot be read */
};

/* Reading what there is */

static Zone *
timetable_zone(const Timetable *self, const char *name, GError **error)
{
    return self->find_zone(name != NULL ? name : self->times.zone, self->user_data, error);
}

static void
read_schedule(Timetable *self, const ScheduleRow *row)
{
    g_autoptr(Zone) zone = timetable_zone(self, row->zone, NULL);

    if (zone == NULL)
        self->is_unreadable = true;
    else
        g_ptr_array_add(self->schedules,
                        schedule_new(row->id, &row->rule, zone, row->start_at, row->end_at,
                                     (const ScheduleException *)(void *)row->exceptions->data,
                                     row->exceptions->len));
}

/* Schedules and rules have ids of their own; in a union they are told apart by the sign. */
static int
member_id(const RuleRow *row)
{
    return -row->id;
}

static int64_t
due_after_last_end(const RuleRow *row)
{
    const RuleDefinition *definition = &row->definition;

    if (row->last_end_at == NO_INSTANT || row->last_end_at < definition->start_at)
        return definition->start_at;
    return row->last_end_at + length_elapsed(&definition->period);
}

static Schedule *
compile_after(const Timetable *self, const RuleRow *row, Zone *zone)
{
    int64_t due_at = MAX(due_after_last_end(row), self->after_at + 1);
    int64_t end_at = row->definition.end_at;

    if (self->use == TIMETABLE_OF_CLAIMS)
        end_at = MIN(end_at, due_at);
    return schedule_new_every(member_id(row), zone, due_at, end_at, PUT_OFF_US);
}

/* NULL without an error: there is nothing to be looked for. */
static Schedule *
compile(const Timetable *self, const Entry *entry, Place *place, GError **error)
{
    const RuleRow *row = entry->row;

    if (row->definition.kind == RULE_KIND_STARTUP)
        return NULL;
    if (row->definition.kind == RULE_KIND_AFTER)
        return self->times.is_running ? NULL : compile_after(self, row, entry->zone);
    return definition_compile(&row->definition, member_id(row), entry->zone, self->find_zone,
                              self->user_data, place, error);
}

/* The first line says what is wrong, the others show where. */
static char *
describe_mistake(const GError *error, const RuleDefinition *definition, const Place *place)
{
    if (definition->text == NULL)
        return g_strdup(error->message);
    g_autofree char *shown = caret_show(definition->text, place);
    return g_strdup_printf("%s\n%s", error->message, g_strchomp(shown));
}

static bool
has_run_out(const RuleRow *row)
{
    return row->end_count > 0 && row->run_count >= row->end_count;
}

static void
read_rule(Timetable *self, const RuleRow *row)
{
    g_autoptr(GError) error = NULL;
    Place place = {0};
    Entry entry = {.row = row, .zone = timetable_zone(self, row->zone, &error)};

    if (entry.zone == NULL) {
        self->is_unreadable = true;
        entry.mistake = g_strdup(error->message);
    } else if (!has_run_out(row)) {
        entry.schedule = compile(self, &entry, &place, &error);
        if (error != NULL) {
            entry.mistake = describe_mistake(error, &row->definition, &place);
            self->is_stopped = self->is_stopped || row->is_exception;
        }
    }
    g_array_append_val(self->entries, entry);
}

/* Making it one */

static Entry *
timetable_entry(const Timetable *self, guint i)
{
    return &g_array_index(self->entries, Entry, i);
}

static void
add_exceptions(Timetable *self)
{
    for (guint i = 0; i < self->entries->len; i++) {
        Entry *entry = timetable_entry(self, i);

        if (entry->row->is_exception && entry->schedule != NULL)
            schedule_union_except(self->whole, entry->schedule,
                                  entry->row->has_duration ? &entry->row->duration : NULL);
    }
}

static void
unite(Timetable *self)
{
    g_autoptr(GPtrArray) members = g_ptr_array_new();

    for (guint i = 0; i < self->schedules->len; i++)
        g_ptr_array_add(members, g_ptr_array_index(self->schedules, i));
    for (guint i = 0; i < self->entries->len; i++) {
        const Entry *entry = timetable_entry(self, i);

        if (!entry->row->is_exception && entry->schedule != NULL)
            g_ptr_array_add(members, entry->schedule);
    }
    if (self->is_unreadable || self->is_stopped || members->len == 0)
        return;
    self->whole = schedule_new_union(0, schedule_zone(g_ptr_array_index(members, 0)),
                                     (Schedule **)members->pdata, members->len);
    add_exceptions(self);
}

static int64_t
search(const Timetable *self, int64_t after_at)
{
    ScheduleSlot slot;

    if (self->whole == NULL || schedule_next(self->whole, after_at, HORIZON, &slot) != RULE_FOUND)
        return NO_INSTANT;
    return slot.at;
}

Timetable *
timetable_new(const JobTimes *times, TimetableUse use, int64_t after_at, ZoneFinder find_zone,
              gpointer user_data)
{
    Timetable *self = g_new0(Timetable, 1);

    self->times = *times;
    self->use = use;
    self->after_at = after_at;
    self->find_zone = find_zone;
    self->user_data = user_data;
    self->schedules = g_ptr_array_new();
    self->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    for (guint i = 0; times->schedules != NULL && i < times->schedules->len; i++)
        read_schedule(self, g_ptr_array_index(times->schedules, i));
    for (guint i = 0; times->rules != NULL && i < times->rules->len; i++)
        read_rule(self, g_ptr_array_index(times->rules, i));
    unite(self);
    self->first_at = search(self, after_at);
    return self;
}

void
timetable_free(Timetable *self)
{
    if (self == NULL)
        return;
    for (guint i = 0; self->whole == NULL && i < self->schedules->len; i++)
        schedule_free(g_ptr_array_index(self->schedules, i));
    for (guint i = 0; i < self->entries->len; i++) {
        Entry *entry = timetable_entry(self, i);

        if (self->whole == NULL)
            schedule_free(entry->schedule);
        g_clear_pointer(&entry->zone, zone_unref);
        g_free(entry->mistake);
    }
    schedule_free(self->whole);
    g_ptr_array_unref(self->schedules);
    g_array_unref(self->entries);
    g_free(self);
}

/* Asking it */

bool
timetable_is_readable(const Timetable *self)
{
    return !self->is_unreadable;
}

int64_t
timetable_next(const Timetable *self, int64_t after_at)
{
    return after_at <= self->after_at ? self->first_at : search(self, after_at);
}

int64_t
timetable_count(const Timetable *self, int64_t until, int64_t limit, ScheduleSlot *last)
{
    const Schedule *whole = self->whole;
    int64_t count = 0;

    if (whole == NULL ||
        schedule_set_count(&whole, 1, self->after_at, until, limit, &count, last) != RULE_FOUND)
        return 0;
    /* Counting knows the union only; a search says which member it was. */
    (void)schedule_next(whole, last->at - 1, last->at, last);
    return count;
}

void
timetable_owner(const ScheduleSlot *slot, int *schedule_id_found, int *rule_id_found)
{
    int id = schedule_id(slot->schedule);

    *schedule_id_found = MAX(id, 0);
    *rule_id_found = MAX(-id, 0);
}

GPtrArray *
timetable_askers(const Timetable *self, int64_t at)
{
    GPtrArray *askers = g_ptr_array_new();

    for (guint i = 0; i < self->entries->len; i++) {
        const Entry *entry = timetable_entry(self, i);

        if (!entry->row->is_exception && entry->schedule != NULL &&
            schedule_asks(entry->schedule, at))
            g_ptr_array_add(askers, (gpointer)entry->row);
    }
    return askers;
}

/* What is wrong with rules */

static char *
describe_instant(int64_t at, const Zone *zone)
{
    g_autofree char *text = instant_print(at, zone);

    return g_strdup_printf("%s %s", text, zone_name(zone));
}

/* An exception that is over or never comes hides nothing. That is fine, unless it can never come. */
static char *
problem_of_exception(const Entry *entry)
{
    if (entry->zone == NULL)
        return g_strdup(entry->mistake);
    if (entry->mistake != NULL)
        return g_strdup_printf("%s\nuntil this exception is mended or disabled, its job is not run",
                               entry->mistake);
    return g_strdup(schedule_why_never(entry->schedule));
}

static char *
problem_of_ended(const Entry *entry)
{
    g_autofree char *end = describe_instant(entry->row->definition.end_at, entry->zone);

    return g_strdup_printf("its end, %s, has passed", end);
}

/* It can have slots, but there are none any more. */
static char *
problem_of_exhausted(const Entry *entry, RuleOutcome outcome)
{
    const RuleDefinition *definition = &entry->row->definition;

    if (definition->kind == RULE_KIND_ONCE) {
        g_autofree char *start = describe_instant(definition->start_at, entry->zone);
        return g_strdup_printf("its only instant, %s, has passed", start);
    }
    if (definition->end_at != SCHEDULE_NO_END) {
        g_autofree char *end = describe_instant(definition->end_at, entry->zone);
        return g_strdup_printf("it asks for nothing more before its end, %s", end);
    }
    return g_strdup(outcome == RULE_NEVER ? "its last instant has passed"
                                          : "nothing was found up to the end of the year 9999, or "
                                            "the search for it took too long and was given up");
}

static char *
problem_of_slots(const Timetable *self, const Entry *entry)
{
    const char *why_never = schedule_why_never(entry->schedule);
    ScheduleSlot slot;

    if (why_never != NULL)
        return g_strdup(why_never);
    RuleOutcome outcome = schedule_next(entry->schedule, self->after_at, HORIZON, &slot);
    if (outcome != RULE_FOUND)
        return problem_of_exhausted(entry, outcome);
    if (self->whole != NULL && self->first_at == NO_INSTANT)
        return g_strdup("the job's exceptions hide all that it asks for, or the search for what "
                        "they leave took too long and was given up");
    return NULL;
}

char *
timetable_problem(const Timetable *self, guint i)
{
    const Entry *entry = timetable_entry(self, i);
    const RuleRow *row = entry->row;

    if (row->is_exception)
        return problem_of_exception(entry);
    if (entry->mistake != NULL)
        return g_strdup(entry->mistake);
    if (has_run_out(row))
        return g_strdup_printf("it has run %d of %d times", row->run_count, row->end_count);
    if (row->definition.end_at <= self->after_at)
        return problem_of_ended(entry);
    return entry->schedule != NULL ? problem_of_slots(self, entry) : NULL;
}

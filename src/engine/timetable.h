/* SPDX-License-Identifier: PostgreSQL */
/* When one job runs: its schedules and rules, compiled, and minus its exceptions. Says what is wrong with the rules; what it
 * cannot read it leaves out, unless that were an exception: a job must not run where nobody knows whether it may. */
#pragma once

#include "store/jobs.h"
#include "store/rules.h"

/* What a timetable is made of. */
typedef struct {
    const char *zone;           /* of what names none */
    const GPtrArray *schedules; /* of ScheduleRow; may be NULL */
    /* Of RuleRow; may be NULL. They must live as long as the timetable. */
    const GPtrArray *rules;
    bool is_running; /* the job runs: when its rules of kind after ask next is not known yet */
} JobTimes;

typedef enum {
    TIMETABLE_OF_PLANS, /* a run that is due after the last one's end waits until exceptions let it */
    TIMETABLE_OF_CLAIMS, /* such a run is due at one instant */
} TimetableUse;

typedef struct Timetable Timetable;

/* Nothing is asked for up to after_at. */
Timetable *timetable_new(const JobTimes *times, TimetableUse use, int64_t after_at,
                         ZoneFinder find_zone, gpointer user_data);
void timetable_free(Timetable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Timetable, timetable_free)

/* False if a time zone cannot be read here: another agent may know when the job runs. */
bool timetable_is_readable(const Timetable *self);

/* The first slot strictly after that instant; NO_INSTANT = none. */
int64_t timetable_next(const Timetable *self, int64_t after_at);
/* How many slots there are up to that instant, counted no further than limit, and the last of them, whose schedule is the one
 * that asks for it. 0 = none. */
int64_t timetable_count(const Timetable *self, int64_t until, int64_t limit, ScheduleSlot *last);

/* slot.schedule's id as one of the two; the other is 0. */
void timetable_owner(const ScheduleSlot *slot, int *schedule_id, int *rule_id);
/* Of RuleRow: the rules that ask for that instant. Free with g_ptr_array_unref. */
GPtrArray *timetable_askers(const Timetable *self, int64_t at);

/* What is wrong with rule i of JobTimes.rules, in plain words; NULL = nothing. Free with g_free. */
char *timetable_problem(const Timetable *self, guint i);

/* SPDX-License-Identifier: PostgreSQL */
/* What becomes of the slots of a job that nobody could run in time: one run for the newest, none, or one for each. Pure. */
#pragma once

#include "engine/timetable.h"

/* A run that begins later than this after its slot was missed, not just delayed. */
#define MISSED_LATE_US (INT64_C(60) * CLOCK_US_PER_SECOND)
/* Of all that were missed so many are run one after the other (MISSED_ALL), the newest; older ones are not. */
#define MISSED_ALL_MAX 100

typedef struct {
    ScheduleSlot slot;
    bool has_run;        /* else the slot is passed over too */
    int stands_for;      /* slots, with its own */
    int64_t passed_from; /* the slots before it that get no run of their own; NO_INSTANT = none */
    int64_t passed_to;
    int passed;         /* how many */
    const char *why;    /* slots are passed over */
    int64_t plan_after; /* the next plan is later than this */
} MissedSlots;

/* The slots of the timetable from the job's plan up to now; without any, the plan itself is one. */
MissedSlots missed_decide(const Timetable *timetable, const DueJob *job, int64_t now_at);
/* The same of a job that still runs: none of them is run. */
MissedSlots missed_while_busy(const Timetable *timetable, const DueJob *job, int64_t now_at);

/* SPDX-License-Identifier: PostgreSQL */
/* When a rule runs: the question that `pgalmanac next` asks, and its answer. Needs no database. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "calendar/definition.h"
#include "calendar/place.h"
#include "calendar/schedule.h"
#include "calendar/zone.h"

typedef struct {
    const char *rule;
    Dialect dialect;
    bool has_days; /* the two day fields of cron combine as `days` says */
    CronDays days;
    Zone *zone;
    int64_t from; /* slots after this instant */
    int64_t count;
} NextQuestion;

typedef enum {
    NEXT_MORE,   /* there may be further slots */
    NEXT_NEVER,  /* no further ones, for certain */
    NEXT_BEYOND, /* none were found: the end of the calendar, or too long a search */
    NEXT_EVENT,  /* it has no slots: it hangs on what happens */
} NextEnd;

typedef struct {
    char *understood; /* the rule as it was understood; may be several lines */
    GArray *slots;    /* of ScheduleSlot */
    NextEnd end;
    char *reason; /* in words; NULL if there is more */
    Schedule *schedule;
} NextAnswer;

/* Errors: INPUT or NOT_FOUND, and *place is where in the rule; USAGE if `days` is given for another rule than cron's. */
NextAnswer *next_ask(const NextQuestion *question, Place *place,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
void next_answer_free(NextAnswer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NextAnswer, next_answer_free)

typedef enum {
    NEXT_TEXT,
    NEXT_TSV,
    NEXT_JSON,
    N_NEXT_FORMATS
} NextFormat;
void next_print(const NextQuestion *question, const NextAnswer *answer, NextFormat format,
                FILE *out);

/* The command. */
int cli_next(int argc, char **argv);

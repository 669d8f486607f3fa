/* SPDX-License-Identifier: PostgreSQL */
/* Any rule, in any of some odd zones, with any exceptions: what the search gives must be asked for, must be
 * the first, must be what counting finds, and must be there at once (the time limit of the run).
 *
 * fuzz-sources: src/calendar/*.c src/base/error.c src/base/quantity.c tests/tools/rule-oracle.c */
#include "config.h"

#include <string.h>

#include "calendar/bitmap.h"
#include "calendar/civil.h"
#include "calendar/schedule.h"

#include "rule-oracle.h"

#define MAX_EXCEPTIONS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    const uint8_t *at;
    size_t left;
} Bytes;

typedef struct {
    Rule rule;
    Oracle *oracle;
    int64_t start_at, end_at;
    ScheduleException exceptions[MAX_EXCEPTIONS];
    size_t n_exceptions;
    Schedule *schedule;
} Sample;

static uint64_t
take(Bytes *bytes, size_t n)
{
    uint64_t value = 0;
    for (; n > 0; n--) {
        value = value << 8 | (bytes->left > 0 ? *bytes->at : 0);
        if (bytes->left > 0) {
            bytes->at++;
            bytes->left--;
        }
    }
    return value;
}

/* Loaded once: the files are not what is tested here. */
static Zone *
pick_zone(Bytes *bytes)
{
    static const char *const names[] = {"UTC",
                                        "Europe/Berlin",
                                        "America/Santiago",
                                        "Australia/Lord_Howe",
                                        "Africa/Casablanca",
                                        "Pacific/Apia",
                                        "Asia/Manila",
                                        "Pacific/Kwajalein"};
    static Zone *zones[G_N_ELEMENTS(names)];
    size_t i = take(bytes, 1) % G_N_ELEMENTS(names);
    if (!zones[i])
        zones[i] = zone_load(names[i], NULL, NULL);
    g_assert(zones[i]);
    return zones[i];
}

/* Between the years 1900 and 2300 mostly, to the minute mostly. */
static int64_t
take_instant(Bytes *bytes)
{
    uint64_t kind = take(bytes, 1);
    if (kind == 255)
        return (int64_t)take(bytes, 8);
    int64_t at = (civil_days(1900, 1, 1) + (int64_t)(take(bytes, 3) % 146097)) * CIVIL_US_PER_DAY;
    at += (int64_t)(take(bytes, 2) % 1440) * CIVIL_US_PER_MINUTE;
    return kind > 250 ? at + 1 : at;
}

static Sample
take_sample(Bytes *bytes, Zone *zone, int64_t after)
{
    Sample self = {.start_at = INT64_MIN, .end_at = SCHEDULE_NO_END};
    uint64_t minutes = take(bytes, 8), hours = take(bytes, 3), weekdays = take(bytes, 1);
    uint64_t month_days = take(bytes, 4), months = take(bytes, 2);
    bitmap_rule(minutes, hours, weekdays, month_days, months, &self.rule);
    uint64_t limits = take(bytes, 1);
    if (limits & 1)
        self.start_at = take_instant(bytes);
    if (limits & 2)
        self.end_at = take_instant(bytes);
    self.n_exceptions = take(bytes, 1) % MAX_EXCEPTIONS;
    for (size_t i = 0; i < self.n_exceptions; i++) {
        uint64_t kind = take(bytes, 1);
        self.exceptions[i].date = kind & 1
                                      ? SCHEDULE_ANY_DATE
                                      : civil_label_days(CLAMP(after, CIVIL_MIN_AT, CIVIL_MAX_AT)) +
                                            (int64_t)(take(bytes, 1) % 64);
        self.exceptions[i].minute =
            kind & 2 ? SCHEDULE_ANY_MINUTE : (int32_t)(take(bytes, 2) % 1500);
    }
    self.oracle = oracle_new(&self.rule);
    self.schedule = schedule_new(1, &self.rule, zone, self.start_at, self.end_at, self.exceptions,
                                 self.n_exceptions);
    return self;
}

static bool
asks_for(const Sample *self, int64_t label)
{
    int64_t day = civil_label_days(label);
    int64_t rest = label - day * CIVIL_US_PER_DAY;
    int32_t minute = (int32_t)(rest / CIVIL_US_PER_MINUTE);
    if (rest % CIVIL_US_PER_MINUTE || !oracle_selects(self->oracle, label / CIVIL_US_PER_SECOND))
        return false;
    for (size_t i = 0; i < self->n_exceptions; i++) {
        const ScheduleException *exception = &self->exceptions[i];
        bool on_day = exception->date == day || exception->date == SCHEDULE_ANY_DATE;
        bool at_minute = exception->minute == minute || exception->minute == SCHEDULE_ANY_MINUTE;
        bool is_nothing =
            exception->date == SCHEDULE_ANY_DATE && exception->minute == SCHEDULE_ANY_MINUTE;
        if (on_day && at_minute && !is_nothing)
            return false;
    }
    return true;
}

static void
check_slot(const Sample *self, const Zone *zone, int64_t after, const ScheduleSlot *slot)
{
    int64_t first, second;
    g_assert(slot->at > after && slot->at >= self->start_at && slot->at <= self->end_at);
    g_assert(asks_for(self, slot->label));
    ZoneFit fit = zone_resolve(zone, slot->label, &first, &second);
    bool running = rule_is_running(&self->rule);
    g_assert(slot->at == first || (running && fit == ZONE_AMBIGUOUS));
    g_assert(!running || fit != ZONE_GAP);
}

/* Nothing between: looked at minute by minute. At the two ends of the calendar instants have labels outside it. */
static void
check_between(const Sample *self, const Zone *zone, int64_t after, int64_t until)
{
    if (after >= CIVIL_MAX_AT)
        return;
    int64_t at = MAX(after, CIVIL_MIN_AT + 2 * CIVIL_US_PER_DAY) + 1;
    if (self->start_at > at)
        at = self->start_at;
    until = MIN(until, CIVIL_MAX_AT - 2 * CIVIL_US_PER_DAY);
    for (int i = 0; i < 300 && at < until; i++) {
        int64_t label = at + zone_offset(zone, at) * CIVIL_US_PER_SECOND;
        int64_t rest = label - civil_label_days(label) * CIVIL_US_PER_DAY;
        int64_t first, second;
        if (rest % CIVIL_US_PER_MINUTE == 0) {
            (void)zone_resolve(zone, label, &first, &second);
            if (first == at || rule_is_running(&self->rule))
                g_assert(at > self->end_at || !asks_for(self, label));
        }
        at += CIVIL_US_PER_MINUTE - rest % CIVIL_US_PER_MINUTE;
    }
}

static void
check_count(const Schedule *const *schedules, size_t n, int64_t after)
{
    int64_t until =
        after < CIVIL_MAX_AT - 40 * CIVIL_US_PER_DAY ? after + 40 * CIVIL_US_PER_DAY : CIVIL_MAX_AT;
    int64_t counted = 0, one_by_one = 0, at = after;
    ScheduleSlot slot, last = {.at = after}, beyond;
    while (one_by_one < 50 && schedule_set_next(schedules, n, at, until, &slot) == RULE_FOUND) {
        g_assert(slot.at > at);
        at = slot.at;
        one_by_one++;
    }
    RuleOutcome outcome = schedule_set_count(schedules, n, after, until, 50, &counted, &last);
    g_assert((outcome == RULE_FOUND) == (one_by_one > 0));
    g_assert(counted == one_by_one);
    if (counted < 50)
        g_assert(last.at == at);
    g_assert(last.at >= at);
    g_assert(schedule_set_next(schedules, n, last.at, until, &beyond) != RULE_FOUND);
}

static void
check_next(const Sample *self, const Zone *zone, int64_t after, ScheduleSlot *slot,
           RuleOutcome *outcome)
{
    *outcome = schedule_next(self->schedule, after, INT64_MAX, slot);
    if (*outcome != RULE_FOUND) {
        check_between(self, zone, after, CIVIL_MAX_AT);
        return;
    }
    ScheduleSlot again;
    check_slot(self, zone, after, slot);
    check_between(self, zone, after, slot->at);
    g_assert(schedule_next(self->schedule, slot->at - 1, INT64_MAX, &again) == RULE_FOUND);
    g_assert(again.at == slot->at);
    g_assert(schedule_next(self->schedule, after, slot->at - 1, &again) != RULE_FOUND);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Bytes bytes = {data, size};
    Zone *zone = pick_zone(&bytes);
    int64_t after = take_instant(&bytes);
    Sample samples[2];
    const Schedule *schedules[2];
    ScheduleSlot slots[2], both;
    RuleOutcome outcomes[2];
    for (int i = 0; i < 2; i++) {
        samples[i] = take_sample(&bytes, zone, after);
        schedules[i] = samples[i].schedule;
        check_next(&samples[i], zone, after, &slots[i], &outcomes[i]);
    }
    if (schedule_set_next(schedules, 2, after, INT64_MAX, &both) == RULE_FOUND) {
        int64_t first = outcomes[0] == RULE_FOUND ? slots[0].at : INT64_MAX;
        int64_t second = outcomes[1] == RULE_FOUND ? slots[1].at : INT64_MAX;
        g_assert(both.at == MIN(first, second));
    } else {
        g_assert(outcomes[0] != RULE_FOUND && outcomes[1] != RULE_FOUND);
    }
    if (after > INT64_MIN)
        check_count(schedules, 2, after);
    for (int i = 0; i < 2; i++) {
        schedule_free(samples[i].schedule);
        oracle_free(samples[i].oracle);
    }
    return 0;
}

/* SPDX-License-Identifier: PostgreSQL */
/* From labels to instants. Time is walked in stretches of one offset (see ZoneSpan), within which labels and
 * instants run side by side; what is special about spring and autumn happens at their borders only:
 *
 *   running schedules take every instant whose label matches, stretch by stretch;
 *   wall-clock schedules leave out labels that an earlier stretch has shown already (autumn) and add the
 *   labels that a gap skipped, read with the offset before it (spring).
 *
 * Where no label is near, the walk jumps to where the next one can be. */
#include "config.h"

#include "calendar/schedule.h"

#include <stdio.h>

#include "calendar/civil.h"
#include "calendar/labels.h"

struct Schedule {
    int id;
    Labels *labels;
    Zone *zone;
    bool is_running;
    int64_t start_at;
    int64_t end_at;
    int64_t min_offset, max_offset; /* of the zone, in microseconds */
};

/* One search, as it walks through time. */
typedef struct {
    const Schedule *schedule;
    int64_t after; /* slots up to here are behind us */
    int64_t until; /* the last instant that counts */
    int steps;     /* left; below 0 = given up */
    int64_t at;    /* the best slot found in this stretch, and its label */
    int64_t label;
} Search;

Schedule *
schedule_new(int id, RuleMask mask, Zone *zone, int64_t start_at, int64_t end_at,
             const ScheduleException *exceptions, size_t n_exceptions)
{
    Schedule *self = g_new0(Schedule, 1);
    int32_t minimum, maximum;
    zone_offset_range(zone, &minimum, &maximum);
    self->id = id;
    self->labels = labels_new(mask, exceptions, n_exceptions);
    self->zone = zone_ref(zone);
    self->is_running = rule_mask_is_running(&mask);
    self->start_at = start_at;
    self->end_at = end_at;
    self->min_offset = minimum * CIVIL_US_PER_SECOND;
    self->max_offset = maximum * CIVIL_US_PER_SECOND;
    return self;
}

void
schedule_free(Schedule *self)
{
    if (!self)
        return;
    labels_free(self->labels);
    zone_unref(self->zone);
    g_free(self);
}

int
schedule_id(const Schedule *self)
{
    return self->id;
}

Zone *
schedule_zone(const Schedule *self)
{
    return self->zone;
}

/* How far apart the instants of one label can be: beyond that from a border it has no effect. */
static int64_t
border_width(const Schedule *self)
{
    return self->max_offset - self->min_offset;
}

static bool
was_shown_before(const Schedule *self, int64_t label, int64_t at)
{
    int64_t first, second;
    (void)zone_resolve(self->zone, label, &first, &second);
    return first < at;
}

/* Slots whose label the clock really shows in this stretch. *next_label gets the first label that is not behind
 * us, wherever it is; RULE_BEYOND if there is none that can matter. */
static RuleOutcome
search_shown(Search *search, const ZoneSpan *span, int64_t stop, int64_t *next_label)
{
    const Schedule *self = search->schedule;
    int64_t offset = span->offset * CIVIL_US_PER_SECOND;
    int64_t from = search->after + 1 + offset;
    bool may_repeat = !self->is_running && span->from_at != INT64_MIN;
    int64_t label;

    for (;;) {
        RuleOutcome outcome = labels_next(self->labels, from, search->until + self->max_offset,
                                          &search->steps, &label);
        if (outcome != RULE_FOUND)
            return outcome;
        int64_t at = label - offset;
        if (at <= stop && may_repeat && at - span->from_at < border_width(self) &&
            was_shown_before(self, label, at)) {
            from = label + 1;
            continue;
        }
        *next_label = label;
        if (at <= stop && at <= search->at) {
            search->at = at;
            search->label = label;
        }
        return RULE_FOUND;
    }
}

/* Slots whose label was skipped by the gap at the beginning of `border`. */
static void
search_one_gap(Search *search, const ZoneSpan *border, int64_t stop)
{
    const Schedule *self = search->schedule;
    int64_t before = border->offset_before * CIVIL_US_PER_SECOND;
    int64_t from = MAX(border->from_at, search->after + 1) + before;
    int64_t last = MIN(border->from_at + border->offset * CIVIL_US_PER_SECOND - 1, stop + before);
    int64_t label;

    while (from <= last &&
           labels_next(self->labels, from, last, &search->steps, &label) == RULE_FOUND) {
        int64_t first, second;
        ZoneFit fit = zone_resolve(self->zone, label, &first, &second);
        if (fit == ZONE_GAP && first == label - before) {
            if (first < search->at) {
                search->at = first;
                search->label = label;
            }
            return;
        }
        from = label + 1;
    }
}

/* Gaps at the beginning of this stretch, or of one shortly before it, whose labels fall into it. */
static void
search_gaps(Search *search, const ZoneSpan *span, int64_t stop)
{
    ZoneSpan border = *span;
    while (border.from_at != INT64_MIN && --search->steps >= 0 &&
           search->after - border.from_at < border_width(search->schedule)) {
        if (border.offset > border.offset_before)
            search_one_gap(search, &border, stop);
        zone_span(search->schedule->zone, border.from_at - 1, &border);
    }
}

/* Looks through the stretch after search->after and moves it on. RULE_BEYOND: not in this one. */
static RuleOutcome
search_span(Search *search)
{
    const Schedule *self = search->schedule;
    ZoneSpan span;
    zone_span(self->zone, search->after + 1, &span);
    int64_t stop = MIN(span.until_at - 1, search->until);
    int64_t next_label = 0;

    search->at = INT64_MAX;
    RuleOutcome outcome = search_shown(search, &span, stop, &next_label);
    if (outcome == RULE_NEVER)
        return RULE_NEVER;
    if (!self->is_running)
        search_gaps(search, &span, stop);
    if (search->at <= stop)
        return RULE_FOUND;

    /* Labels behind us can show again within the width of a border; after that only the next one can. */
    bool is_near = stop - search->after < border_width(self);
    int64_t next = outcome == RULE_FOUND ? next_label - self->max_offset - 1 : search->until;
    search->after = is_near ? stop : MAX(stop, next);
    return RULE_BEYOND;
}

RuleOutcome
schedule_next(const Schedule *self, int64_t after, int64_t horizon, ScheduleSlot *slot)
{
    Search search = {
        .schedule = self,
        .after = CLAMP(after, CIVIL_MIN_AT - 1, CIVIL_MAX_AT),
        .until = MIN(MIN(self->end_at, CIVIL_MAX_AT), horizon),
        .steps = SCHEDULE_STEPS,
    };
    if (self->start_at > search.after)
        search.after = self->start_at - 1;

    if (labels_is_empty(self->labels))
        return RULE_NEVER;
    while (search.after < search.until && --search.steps >= 0) {
        RuleOutcome outcome = search_span(&search);
        if (outcome == RULE_FOUND) {
            slot->at = search.at;
            slot->label = search.label;
            slot->schedule = self;
            slot->zone = self->zone;
        }
        if (outcome != RULE_BEYOND)
            return outcome;
    }
    bool saw_the_end = search.steps >= 0 && self->end_at <= MIN(horizon, CIVIL_MAX_AT);
    return saw_the_end ? RULE_NEVER : RULE_BEYOND;
}

RuleOutcome
schedule_set_next(const Schedule *const *schedules, size_t n, int64_t after, int64_t horizon,
                  ScheduleSlot *slot)
{
    RuleOutcome result = RULE_NEVER;
    for (size_t i = 0; i < n; i++) {
        RuleOutcome outcome = schedule_next(schedules[i], after, horizon, slot);
        if (outcome == RULE_FOUND) {
            result = RULE_FOUND;
            /* The others have to be earlier than that. */
            horizon = slot->at - 1;
        } else if (outcome == RULE_BEYOND && result == RULE_NEVER) {
            result = RULE_BEYOND;
        }
    }
    return result;
}

/* Bisects for the last slot in [slot->at, until]: "is there one after x" can be asked of any x. */
static void
find_last(const Schedule *const *schedules, size_t n, int64_t until, ScheduleSlot *slot)
{
    int64_t none_after = until;
    while (slot->at < none_after) {
        int64_t middle = slot->at + (none_after - slot->at) / 2;
        ScheduleSlot later;
        if (schedule_set_next(schedules, n, middle, none_after, &later) == RULE_FOUND)
            *slot = later;
        else
            none_after = middle;
    }
}

RuleOutcome
schedule_set_count(const Schedule *const *schedules, size_t n, int64_t after, int64_t until,
                   int64_t limit, int64_t *count, ScheduleSlot *last)
{
    ScheduleSlot slot;
    RuleOutcome outcome = schedule_set_next(schedules, n, after, until, &slot);
    if (outcome != RULE_FOUND)
        return outcome;

    int64_t counted = 1;
    bool more = true;
    while (more && counted < limit) {
        more = schedule_set_next(schedules, n, slot.at, until, &slot) == RULE_FOUND;
        counted += more;
    }
    if (more)
        find_last(schedules, n, MIN(until, CIVIL_MAX_AT), &slot);
    *count = counted;
    *last = slot;
    return RULE_FOUND;
}

char *
schedule_slot_label(const ScheduleSlot *slot)
{
    int64_t days = civil_label_days(slot->label);
    int64_t rest = slot->label - days * CIVIL_US_PER_DAY;
    int minute = (int)(rest / CIVIL_US_PER_MINUTE);
    int second = (int)(rest % CIVIL_US_PER_MINUTE / CIVIL_US_PER_SECOND);
    CivilDate date = civil_date(days);
    g_autofree char *seconds = second ? g_strdup_printf(":%02d", second) : g_strdup("");
    return g_strdup_printf("%04d-%02d-%02d %02d:%02d%s %s", date.year, date.month, date.day,
                           minute / 60, minute % 60, seconds, zone_name(slot->zone));
}

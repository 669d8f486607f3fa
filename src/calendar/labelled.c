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

#include <string.h>

#include "calendar/civil.h"
#include "calendar/schedule-kind.h"

typedef struct {
    Schedule schedule;
    Labels *labels;
    bool is_running;
    int64_t min_offset, max_offset; /* of the zone, in microseconds */
} Labelled;

/* One search, as it walks through time. */
typedef struct {
    const Labelled *schedule;
    int64_t after; /* slots up to here are behind us */
    int64_t until; /* the last instant that counts */
    int *steps;    /* left; below 0 = given up */
    int64_t at;    /* the best slot found in this stretch, and its label */
    int64_t label;
} Search;

/* How far apart the instants of one label can be: beyond that from a border it has no effect. */
static int64_t
border_width(const Labelled *self)
{
    return self->max_offset - self->min_offset;
}

static bool
was_shown_before(const Labelled *self, int64_t label, int64_t at)
{
    int64_t first, second;
    (void)zone_resolve(self->schedule.zone, label, &first, &second);
    return first < at;
}

/* Slots whose label the clock really shows in this stretch. *next_label gets the first label that is not behind
 * us, wherever it is; RULE_BEYOND if there is none that can matter. */
static RuleOutcome
search_shown(Search *search, const ZoneSpan *span, int64_t stop, int64_t *next_label)
{
    const Labelled *self = search->schedule;
    int64_t offset = span->offset * CIVIL_US_PER_SECOND;
    int64_t from = search->after + 1 + offset;
    bool may_repeat = !self->is_running && span->from_at != INT64_MIN;
    int64_t label;

    for (;;) {
        RuleOutcome outcome = labels_next(self->labels, from, search->until + self->max_offset,
                                          search->steps, &label);
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
    const Labelled *self = search->schedule;
    int64_t before = border->offset_before * CIVIL_US_PER_SECOND;
    int64_t from = MAX(border->from_at, search->after + 1) + before;
    int64_t last = MIN(border->from_at + border->offset * CIVIL_US_PER_SECOND - 1, stop + before);
    int64_t label;

    while (from <= last &&
           labels_next(self->labels, from, last, search->steps, &label) == RULE_FOUND) {
        int64_t first, second;
        ZoneFit fit = zone_resolve(self->schedule.zone, label, &first, &second);
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
    while (border.from_at != INT64_MIN && --*search->steps >= 0 &&
           search->after - border.from_at < border_width(search->schedule)) {
        if (border.offset > border.offset_before)
            search_one_gap(search, &border, stop);
        zone_span(search->schedule->schedule.zone, border.from_at - 1, &border);
    }
}

/* Looks through the stretch after search->after and moves it on. RULE_BEYOND: not in this one. */
static RuleOutcome
search_span(Search *search)
{
    const Labelled *self = search->schedule;
    ZoneSpan span;
    zone_span(self->schedule.zone, search->after + 1, &span);
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

static RuleOutcome
labelled_next(const Schedule *schedule, int64_t after, int64_t until, int *steps,
              ScheduleSlot *slot)
{
    const Labelled *self = (const Labelled *)schedule;
    Search search = {.schedule = self, .after = after, .until = until, .steps = steps};
    while (search.after < search.until && *steps >= 0) {
        RuleOutcome outcome = search_span(&search);
        if (outcome == RULE_FOUND)
            *slot = (ScheduleSlot){search.at, search.label, schedule, schedule->zone};
        if (outcome != RULE_BEYOND)
            return outcome;
    }
    return RULE_BEYOND;
}

static bool
labelled_hides(const Schedule *schedule, const ScheduleSlot *slot, int *steps)
{
    const Labelled *self = (const Labelled *)schedule;
    bool same_zone = slot->zone && (slot->zone == schedule->zone ||
                                    strcmp(zone_name(slot->zone), zone_name(schedule->zone)) == 0);
    int64_t shown = slot->at + zone_offset(schedule->zone, slot->at) * CIVIL_US_PER_SECOND;
    return labels_has(self->labels, same_zone ? slot->label : shown, steps);
}

static void
labelled_free(Schedule *schedule)
{
    labels_free(((Labelled *)schedule)->labels);
}

static const ScheduleKind labelled = {labelled_next, labelled_hides, labelled_free};

/* Takes the labels over. */
static Schedule *
labelled_new(int id, Labels *labels, Zone *zone, int64_t start_at, int64_t end_at)
{
    Labelled *self = g_new0(Labelled, 1);
    int32_t minimum, maximum;
    zone_offset_range(zone, &minimum, &maximum);
    schedule_init(&self->schedule, &labelled, id, zone, start_at, end_at);
    self->schedule.why_never = labels_why_never(labels);
    self->labels = labels;
    self->is_running = labels_is_running(labels);
    self->min_offset = minimum * CIVIL_US_PER_SECOND;
    self->max_offset = maximum * CIVIL_US_PER_SECOND;
    return &self->schedule;
}

Schedule *
schedule_new(int id, const Rule *rule, Zone *zone, int64_t start_at, int64_t end_at,
             const ScheduleException *exceptions, size_t n_exceptions)
{
    return labelled_new(id, labels_new(rule, exceptions, n_exceptions), zone, start_at, end_at);
}

Schedule *
schedule_new_rule(int id, const Rule *rule, Zone *zone, int64_t start_at, int64_t end_at)
{
    return schedule_new(id, rule, zone, start_at, end_at, NULL, 0);
}

/* Behind that it is known that there are no more. */
static int64_t
last_instant(const Zone *zone, const int64_t *labels, size_t n)
{
    int64_t last = CIVIL_MIN_AT, first_pass, last_pass;
    for (size_t i = 0; i < n; i++)
        last = MAX(last, labels[i]);
    (void)zone_resolve(zone, last, &first_pass, &last_pass);
    return last_pass;
}

Schedule *
schedule_new_list(int id, Zone *zone, int64_t start_at, int64_t end_at, const int64_t *labels,
                  size_t n)
{
    end_at = MIN(end_at, last_instant(zone, labels, n));
    return labelled_new(id, labels_new_list(labels, n), zone, start_at, end_at);
}

Schedule *
schedule_new_days(int id, Zone *zone, const int64_t *days, size_t n)
{
    return labelled_new(id, labels_new_days(days, n), zone, INT64_MIN, SCHEDULE_NO_END);
}

/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "engine/missed.h"

#include "base/clock.h"

#define NOBODY_RAN                                                                                 \
    "no agent could run the job at these instants (none was there, a pause, or an error)"

/* Slots are counted up to here; the newest one is exact all the same. */
#define COUNT_LIMIT 100000

/* Slots that are older than this are not run any more. */
static int64_t
oldest_allowed(const DueJob *job, int64_t now_at)
{
    if (job->grace_us != DUE_JOB_NO_GRACE)
        return now_at - job->grace_us;
    return job->missed == MISSED_SKIP ? now_at - MISSED_LATE_US : INT64_MIN;
}

static int
count_up_to(const Timetable *timetable, int64_t until, ScheduleSlot *last)
{
    return (int)timetable_count(timetable, until, COUNT_LIMIT, last);
}

/* All before that slot. */
static void
pass_before(MissedSlots *self, const Timetable *timetable, const DueJob *job, int64_t run_at,
            const char *why)
{
    ScheduleSlot last;
    int count = count_up_to(timetable, run_at - 1, &last);

    if (count == 0)
        return;
    self->passed = count;
    self->passed_from = job->planned_at;
    self->passed_to = last.at;
    self->why = why;
}

static const char *
describe_older(const DueJob *job)
{
    switch (job->missed) {
    case MISSED_ONCE:
        return NOBODY_RAN "; the run of the newest slot stands for them";
    case MISSED_SKIP:
        return NOBODY_RAN ", and missed slots of this job are skipped";
    case MISSED_ALL:
        return NOBODY_RAN ", and they are too many to run each of them; "
                          "at least so many slots";
    case N_MISSED_POLICIES:
        break;
    }
    g_assert_not_reached();
}

static void
run_newest(MissedSlots *self, const Timetable *timetable, const DueJob *job)
{
    pass_before(self, timetable, job, self->slot.at, describe_older(job));
    self->stands_for = job->missed == MISSED_ONCE ? self->passed + 1 : 1;
}

/* The oldest of those that are to be run; the others follow, as each leaves the next one due. */
static void
run_oldest(MissedSlots *self, const Timetable *timetable, const DueJob *job, int64_t allowed_at)
{
    ScheduleSlot before;
    int64_t first_at = timetable_next(timetable, MAX(allowed_at, job->planned_at) - 1);
    int older = count_up_to(timetable, first_at - 1, &before);
    int more = count_up_to(timetable, self->slot.at, &before) - older - MISSED_ALL_MAX;

    for (int i = 0; i < more; i++)
        first_at = timetable_next(timetable, first_at);
    pass_before(self, timetable, job, first_at,
                more > 0 ? NOBODY_RAN "; only the newest 100 missed slots "
                                      "are run"
                         : NOBODY_RAN ", and they are older than the "
                                      "job's grace");
    (void)count_up_to(timetable, first_at, &self->slot);
    self->plan_after = first_at;
}
G_STATIC_ASSERT(MISSED_ALL_MAX == 100); /* the text says so */

/* The newest slot too. */
static void
pass_all(MissedSlots *self, const Timetable *timetable, const DueJob *job, const char *why)
{
    pass_before(self, timetable, job, self->slot.at, why);
    self->why = why;
    self->has_run = false;
}

static const char *
describe_late(const DueJob *job)
{
    if (job->grace_us != DUE_JOB_NO_GRACE)
        return NOBODY_RAN ", and they are older than the job's grace";
    return NOBODY_RAN ", and missed slots of this job are skipped";
}

/* What is due: its newest slot, and how many there are. */
static MissedSlots
look(const Timetable *timetable, const DueJob *job, int64_t now_at, int *count)
{
    MissedSlots self = {
        .has_run = true, .stands_for = 1, .passed_from = NO_INSTANT, .passed_to = NO_INSTANT};

    *count = count_up_to(timetable, now_at, &self.slot);
    /* The plan was made by a definition that is gone; the slot was promised all the same. */
    if (*count == 0) {
        self.slot = (ScheduleSlot){.at = job->planned_at};
        *count = 1;
    }
    self.plan_after = MAX(self.slot.at, now_at);
    return self;
}

MissedSlots
missed_decide(const Timetable *timetable, const DueJob *job, int64_t now_at)
{
    int count;
    MissedSlots self = look(timetable, job, now_at, &count);
    int64_t allowed_at = oldest_allowed(job, now_at);

    if (self.slot.at < allowed_at)
        pass_all(&self, timetable, job, describe_late(job));
    else if (count > 1 && count < COUNT_LIMIT && job->missed == MISSED_ALL)
        run_oldest(&self, timetable, job, allowed_at);
    else if (count > 1)
        run_newest(&self, timetable, job);
    return self;
}

MissedSlots
missed_while_busy(const Timetable *timetable, const DueJob *job, int64_t now_at)
{
    int count;
    MissedSlots self = look(timetable, job, now_at, &count);

    pass_all(&self, timetable, job, "the job was still running");
    return self;
}

/* SPDX-License-Identifier: PostgreSQL */
/* The answer's time lies somewhere between question and answer: only what cannot be explained by a slow answer counts. */
#include "config.h"

#include "store/clockwatch.h"

#include <glib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/quantity.h"

/* What is less may be a slow answer, or two good clocks. */
#define LIMIT_US (5 * CLOCK_US_PER_SECOND)
/* A step of so much is news, though nobody need hear of it: the shortest lease is 3 s, and without a connection its agent counts as
 * dead after a sixth of that, which is 0.2 s more than its heartbeat. */
#define NEWS_US (CLOCK_US_PER_SECOND / 10)
/* Two good clocks part by less than this part of the time. */
#define DRIFT_PART 1000

ClockReading
clock_reading(void)
{
    return (ClockReading){.at = clock_now_at(), .mono = clock_now_mono(), .boot = clock_now_boot()};
}

static char *
in_seconds(int64_t us)
{
    int64_t seconds = (ABS(us) + CLOCK_US_PER_SECOND / 2) / CLOCK_US_PER_SECOND;

    return quantity_format_duration(seconds * CLOCK_US_PER_SECOND);
}

/* How far a value lies from the middle of a range; 0 if it is in it, or not beyond the limit outside. */
static int64_t
distance(int64_t value, int64_t least, int64_t most, int64_t limit)
{
    if (value <= most + limit && value >= least - limit)
        return 0;
    return value - (least + (most - least) / 2);
}

/* What was told is taken back only by a quick answer, and only if it is far from true: else a difference near the limit, or
 * a busy machine, would bring a message with each answer. */
static int64_t
skew_of(const ClockWatch *self, const ClockReading *sent, const ClockReading *got,
        int64_t server_at)
{
    if (self->told_skew_us == 0)
        return -distance(server_at, sent->at, got->at, LIMIT_US);
    if (got->boot - sent->boot > LIMIT_US / 2)
        return self->told_skew_us;
    return -distance(server_at, sent->at, got->at, LIMIT_US / 2);
}

/* True if it is worth a message: it came, it went, or it is another one. */
static bool
skew_has_changed(const ClockWatch *self, int64_t skew_us)
{
    if (skew_us == 0 || self->told_skew_us == 0)
        return skew_us != self->told_skew_us;
    return ABS(skew_us - self->told_skew_us) > LIMIT_US + ABS(self->told_skew_us) / 2;
}

static char *
describe_skew(int64_t skew_us)
{
    g_autofree char *text = in_seconds(skew_us);

    if (skew_us == 0)
        return g_strdup("this agent's clock agrees with the database's");
    return g_strdup_printf("this agent's clock is %s %s the database's, which decides what is due",
                           text, skew_us > 0 ? "ahead of" : "behind");
}

static void
tell_skew(const ClockWatch *self, int64_t skew_us)
{
    g_autofree char *skew = describe_skew(skew_us);

    if (skew_us != 0)
        log_warning("%s", skew);
    else
        log_notice("%s again", skew);
}

static void
tell_step(int64_t step_us, int64_t skew_us)
{
    g_autofree char *step = in_seconds(step_us);
    g_autofree char *skew = describe_skew(skew_us);

    if (step_us > 0)
        log_warning("the database's clock was stepped forward by %s, or this machine stood still: "
                    "looking for what is due; %s",
                    step, skew);
    else
        log_error("the database's clock was stepped back by %s: slots that have passed already "
                  "are not run again; %s",
                  step, skew);
}

static void
tell_sleep(int64_t slept_us)
{
    g_autofree char *slept = in_seconds(slept_us);

    log_warning("this machine has slept for %s: looking for what is due", slept);
}

/* By how much the database's clock has moved more than ours since the last answer; 0 if that is within the limit. */
static int64_t
step_of(const ClockWatch *self, const ClockReading *sent, const ClockReading *got,
        int64_t server_at, int64_t limit_us)
{
    int64_t longest_us = got->boot - self->sent.boot;

    return distance(server_at - self->server_at, sent->boot - self->got.boot, longest_us,
                    limit_us + longest_us / DRIFT_PART);
}

static int64_t
sleep_of(const ClockWatch *self, const ClockReading *got)
{
    int64_t slept_us = (got->boot - self->got.boot) - (got->mono - self->got.mono);

    return slept_us > LIMIT_US ? slept_us : 0;
}

unsigned
clock_watch_note(ClockWatch *self, const ClockReading *sent, const ClockReading *got,
                 int64_t server_at)
{
    int64_t step_us = self->has_last ? step_of(self, sent, got, server_at, NEWS_US) : 0;
    bool is_told = step_us != 0 && step_of(self, sent, got, server_at, LIMIT_US) != 0;
    int64_t slept_us = self->has_last ? sleep_of(self, got) : 0;
    int64_t skew_us = skew_of(self, sent, got, server_at);
    unsigned news = self->has_last ? 0 : CLOCK_FIRST;
    bool is_new_skew = skew_has_changed(self, skew_us);

    if (slept_us > 0) {
        tell_sleep(slept_us);
        news |= CLOCK_SLEPT;
    }
    if (step_us != 0)
        news |= step_us > 0 ? CLOCK_FORWARD : CLOCK_BACK;
    if (is_told)
        tell_step(step_us, skew_us);
    else if (is_new_skew)
        tell_skew(self, skew_us);
    if (is_told || is_new_skew)
        self->told_skew_us = skew_us;
    self->has_last = true;
    self->sent = *sent;
    self->got = *got;
    self->server_at = server_at;
    return news;
}

/* SPDX-License-Identifier: PostgreSQL */
/* Watches the database's clock, which decides what is due, and our own beside it: whether it is stepped, whether ours
 * differs, whether this machine has slept. Pure but for the log: each change is said once, if it is of more
 * than 5 s. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Our clocks (see base/clock.h) at one moment. */
typedef struct {
    int64_t at;
    int64_t mono;
    int64_t boot;
} ClockReading;

typedef struct {
    bool has_last;
    ClockReading sent; /* of the last answer … */
    ClockReading got;
    int64_t server_at;
    int64_t
        told_skew_us; /* ours was said to be ahead of the database's by so much; 0 = it was not, or is right again */
} ClockWatch;

typedef enum {
    CLOCK_FIRST = 1 << 0,   /* nothing to compare with yet */
    CLOCK_FORWARD = 1 << 1, /* the database's clock was stepped … */
    CLOCK_BACK = 1 << 2,
    CLOCK_SLEPT = 1 << 3, /* this machine stood still */
} ClockNews;

ClockReading clock_reading(void);
/* A question that was sent and answered at those moments, and what the database's clock said in between. Gives ClockNews. */
unsigned clock_watch_note(ClockWatch *self, const ClockReading *sent, const ClockReading *got,
                          int64_t server_at);

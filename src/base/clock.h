/* SPDX-License-Identifier: PostgreSQL */
/* The only place that reads a clock. Instants are microseconds: `_at` since 1970 UTC (wall clock),
 * `_mono` since some start (monotonic, stands still while the machine sleeps), `_boot` since another one (monotonic,
 * goes on while the machine sleeps: for what others count meanwhile). */
#pragma once

#include <stdint.h>

#define CLOCK_US_PER_MS     INT64_C(1000)
#define CLOCK_US_PER_SECOND INT64_C(1000000)

int64_t clock_now_at(void);
int64_t clock_now_mono(void);
/* Greater than 0. */
int64_t clock_now_boot(void);

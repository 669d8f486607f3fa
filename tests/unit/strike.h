/* SPDX-License-Identifier: PostgreSQL */
/* What cannot be provoked from outside: the n-th of the calls that may fail does. strike.c stands between our code and
 * those functions (the linker's --wrap), and between libpq and the system. For one test program; nothing of it is in
 * the shipped one. */
#pragma once

#include <stdbool.h>

typedef enum {
    STRIKE_HARD, /* the call fails for good: no memory, no descriptors, connection reset */
    STRIKE_SOFT, /* it is interrupted, not ready, or does only a part: everything must go on */
} StrikeKind;

/* The call after so many fails, once. Calls in child processes count too. */
void strike_arm(StrikeKind kind, int after);
/* NULL if there were not so many calls; else which one failed. */
const char *strike_disarm(void);

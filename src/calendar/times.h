/* SPDX-License-Identifier: PostgreSQL */
/* The times of day that a rule selects: seconds from midnight whose hour, minute and second it has. */
#pragma once

#include <stdint.h>

#include "calendar/rule.h"

#define TIMES_PER_DAY 86400

/* The first one at or after that second of the day; -1 = none. */
int times_next(const Rule *rule, int second);
/* Those in a stretch: the whole day, an hour, a minute or a second of it, as long as `length` says; `second` lies in it. */
int times_count(const Rule *rule, int length);
/* The one at place n, from 0, of that stretch. */
int times_nth(const Rule *rule, int second, int length, int n);

/* SPDX-License-Identifier: PostgreSQL */
/* What tools that tests in other languages ask answer with. */
#pragma once

#include "calendar/schedule.h"

/* A line on stdout: the slots after that instant as microseconds since 1970, separated by blanks, then "never" or "beyond" if
 * there are no more. */
void print_slots(const Schedule *schedule, int64_t after, int64_t wanted);

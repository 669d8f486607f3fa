/* SPDX-License-Identifier: PostgreSQL */
/* Random recurrence rules that RFC 5545 and RFC 7529 allow. */
#pragma once

#include <glib.h>

/* Free with g_free. */
char *rrule_maker_make(GRand *random);

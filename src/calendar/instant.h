/* SPDX-License-Identifier: PostgreSQL */
/* Instants as people write them, in the manner of ISO 8601: "2026-01-31T09:00". */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "calendar/zone.h"

/* YYYY-MM-DDTHH:MM[:SS[.ffffff]][Z|±HH[:MM[:SS]]], also with a blank instead of the T. Without an offset it is read in
 * the zone: in a gap with the offset before it, and of two the first. An offset moves what lies at the ends of the
 * calendar outside it: that is clamped. Errors: INPUT. */
bool instant_parse(const char *text, const Zone *zone, int64_t *at,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The shortest text that instant_parse reads as the same in that zone: seconds, fractions and the offset only where they
 * are needed. Free with g_free. */
char *instant_print(int64_t at, const Zone *zone);
/* Always with seconds and offset: "2026-01-31T09:00:00+01:00"; fractions only if there are any. Free with g_free. */
char *instant_print_full(int64_t at, const Zone *zone);

/* The two halves of the above, for those who arrange them: "2026-01-31T09:00:00" of a local label, with that character
 * between date and time; and "+01:00". Free with g_free. */
char *instant_print_label(int64_t label, char between);
char *instant_print_offset(int32_t seconds);

/* SPDX-License-Identifier: PostgreSQL */
/* Time zones, read from the system's TZif files (RFC 9636, version 2 and later: 64-bit data and the POSIX
 * footer; version 1 where a file has no more). Immutable once loaded. Local labels are microseconds of a
 * clock that reads UTC's digits. Instants and labels are meant to lie in the years 1 to 9999. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Zone Zone;

/* name: an IANA name ("Europe/Berlin", "UTC"). directory NULL = the system's. Refuses names that leave the directory.
 * Errors: NOT_FOUND (no such zone), INPUT (its file cannot be understood). */
Zone *zone_load(const char *name, const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* False if its file has been replaced since (the system's rules were updated): one look at the file's times. A file that is
 * missing, as in the midst of an update, says nothing. */
bool zone_is_current(const Zone *self);
/* From the bytes of a TZif file, e.g. for fuzzing. */
Zone *zone_parse(const char *name, const uint8_t *bytes, size_t length,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
Zone *zone_ref(Zone *self);
void zone_unref(Zone *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Zone, zone_unref)
const char *zone_name(const Zone *self);

/* Seconds east of UTC at that instant. */
int32_t zone_offset(const Zone *self, int64_t at);

/* A stretch of time with one offset. */
typedef struct {
    int64_t from_at;       /* its first instant; INT64_MIN = since ever */
    int64_t until_at;      /* the first instant after it; INT64_MAX = none before year 10000 */
    int32_t offset;        /* seconds east of UTC */
    int32_t offset_before; /* of the stretch before it (its own if there is none) */
} ZoneSpan;

/* The stretch that the instant lies in. */
void zone_span(const Zone *self, int64_t at, ZoneSpan *span);
/* The smallest and the largest offset that the zone ever has: a label lies between them from its instants. */
void zone_offset_range(const Zone *self, int32_t *minimum, int32_t *maximum);

typedef enum {
    ZONE_UNIQUE, /* the label exists once */
    ZONE_GAP, /* it does not exist: first = second = read with the offset before the gap (RFC 5545 3.3.5) */
    ZONE_AMBIGUOUS, /* it exists twice: first and second pass (more often: first and last) */
} ZoneFit;

/* The instants that show this local label. */
ZoneFit zone_resolve(const Zone *self, int64_t label, int64_t *first, int64_t *second);
/* The first change of offset strictly after `at`; INT64_MAX if there is none before year 10000. */
int64_t zone_next_transition(const Zone *self, int64_t at);

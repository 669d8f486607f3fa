/* SPDX-License-Identifier: PostgreSQL */
/* The POSIX TZ string in the footer of a TZif file ("CET-1CEST,M3.5.0,M10.5.0/3"): what a zone does after
 * the last change that its file lists. With RFC 9636's extension: times from -167 to 167 hours. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    POSIX_DAY_JULIAN,   /* Jn: day 1 … 365, February 29 is never counted */
    POSIX_DAY_OF_YEAR,  /* n: day 0 … 365 */
    POSIX_DAY_OF_MONTH, /* Mm.w.d: weekday d, the w-th of month m; w = 5 is the last */
} PosixDayKind;

typedef struct {
    PosixDayKind kind;
    int month, week, day;
    int32_t seconds; /* after that day's midnight, by the clock in force before the change */
} PosixChange;

typedef struct {
    int32_t standard_offset; /* seconds east of UTC */
    int32_t daylight_offset;
    bool has_daylight;
    PosixChange start; /* of daylight saving time */
    PosixChange end;
} PosixZone;

/* False if text is not such a string, or names daylight saving time without saying when; *zone is then untouched. */
bool posix_zone_parse(const char *text, size_t length, PosixZone *zone);
/* When daylight saving time begins and ends in that year, in seconds since 1970 UTC. */
int64_t posix_zone_start(const PosixZone *self, int32_t year);
int64_t posix_zone_end(const PosixZone *self, int32_t year);

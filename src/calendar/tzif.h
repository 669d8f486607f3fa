/* SPDX-License-Identifier: PostgreSQL */
/* Reads the bytes of a TZif file (RFC 9636). Any bytes are safe; what is not such a file is refused. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* No file comes near; PostgreSQL refuses more, too. It bounds what a hostile file can cost. */
#define TZIF_MAX_CHANGES 2000
/* What RFC 9636 allows: less than 25 hours west, less than 26 hours east. */
#define TZIF_MIN_OFFSET (-89999)
#define TZIF_MAX_OFFSET 93599

typedef struct {
    size_t n_changes;
    int64_t at[TZIF_MAX_CHANGES];     /* seconds since 1970 UTC, ascending */
    int32_t offset[TZIF_MAX_CHANGES]; /* seconds east of UTC from then on */
    int32_t first_offset;             /* before the first change */
    const char *footer;               /* in the bytes given; not terminated */
    size_t footer_length;             /* 0 = no footer */
} Tzif;

/* NULL, or the reason why it cannot be read. */
const char *tzif_read(const uint8_t *bytes, size_t length, Tzif *tzif);

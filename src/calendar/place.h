/* SPDX-License-Identifier: PostgreSQL */
/* Where in a text something is: errors of parsers point at it. */
#pragma once

#include <stddef.h>

typedef struct {
    size_t offset; /* in bytes, from the beginning of the whole text */
    size_t length; /* may be 0: something is missing there */
} Place;

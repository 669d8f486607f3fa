/* SPDX-License-Identifier: PostgreSQL */
/* Makes TZif files of zones that no country would have. */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* at: seconds since 1970, ascending; offset: from then on. Version '\0' has no footer. Free with g_byte_array_unref. */
GByteArray *tzif_make(char version, int32_t first_offset, const int64_t *at, const int32_t *offset,
                      size_t n, const char *footer);

/* SPDX-License-Identifier: PostgreSQL */
/* Numbers with units as people write them: "60", "500ms", "1.5 h", "1MB". */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Microseconds. Units: us, ms, s, min, h, d; a bare number is seconds. Never negative. */
bool quantity_parse_duration(const char *text, int64_t *us,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Bytes. Units: B, kB, MB, GB (of 1024); a bare number is bytes. Never negative. */
bool quantity_parse_size(const char *text, int64_t *bytes,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A whole number without a unit. */
bool quantity_parse_integer(const char *text, int64_t *value,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The shortest exact text: "90s", "2h"; "0s". */
char *quantity_format_duration(int64_t us);
char *quantity_format_size(int64_t bytes);

/* SPDX-License-Identifier: PostgreSQL */
/* What somebody prints, in bounded memory: the first and the last half of a limit are kept, the middle is
 * counted and dropped. */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct Capture Capture;

/* limit in bytes. */
Capture *capture_new(int64_t limit);
void capture_free(Capture *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Capture, capture_free)

void capture_append(Capture *self, const void *data, size_t length);
/* Valid UTF-8: cut between characters, "[… N bytes left out …]" in place of the middle, U+FFFD for each byte
 * that is not UTF-8 and for zero bytes (which PostgreSQL cannot store). */
char *capture_text(const Capture *self);

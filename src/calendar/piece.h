/* SPDX-License-Identifier: PostgreSQL */
/* A piece of a larger text, as parsers cut it up, and errors about it. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "calendar/place.h"

typedef struct {
    const char *text; /* the whole; not ours */
    size_t offset;    /* of the piece in it, in bytes */
    size_t length;
} Piece;

/* Cuts what stands before the first separator off the rest: "a,b" gives "a", "b", and then false. Nothing is one empty
 * piece. */
bool piece_cut(Piece *rest, char separator, Piece *first);
/* Without blanks and tabs at either end. */
Piece piece_trim(Piece self);
/* In upper or lower case. */
bool piece_is(const Piece *self, const char *word);
/* The index of the first of the words that the piece is, -1 = none. */
int piece_find(const Piece *self, const char *const *words, size_t n);
/* A decimal number, with or without a sign, from minimum to maximum. *number is untouched unless true. */
bool piece_number(const Piece *self, int64_t minimum, int64_t maximum, int64_t *number);
/* The same text on its own. Free with g_free. */
char *piece_copy(const Piece *self);
/* As messages quote it: valid UTF-8, and not long. Free with g_free. */
char *piece_show(const Piece *self);

/* Sets *place (may be NULL) and an INPUT error. Always false. */
bool piece_fail(const Piece *self, Place *place, GError **error, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
/* That the value of something is not what is allowed: "BYHOUR cannot be "24": it must be 0 to 23". Always false. */
bool piece_refuse(const Piece *self, Place *place, GError **error, const char *name,
                  const char *allowed);

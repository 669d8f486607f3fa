/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/piece.h"

#include <string.h>

#include "base/error.h"

/* Messages quote no more of what somebody wrote. */
#define MAX_SHOWN 40

bool
piece_cut(Piece *rest, char separator, Piece *first)
{
    if (!rest->text)
        return false;
    const char *start = rest->text + rest->offset;
    const char *end = memchr(start, separator, rest->length);
    *first = *rest;
    if (!end) {
        rest->text = NULL;
        return true;
    }
    first->length = (size_t)(end - start);
    rest->offset += first->length + 1;
    rest->length -= first->length + 1;
    return true;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

Piece
piece_trim(Piece self)
{
    while (self.length > 0 && is_blank(self.text[self.offset])) {
        self.offset++;
        self.length--;
    }
    while (self.length > 0 && is_blank(self.text[self.offset + self.length - 1]))
        self.length--;
    return self;
}

bool
piece_is(const Piece *self, const char *word)
{
    return self->length == strlen(word) &&
           g_ascii_strncasecmp(self->text + self->offset, word, self->length) == 0;
}

int
piece_find(const Piece *self, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (piece_is(self, words[i]))
            return (int)i;
    }
    return -1;
}

bool
piece_number(const Piece *self, int64_t minimum, int64_t maximum, int64_t *number)
{
    const char *digit = self->text + self->offset;
    const char *end = digit + self->length;
    bool is_negative = digit < end && *digit == '-';
    if (digit < end && (*digit == '-' || *digit == '+'))
        digit++;
    if (digit == end)
        return false;

    int64_t value = 0;
    for (; digit < end; digit++) {
        if (!g_ascii_isdigit(*digit) || value > INT32_MAX)
            return false;
        value = 10 * value + (*digit - '0');
    }
    value = is_negative ? -value : value;
    if (value < minimum || value > maximum)
        return false;
    *number = value;
    return true;
}

char *
piece_copy(const Piece *self)
{
    return g_strndup(self->text + self->offset, self->length);
}

char *
piece_show(const Piece *self)
{
    size_t length = MIN(self->length, MAX_SHOWN);
    g_autofree char *shown = g_utf8_make_valid(self->text + self->offset, (gssize)length);
    return g_strconcat(shown, self->length > length ? "..." : NULL, NULL);
}

bool
piece_fail(const Piece *self, Place *place, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT, message);
    if (place)
        *place = (Place){self->offset, self->length};
    return false;
}

bool
piece_refuse(const Piece *self, Place *place, GError **error, const char *name, const char *allowed)
{
    if (self->length == 0)
        return piece_fail(self, place, error, "%s cannot be empty: it must be %s", name, allowed);
    g_autofree char *shown = piece_show(self);
    return piece_fail(self, place, error, "%s cannot be \"%s\": it must be %s", name, shown,
                      allowed);
}

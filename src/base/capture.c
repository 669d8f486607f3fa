/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/capture.h"

#include <inttypes.h>
#include <stdbool.h>

struct Capture {
    size_t half;
    GByteArray *head; /* at most half */
    GByteArray
        *tail; /* what came after the head: its last bytes, trimmed when there are 2 * half */
    int64_t after_head;
};

Capture *
capture_new(int64_t limit)
{
    Capture *self = g_new0(Capture, 1);
    self->half = (size_t)MAX(limit, 2) / 2;
    self->head = g_byte_array_sized_new(64);
    self->tail = g_byte_array_sized_new(64);
    return self;
}

void
capture_free(Capture *self)
{
    if (!self)
        return;
    g_byte_array_unref(self->head);
    g_byte_array_unref(self->tail);
    g_free(self);
}

/* Trimming at twice the size moves each byte once on average. */
static void
append_tail(Capture *self, const guint8 *data, size_t length)
{
    if (length > self->half) {
        data += length - self->half;
        length = self->half;
    }
    g_byte_array_append(self->tail, data, (guint)length);
    if (self->tail->len >= 2 * self->half)
        g_byte_array_remove_range(self->tail, 0, self->tail->len - (guint)self->half);
}

void
capture_append(Capture *self, const void *data, size_t length)
{
    size_t to_head = MIN(length, self->half - self->head->len);
    g_byte_array_append(self->head, data, (guint)to_head);
    self->after_head += (int64_t)(length - to_head);
    append_tail(self, (const guint8 *)data + to_head, length - to_head);
}

static bool
is_continuation(guint8 byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The length without a character that was cut in two at the end. */
static size_t
length_to_border(const guint8 *data, size_t length)
{
    for (size_t back = 1; back <= 3 && back <= length; back++) {
        guint8 byte = data[length - back];
        if (is_continuation(byte))
            continue;
        size_t needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
        return needed > back ? length - back : length;
    }
    return length;
}

/* How many bytes at the start belong to a character whose beginning is lost. */
static size_t
skip_to_border(const guint8 *data, size_t length)
{
    size_t skip = 0;
    while (skip < 3 && skip < length && is_continuation(data[skip]))
        skip++;
    return skip;
}

static char *
make_valid(const guint8 *data, size_t length)
{
    return g_utf8_make_valid((const char *)data, (gssize)length);
}

char *
capture_text(const Capture *self)
{
    g_autoptr(GByteArray) whole = g_byte_array_sized_new(64);
    size_t kept = MIN(self->tail->len, self->half);
    const guint8 *tail = self->tail->data + (self->tail->len - kept);
    int64_t left_out = self->after_head - (int64_t)kept;
    if (left_out == 0) {
        g_byte_array_append(whole, self->head->data, self->head->len);
        g_byte_array_append(whole, tail, (guint)kept);
        return make_valid(whole->data, whole->len);
    }

    size_t head_length = length_to_border(self->head->data, self->head->len);
    size_t skip = skip_to_border(tail, kept);
    left_out += (int64_t)(self->head->len - head_length + skip);
    g_autofree char *head_text = make_valid(self->head->data, head_length);
    g_autofree char *tail_text = make_valid(tail + skip, kept - skip);
    return g_strdup_printf("%s\n[… %" PRId64 " bytes left out …]\n%s", head_text, left_out,
                           tail_text);
}

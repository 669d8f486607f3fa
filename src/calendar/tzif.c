/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/tzif.h"

#include <stdbool.h>
#include <string.h>

#define HEADER_SIZE 44

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
} Reader;

typedef struct {
    uint8_t version; /* 0, or a digit */
    uint32_t n_ut_indicators, n_standard_indicators, n_leap_seconds, n_changes, n_types, n_chars;
} Header;

static uint32_t
big_endian_32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int64_t
big_endian_time(const uint8_t *bytes, size_t size)
{
    if (size == 4)
        return (int32_t)big_endian_32(bytes);
    return (int64_t)((uint64_t)big_endian_32(bytes) << 32 | big_endian_32(bytes + 4));
}

static const char *
read_header(Reader *reader, Header *header)
{
    const uint8_t *at = reader->at;
    if (reader->end - at < HEADER_SIZE || memcmp(at, "TZif", 4) != 0)
        return "not a time zone file";
    header->version = at[4];
    header->n_ut_indicators = big_endian_32(at + 20);
    header->n_standard_indicators = big_endian_32(at + 24);
    header->n_leap_seconds = big_endian_32(at + 28);
    header->n_changes = big_endian_32(at + 32);
    header->n_types = big_endian_32(at + 36);
    header->n_chars = big_endian_32(at + 40);
    reader->at += HEADER_SIZE;
    return NULL;
}

static uint64_t
block_size(const Header *header, size_t time_size)
{
    return (uint64_t)header->n_changes * (time_size + 1) + (uint64_t)header->n_types * 6 +
           header->n_chars + (uint64_t)header->n_leap_seconds * (time_size + 4) +
           header->n_standard_indicators + header->n_ut_indicators;
}

/* The offset of a local time type, or false if there is no such type. */
static bool
read_type(const Header *header, const uint8_t *types, uint32_t index, int32_t *offset)
{
    if (index >= header->n_types)
        return false;
    int32_t value = (int32_t)big_endian_32(types + (size_t)index * 6);
    if (value < TZIF_MIN_OFFSET || value > TZIF_MAX_OFFSET)
        return false;
    *offset = value;
    return true;
}

static const char *
read_block(Reader *reader, const Header *header, size_t time_size, Tzif *tzif)
{
    if (block_size(header, time_size) > (uint64_t)(reader->end - reader->at))
        return "it is cut short";
    if (header->n_leap_seconds > 0)
        return "it counts leap seconds, which instants here do not";
    if (header->n_changes > TZIF_MAX_CHANGES)
        return "it has too many changes";

    const uint8_t *times = reader->at;
    const uint8_t *indexes = times + header->n_changes * time_size;
    const uint8_t *types = indexes + header->n_changes;
    if (!read_type(header, types, 0, &tzif->first_offset))
        return "its first time type is wrong";
    for (uint32_t i = 0; i < header->n_changes; i++) {
        tzif->at[i] = big_endian_time(times + i * time_size, time_size);
        if (i > 0 && tzif->at[i] <= tzif->at[i - 1])
            return "its changes are out of order";
        if (!read_type(header, types, indexes[i], &tzif->offset[i]))
            return "a change has a wrong time type";
    }
    tzif->n_changes = header->n_changes;
    reader->at += block_size(header, time_size);
    return NULL;
}

static const char *
read_footer(Reader *reader, Tzif *tzif)
{
    if (reader->at == reader->end || *reader->at != '\n')
        return "its footer is missing";
    const uint8_t *text = reader->at + 1;
    const uint8_t *newline = memchr(text, '\n', (size_t)(reader->end - text));
    if (!newline)
        return "its footer is cut short";
    tzif->footer = (const char *)text;
    tzif->footer_length = (size_t)(newline - text);
    return NULL;
}

const char *
tzif_read(const uint8_t *bytes, size_t length, Tzif *tzif)
{
    Reader reader = {bytes, bytes + length};
    Header header;
    tzif->footer = "";
    tzif->footer_length = 0;
    const char *problem = read_header(&reader, &header);
    if (problem)
        return problem;
    if (header.version == 0)
        return read_block(&reader, &header, 4, tzif);

    /* Newer files repeat everything with 64-bit times after the old block, which may be a mere stub. */
    if (block_size(&header, 4) > (uint64_t)(reader.end - reader.at))
        return "it is cut short";
    reader.at += block_size(&header, 4);
    problem = read_header(&reader, &header);
    if (!problem)
        problem = read_block(&reader, &header, 8, tzif);
    if (!problem)
        problem = read_footer(&reader, tzif);
    return problem;
}

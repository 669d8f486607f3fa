/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/numberlist.h"

#include <string.h>

#include "base/error.h"

static bool
is_name(const char *name, const char *word, size_t length)
{
    return (length == 3 || length == strlen(name)) && g_ascii_strncasecmp(name, word, length) == 0;
}

static bool
read_name(const char **at, const NumberField *field, int *value)
{
    size_t length = 0;
    while (g_ascii_isalpha((*at)[length]))
        length++;
    for (int i = 0; field->names && i <= field->last - field->first; i++) {
        if (is_name(field->names[i], *at, length)) {
            *value = field->first + i;
            *at += length;
            return true;
        }
    }
    return false;
}

/* One or two digits, perhaps with a minus in front. */
static bool
read_number(const char **at, const NumberField *field, int *value)
{
    if (g_ascii_isalpha(**at))
        return read_name(at, field, value);

    bool is_back = field->has_back && **at == '-';
    const char *digits = *at + is_back;
    int number = 0, n = 0;
    for (; n < 3 && g_ascii_isdigit(digits[n]); n++)
        number = number * 10 + (digits[n] - '0');
    if (n == 0 || number > field->last || number < (is_back ? 1 : field->first))
        return false;
    *value = is_back ? -number : number;
    *at = digits + n;
    return true;
}

static void
add_range(NumberList *self, const NumberField *field, int from, int to)
{
    for (int i = from;; i = i == field->last ? field->first : i + 1) {
        self->numbers |= UINT32_C(1) << (i - field->first);
        if (i == to)
            return;
    }
}

/* From one comma to the next. */
static bool
read_part(const char *at, const char *end, const NumberField *field, NumberList *self)
{
    int from, to;
    if (!read_number(&at, field, &from))
        return false;
    if (from < 0) {
        self->back |= UINT32_C(1) << (32 + from);
        return at == end;
    }
    to = from;
    if (*at == '-') {
        at++;
        if (!read_number(&at, field, &to) || to < 0)
            return false;
    }
    add_range(self, field, from, to);
    return at == end;
}

bool
number_list_parse(const char *text, const NumberField *field, NumberList *self, Place *place,
                  GError **error)
{
    NumberList list = {0};
    for (const char *at = text;; at++) {
        size_t length = strcspn(at, ",");
        if (!read_part(at, at + length, field, &list)) {
            g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT, "\"%.*s\" is not allowed: %s",
                        (int)length, at, field->allowed);
            *place = (Place){.offset = (size_t)(at - text), .length = length};
            return false;
        }
        at += length;
        if (*at == '\0')
            break;
    }
    *self = list;
    return true;
}

static void
print_number(int number, const NumberField *field, GString *text)
{
    if (field->names)
        g_string_append_len(text, field->names[number - field->first], 3);
    else
        g_string_append_printf(text, "%d", number);
}

void
number_list_print(const NumberList *self, const NumberField *field, GString *text)
{
    const char *comma = "";
    for (int i = field->first; i <= field->last; i++) {
        int to = i;
        if (!(self->numbers >> (i - field->first) & 1))
            continue;
        while (to < field->last && (self->numbers >> (to + 1 - field->first) & 1))
            to++;
        if (to < i + 2) /* a pair is no range */
            to = i;
        g_string_append(text, comma);
        print_number(i, field, text);
        if (to > i) {
            g_string_append_c(text, '-');
            print_number(to, field, text);
        }
        comma = ",";
        i = to;
    }
    for (int i = 1; i <= field->last && field->has_back; i++) {
        if (!(self->back >> (32 - i) & 1))
            continue;
        g_string_append_printf(text, "%s-%d", comma, i);
        comma = ",";
    }
}

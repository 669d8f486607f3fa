/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/caret.h"

#include <glib.h>
#include <string.h>

typedef struct {
    const char *text;
    Place place;
    const char *shown;
} Case;

static const Case cases[] = {
    {"0 25 * * *", {2, 2}, "    0 25 * * *\n      ^^\n"},
    {"", {0, 0}, "    \n    ^\n"},
    {"0 2", {3, 0}, "    0 2\n       ^\n"},
    {"0 2", {99, 5}, "    0 2\n       ^\n"},
    {"a\nbc d\ne", {5, 1}, "    bc d\n       ^\n"},
    {"a\r\nbc\r\nd", {4, 1}, "    bc\n     ^\n"},
    /* What reaches into the next line ends with its own; the end of a line is still on it. */
    {"ab\ncd", {1, 4}, "    ab\n     ^\n"},
    {"ab\ncd", {2, 0}, "    ab\n      ^\n"},
    {"ab\n", {3, 0}, "    \n    ^\n"},
    {"\tx\ty", {3, 1}, "    \tx\ty\n    \t \t^\n"},
    /* Two bytes and a column; three and two; an accent that takes none. */
    {"\303\266\303\266 x", {5, 1}, "    \303\266\303\266 x\n       ^\n"},
    {"\346\227\245\346\234\254 x", {7, 1}, "    \346\227\245\346\234\254 x\n         ^\n"},
    {"\346\227\245\346\234\254 x", {3, 3}, "    \346\227\245\346\234\254 x\n      ^^\n"},
    {"o\314\210 x", {4, 1}, "    o\314\210 x\n      ^\n"},
    {"\033[2J x", {5, 1}, "    ?[2J x\n         ^\n"},
};

static void
test_caret(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *shown = caret_show(cases[i].text, &cases[i].place);
        g_assert_cmpstr(shown, ==, cases[i].shown);
    }
}

/* A line of a megabyte is no message. */
static void
test_long_line(void)
{
    g_autofree char *many = g_strnfill(1000, 'a');
    g_autofree char *near = g_strnfill(100, 'a');
    g_autofree char *blank = g_strnfill(100, ' ');
    g_autofree char *text = g_strconcat(many, "XY", many, NULL);
    g_autofree char *expected =
        g_strdup_printf("    ...%sXY%.98s...\n       %s^^\n", near, near, blank);
    const Place middle = {1000, 2};
    const Place all = {1000, 1002};
    g_autofree char *shown = caret_show(text, &middle);
    g_autofree char *whole = caret_show(text, &all);

    g_assert_cmpstr(shown, ==, expected);
    g_assert_cmpuint(strlen(whole), <, 500);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/caret/shows", test_caret);
    g_test_add_func("/caret/long-line", test_long_line);
    return g_test_run();
}

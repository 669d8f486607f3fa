/* SPDX-License-Identifier: PostgreSQL */
/* Tables for people: what each kind of value looks like, and how rows are made to fit. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cli/plain.h"
#include "cli/session.h"
#include "cli/table.h"

static void
test_plain_text(void)
{
    static const struct {
        const char *text, *shown;
        int width;
    } cases[] = {
        {"nightly", "nightly", 7},
        {"", "", 0},
        {"two\nlines\tand\r", "two\\nlines\\tand\\r", 17},
        {"\033[31mred", "\\u{1b}[31mred", 13},
        {"caf\xe9", "caf\\xe9", 7},
        {"cut \xe2\x82", "cut \\xe2\\x82", 12},
        {"日本", "日本", 4},
        {"e\xcc\x81t\xc3\xa9", "e\xcc\x81t\xc3\xa9", 3},
        {"a\xe2\x80\xaexe", "a\\u{202e}xe", 11}, /* would be shown from right to left */
        {"a\xe2\x80\xa8z", "a\\u{2028}z", 10},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *shown = plain_text(cases[i].text);
        g_assert_cmpstr(shown, ==, cases[i].shown);
        g_assert_cmpint(plain_width(shown), ==, cases[i].width);
    }
}

static void
test_plain_cut(void)
{
    static const struct {
        const char *text;
        int width;
        const char *shown;
    } cases[] = {
        {"nightly", 7, "nightly"},        {"nightly", 6, "night…"}, {"nightly", 1, "…"},
        {"日本語", 6, "日本語"},          {"日本語", 5, "日本…"},   {"日本語", 4, "日…"},
        {"e\xcc\x81te", 2, "e\xcc\x81…"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *shown = plain_cut(cases[i].text, cases[i].width);
        g_assert_cmpstr(shown, ==, cases[i].shown);
    }
}

static void
test_plain_length(void)
{
    static const struct {
        double seconds;
        const char *exact, *coarse;
    } cases[] = {
        {0, "0 ms", "0 s"},
        {0.0123, "12 ms", "0 s"},
        {0.9999, "1.0 s", "1 s"},
        {9.94, "9.9 s", "10 s"},
        {9.99, "10 s", "10 s"},
        {59.9, "1 min", "1 min"},
        {200, "3 min 20 s", "3 min 20 s"},
        {1220, "20 min 20 s", "20 min"},
        {7260, "2 h 1 min", "2 h 1 min"},
        {86400 * 12 + 3600, "12 d 1 h", "12 d"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *exact = plain_length(cases[i].seconds, FALSE);
        g_autofree char *coarse = plain_length(cases[i].seconds, TRUE);
        g_assert_cmpstr(exact, ==, cases[i].exact);
        g_assert_cmpstr(coarse, ==, cases[i].coarse);
    }
}

static void
test_plain_instant(void)
{
    static const char *const cases[][2] = {
        {"2026-01-31T09:00:00+01:00", "2026-01-31 09:00+01:00"},
        {"2026-01-31T09:00:05-03:30", "2026-01-31 09:00:05-03:30"},
        {"2026-01-31T09:00:00.5+00:00", "2026-01-31 09:00:00.5+00:00"},
        {"infinity", "infinity"},
        {"", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *shown = plain_instant(cases[i][0]);
        g_assert_cmpstr(shown, ==, cases[i][1]);
    }
}

/* ---- Tables ---- */

static const TableColumn columns[] = {
    {"id", "ID", TABLE_NUMBER, false},      {"name", "NAME", TABLE_TEXT, false},
    {"state", "STATE", TABLE_STATE, false}, {"next", "NEXT", TABLE_UNTIL, false},
    {"note", "NOTE", TABLE_TEXT, true},     {0},
};
enum {
    N_COLUMNS = G_N_ELEMENTS(columns) - 1
};

static PGresult *
make_result(const char *const rows[][N_COLUMNS], int count)
{
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    PGresAttDesc fields[N_COLUMNS] = {0};

    for (int i = 0; i < N_COLUMNS; i++)
        fields[i].name = (char *)columns[i].name;
    g_assert_true(PQsetResultAttrs(result, N_COLUMNS, fields));
    for (int row = 0; row < count; row++)
        for (int i = 0; i < N_COLUMNS; i++) {
            const char *value = rows[row][i];
            g_assert_true(
                PQsetvalue(result, row, i, (char *)value, value ? (int)strlen(value) : -1));
        }
    return result;
}

/* As it stands in the terminal; the rows in portions, as --follow prints them. */
static char *
print(const char *const rows[][N_COLUMNS], int count, int portion, int width, bool colours)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    TableOutput output = {.out = out, .width = width, .colours = colours};
    g_autoptr(Table) table = table_new(columns, &output);

    for (int row = 0; row < count; row += portion) {
        g_autoptr(PGresult) result = make_result(rows + row, MIN(portion, count - row));
        table_print(table, result);
    }
    fclose(out);
    return text;
}

static const char *const two_rows[][N_COLUMNS] = {
    {"7", "日本 backup of everything", "failed", "200", NULL},
    {"12", "x\ny", "waiting", "-61", NULL},
};

static void
test_table(void)
{
    char *text = print(two_rows, 2, 2, 0, false);
    g_assert_cmpstr(text, ==,
                    "ID  NAME                       STATE    NEXT\n"
                    " 7  日本 backup of everything  failed   in 3 min 20 s\n"
                    "12  x\\ny                       waiting  1 min 1 s late\n");
    free(text);
}

static void
test_table_fits(void)
{
    char *text = print(two_rows, 2, 2, 40, false);
    g_assert_cmpstr(text, ==,
                    "ID  NAME         STATE    NEXT\n"
                    " 7  日本 backu…  failed   in 3 min 20 s\n"
                    "12  x\\ny         waiting  1 min 1 s late\n");
    free(text);
    /* Smaller than that it does not get: the terminal wraps it. */
    text = print(two_rows, 2, 2, 10, false);
    g_assert_nonnull(strstr(text, "日本 ba…  failed"));
    free(text);
}

static void
test_table_colours(void)
{
    char *text = print(two_rows, 1, 1, 80, true);
    g_assert_nonnull(strstr(text, "  \033[31mfailed\033[0m  in 3 min"));
    g_assert_nonnull(strstr(text, "\033[1mNAME\033[0m "));
    free(text);
}

static void
test_table_grows(void)
{
    static const char *const rows[][N_COLUMNS] = {
        {"1", "a", "succeeded", NULL, "!"},
        {"2", "a longer one", "failed", "5", "?"},
    };
    char *text = print(rows, 2, 1, 0, false);
    g_assert_cmpstr(text, ==,
                    "ID  NAME  STATE      NEXT  NOTE\n"
                    " 1  a     succeeded        !\n"
                    " 2  a longer one  failed     in 5 s  ?\n");
    free(text);
}

static const TableColumn record_columns[] = {
    {"name", "Name", TABLE_LINE, false},
    {"state", "Its state", TABLE_STATE, false},
    {"note", "Note", TABLE_TEXT, false},
    {"next", "Next", TABLE_SINCE, false},
    {0},
};

static void
test_record(void)
{
    static const char *const rows[][N_COLUMNS] = {{"1", "one\ntwo", "failed", "3600", NULL}};
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    TableOutput output = {.out = out, .width = 20, .colours = true};
    g_autoptr(PGresult) result = make_result(rows, 1);

    table_print_record(record_columns, &output, result);
    fclose(out);
    g_assert_cmpstr(text, ==,
                    "Name:      one …\n"
                    "Its state: \033[31mfailed\033[0m\n"
                    "Next:      1 h ago\n");
    free(text);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plain/text", test_plain_text);
    g_test_add_func("/plain/cut", test_plain_cut);
    g_test_add_func("/plain/length", test_plain_length);
    g_test_add_func("/plain/instant", test_plain_instant);
    g_test_add_func("/table/plain", test_table);
    g_test_add_func("/table/fits", test_table_fits);
    g_test_add_func("/table/colours", test_table_colours);
    g_test_add_func("/table/grows", test_table_grows);
    g_test_add_func("/table/record", test_record);
    return g_test_run();
}

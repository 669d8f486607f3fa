/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/plain.h"

#define GAP            2
#define SMALLEST_TEXT  8
#define USUAL_TERMINAL 80
#define RESET          "\033[0m"

struct Table {
    const TableColumn *columns;
    int count;
    TableOutput output;
    bool has_begun;
    int *widths; /* 0 = the column is left out */
};

typedef struct {
    const char *word;
    const char *code;
} Colour;

static const Colour colours[] = {
    {"succeeded", "\033[32m"},   {"alive", "\033[32m"},       {"failed", "\033[31m"},
    {"stopped", "\033[31m"},     {"dead", "\033[31m"},        {"error", "\033[31m"},
    {"running", "\033[36m"},     {"warning", "\033[33m"},     {"skipped", "\033[33m"},
    {"paused", "\033[33m"},      {"waiting", "\033[33m"},     {"disabled", "\033[2m"},
    {"late", "\033[33m"},        {"lost", "\033[33m"},        {"problem", "\033[31m"},
    {"orphaned", "\033[31m"},    {"not planned", "\033[33m"}, {"never", "\033[33m"},
    {"nothing done", "\033[2m"}, {"ignored", "\033[33m"},
};

static int
find_width(void)
{
    const char *columns = g_getenv("COLUMNS");
    int asked = columns != NULL ? atoi(columns) : 0;
    struct winsize size = {0};

    if (asked > 0)
        return asked;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return USUAL_TERMINAL;
}

TableOutput
table_output(void)
{
    const char *no_colour = g_getenv("NO_COLOR");
    bool is_terminal = isatty(STDOUT_FILENO) == 1;
    bool is_plain =
        (no_colour != NULL && *no_colour != '\0') || g_strcmp0(g_getenv("TERM"), "dumb") == 0;

    return (TableOutput){.out = stdout,
                         .width = is_terminal ? find_width() : 0,
                         .colours = is_terminal && !is_plain};
}

static const char *
find_colour(const TableOutput *output, const char *word)
{
    for (size_t i = 0; output->colours && i < G_N_ELEMENTS(colours); i++)
        if (strcmp(colours[i].word, word) == 0)
            return colours[i].code;
    return NULL;
}

char *
table_colour(const TableOutput *output, const char *word)
{
    const char *code = find_colour(output, word);

    return code != NULL ? g_strconcat(code, word, RESET, NULL) : g_strdup(word);
}

char *
table_heading(const TableOutput *output, const char *words)
{
    return output->colours ? g_strconcat("\033[1m", words, RESET, NULL) : g_strdup(words);
}

Table *
table_new(const TableColumn *columns, const TableOutput *output)
{
    Table *self = g_new0(Table, 1);

    self->columns = columns;
    while (columns[self->count].title != NULL)
        self->count++;
    self->output = *output;
    self->widths = g_new0(int, self->count);
    return self;
}

void
table_free(Table *self)
{
    if (self == NULL)
        return;
    g_free(self->widths);
    g_free(self);
}

static char *
show_seconds(TableKind kind, double seconds)
{
    bool is_late = seconds < 0;
    g_autofree char *length = plain_length(is_late ? -seconds : seconds, kind != TABLE_LENGTH);

    if (kind == TABLE_UNTIL)
        return is_late ? g_strdup_printf("%s late", length) : g_strdup_printf("in %s", length);
    return kind == TABLE_SINCE ? g_strdup_printf("%s ago", length) : g_steal_pointer(&length);
}

static char *
show_first_line(const char *text)
{
    size_t length = strcspn(text, "\r\n");
    g_autofree char *line = g_strndup(text, length);
    g_autofree char *shown = plain_text(line);

    return strspn(text + length, "\r\n") < strlen(text + length) ? g_strconcat(shown, " …", NULL)
                                                                 : g_steal_pointer(&shown);
}

static char *
show_value(TableKind kind, const char *value)
{
    switch (kind) {
    case TABLE_TEXT:
    case TABLE_NUMBER:
    case TABLE_STATE:
        return plain_text(value);
    case TABLE_LINE:
        return show_first_line(value);
    case TABLE_INSTANT:
        return plain_instant(value);
    case TABLE_LENGTH:
    case TABLE_UNTIL:
    case TABLE_SINCE:
        return *value != '\0' ? show_seconds(kind, g_ascii_strtod(value, NULL)) : g_strdup("");
    }
    return NULL;
}

/* The texts of all cells of some rows, row by row. */
static GPtrArray *
show_cells(const Table *self, const PGresult *result, int from, int to)
{
    GPtrArray *cells = g_ptr_array_new_with_free_func(g_free);
    g_autofree int *fields = g_new(int, self->count);

    for (int i = 0; i < self->count; i++) {
        fields[i] = PQfnumber(result, self->columns[i].name);
        g_assert(fields[i] >= 0);
    }
    for (int row = from; row < to; row++)
        for (int i = 0; i < self->count; i++) /* libpq has "" for NULL */
            g_ptr_array_add(cells,
                            show_value(self->columns[i].kind, PQgetvalue(result, row, fields[i])));
    return cells;
}

static void
measure_column(Table *self, const GPtrArray *cells, int column)
{
    int width = 0;

    for (guint cell = (guint)column; cell < cells->len; cell += (guint)self->count)
        width = MAX(width, plain_width(cells->pdata[cell]));
    if (width > 0 || !self->columns[column].is_optional)
        width = MAX(width, plain_width(self->columns[column].title));
    self->widths[column] = MAX(self->widths[column], width);
}

static bool
may_cut(TableKind kind)
{
    return kind == TABLE_TEXT || kind == TABLE_LINE;
}

static int
find_widest_text(const Table *self)
{
    int widest = -1;

    for (int i = 0; i < self->count; i++)
        if (may_cut(self->columns[i].kind) && self->widths[i] > SMALLEST_TEXT &&
            (widest < 0 || self->widths[i] >= self->widths[widest]))
            widest = i;
    return widest;
}

/* Takes from the widest text, column for column of the terminal, until the row fits or all texts are small. */
static void
make_fit(Table *self)
{
    int total = -GAP;

    for (int i = 0; i < self->count; i++)
        total += self->widths[i] > 0 ? self->widths[i] + GAP : 0;
    for (int widest; total > self->output.width; total--) {
        widest = find_widest_text(self);
        if (widest < 0)
            return;
        self->widths[widest]--;
    }
}

static bool
is_right(TableKind kind)
{
    return kind == TABLE_NUMBER || kind == TABLE_LENGTH;
}

static void
print_cell(const Table *self, int column, const char *text, const char *code, bool is_last)
{
    FILE *out = self->output.out;
    bool is_cut = self->output.width > 0 && may_cut(self->columns[column].kind);
    g_autofree char *shown = is_cut ? plain_cut(text, self->widths[column]) : g_strdup(text);
    int blanks = MAX(self->widths[column] - plain_width(shown), 0);
    bool right = is_right(self->columns[column].kind);

    if (right)
        fprintf(out, "%*s", blanks, "");
    fprintf(out, "%s%s%s", code != NULL ? code : "", shown, code != NULL ? RESET : "");
    if (!is_last)
        fprintf(out, "%*s", (right ? 0 : blanks) + GAP, "");
}

/* No blanks behind it. */
static int
last_column(const Table *self, char **cells)
{
    int last = 0;

    for (int i = 0; i < self->count; i++)
        if (self->widths[i] > 0 && (cells != NULL ? cells[i] : self->columns[i].title)[0] != '\0')
            last = i;
    return last;
}

static void
print_titles(const Table *self)
{
    int last = last_column(self, NULL);
    const char *code = self->output.colours ? "\033[1m" : NULL;

    for (int i = 0; i <= last; i++)
        if (self->widths[i] > 0)
            print_cell(self, i, self->columns[i].title, code, i == last);
    fputc('\n', self->output.out);
}

static void
print_row(const Table *self, char **cells)
{
    int last = last_column(self, cells);

    for (int i = 0; i <= last; i++) {
        bool has_colour = self->columns[i].kind == TABLE_STATE;
        const char *code = has_colour ? find_colour(&self->output, cells[i]) : NULL;
        if (self->widths[i] > 0)
            print_cell(self, i, cells[i], code, i == last);
    }
    fputc('\n', self->output.out);
}

static void
print_rows(Table *self, const PGresult *result, int from, int to)
{
    g_autoptr(GPtrArray) cells = show_cells(self, result, from, to);

    if (!self->has_begun) {
        for (int i = 0; i < self->count; i++)
            measure_column(self, cells, i);
        if (self->output.width > 0)
            make_fit(self);
        print_titles(self);
    }
    self->has_begun = true;
    for (guint at = 0; at < cells->len; at += (guint)self->count)
        print_row(self, (char **)cells->pdata + at);
}

void
table_print(Table *self, const PGresult *result)
{
    print_rows(self, result, 0, PQntuples(result));
}

void
table_print_row(Table *self, const PGresult *result, int row)
{
    print_rows(self, result, row, row + 1);
}

void
table_print_record(const TableColumn *columns, const TableOutput *output, const PGresult *result)
{
    int width = 0;

    for (const TableColumn *column = columns; column->title != NULL; column++)
        width = MAX(width, plain_width(column->title));
    for (const TableColumn *column = columns; column->title != NULL; column++) {
        int field = PQfnumber(result, column->name);
        g_assert(field >= 0);
        g_autofree char *value = show_value(column->kind, PQgetvalue(result, 0, field));
        const char *code = column->kind == TABLE_STATE ? find_colour(output, value) : NULL;
        if (*value != '\0')
            fprintf(output->out, "%s:%*s %s%s%s\n", column->title,
                    width - plain_width(column->title), "", code != NULL ? code : "", value,
                    code != NULL ? RESET : "");
    }
}

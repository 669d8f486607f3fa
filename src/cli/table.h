/* SPDX-License-Identifier: PostgreSQL */
/* Rows of a PGresult as a table for people. Everywhere each row is one line; on a terminal it is made to fit, and has
 * colours. */
#pragma once

#include <glib.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>

typedef struct {
    FILE *out;
    int width; /* of the terminal; 0 = it is none, and nothing is cut */
    bool colours;
} TableOutput;

/* Standard output. Its width is COLUMNS' or the terminal's; there are no colours if NO_COLOR is set, TERM is "dumb" or it
 * is no terminal. */
TableOutput table_output(void);

typedef enum {
    TABLE_TEXT,    /* cut if it is the widest and the row does not fit */
    TABLE_LINE,    /* the same, but only its first line */
    TABLE_NUMBER,  /* at the right */
    TABLE_STATE,   /* a word that has a colour: succeeded, failed … */
    TABLE_INSTANT, /* pgagent.pga_iso(): 2026-01-31T09:00:00+01:00 */
    TABLE_LENGTH,  /* seconds: "3 min 20 s" */
    TABLE_UNTIL,   /* seconds from now: "in 3 min", "3 min late" */
    TABLE_SINCE,   /* seconds ago: "3 min ago" */
} TableKind;

typedef struct {
    const char *name;  /* of the result's column */
    const char *title; /* NULL: the last of the list */
    TableKind kind;
    bool is_optional; /* left out where all rows are empty */
} TableColumn;

typedef struct Table Table;

/* columns: borrowed, ends with {0}. */
Table *table_new(const TableColumn *columns, const TableOutput *output);
void table_free(Table *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Table, table_free)

/* Prints the rows; before the first ones the titles. Rows that come later stand under the earlier ones as far as they fit. */
void table_print(Table *self, const PGresult *result);
/* Only one of them. */
void table_print_row(Table *self, const PGresult *result, int row);

/* The first row as lines "title: value"; empty values are left out. Nothing is cut. */
void table_print_record(const TableColumn *columns, const TableOutput *output,
                        const PGresult *result);

/* A word in its colour, if there are colours and it has one. Free with g_free. */
char *table_colour(const TableOutput *output, const char *word);
/* A heading above a table or a text. Free with g_free. */
char *table_heading(const TableOutput *output, const char *words);

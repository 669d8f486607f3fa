/* SPDX-License-Identifier: PostgreSQL */
/* Collects what a connection answers, for tests that wait for it on the default main context. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "db/conn.h"

typedef struct {
    bool done;
    GError *error;
    char *sqlstate; /* of the fault, NULL without one */
    int failed;     /* of a transaction */
    int rows;       /* of a query, or of all results of a transaction */
    int64_t value;  /* first column of the first row, if it is an integer */
    char *text;     /* if it is text */
} Answer;

void answer_clear(Answer *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Answer, answer_clear)

void wait_for(const bool *flag);

/* Callbacks with an Answer as user data. */
void on_opened(DbConn *conn, const GError *error, gpointer user_data);
void on_lost(DbConn *conn, const GError *error, gpointer user_data);
void on_query_done(const DbResult *result, const GError *error, const DbFault *fault,
                   gpointer user_data);
void on_transaction_done(const GPtrArray *results, int failed, const GError *error,
                         const DbFault *fault, gpointer user_data);

DbTarget *target_from(const char *conninfo);
/* An open connection. */
DbConn *open_to(const char *conninfo);
/* Waits for the answer of one statement; returns the integer it gave. */
int64_t query_int(DbConn *conn, const char *sql);
void query_plain(DbConn *conn, const char *sql);

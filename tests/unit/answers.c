/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "answers.h"

void
answer_clear(Answer *self)
{
    g_clear_error(&self->error);
    g_clear_pointer(&self->sqlstate, g_free);
    g_clear_pointer(&self->text, g_free);
    *self = (Answer){0};
}

void
wait_for(const bool *flag)
{
    while (!*flag)
        g_main_context_iteration(NULL, TRUE);
}

static void
note_error(Answer *answer, const GError *error)
{
    g_assert_false(answer->done);
    answer->done = true;
    answer->error = error ? g_error_copy(error) : NULL;
}

void
on_opened(DbConn *conn, const GError *error, gpointer user_data)
{
    note_error(user_data, error);
}

void
on_lost(DbConn *conn, const GError *error, gpointer user_data)
{
    note_error(user_data, error);
}

static void
note_fault(Answer *answer, const DbFault *fault)
{
    answer->sqlstate = fault ? g_strdup(fault->sqlstate) : NULL;
}

void
on_query_done(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Answer *answer = user_data;
    g_assert_true((result == NULL) == (error != NULL));
    note_error(answer, error);
    note_fault(answer, fault);
    if (!result)
        return;
    answer->rows = db_result_rows(result);
    if (answer->rows == 0 || db_result_columns(result) == 0)
        return;
    if (db_result_is_text(result, 0))
        answer->text = g_strdup(db_result_text(result, 0, 0));
    else if (db_result_is_int(result, 0))
        answer->value = db_result_int(result, 0, 0);
}

void
on_transaction_done(const GPtrArray *results, int failed, const GError *error, const DbFault *fault,
                    gpointer user_data)
{
    Answer *answer = user_data;
    g_assert_true((results == NULL) == (error != NULL));
    note_error(answer, error);
    note_fault(answer, fault);
    answer->failed = failed;
    for (guint i = 0; results && i < results->len; i++)
        answer->rows += db_result_rows(results->pdata[i]);
}

DbTarget *
target_from(const char *conninfo)
{
    g_autoptr(GError) error = NULL;
    DbTarget *target = db_target_parse(conninfo, &error);
    g_assert_no_error(error);
    return target;
}

DbConn *
open_to(const char *conninfo)
{
    g_autoptr(DbTarget) target = target_from(conninfo);
    DbConn *conn = db_conn_new(target, "test", 60 * G_USEC_PER_SEC);
    g_auto(Answer) opened = {0};
    db_conn_open(conn, on_opened, &opened);
    wait_for(&opened.done);
    g_assert_no_error(opened.error);
    g_assert_true(db_conn_is_open(conn));
    return conn;
}

int64_t
query_int(DbConn *conn, const char *sql)
{
    g_auto(Answer) answer = {0};
    db_conn_query(conn, sql, NULL, on_query_done, &answer);
    wait_for(&answer.done);
    g_assert_no_error(answer.error);
    return answer.value;
}

void
query_plain(DbConn *conn, const char *sql)
{
    (void)query_int(conn, sql);
}

/* SPDX-License-Identifier: PostgreSQL */
/* Opening, queries, transactions and losing a connection, against a real server. Scripts and cancelling are in
 * test-script.c. */
#include "config.h"

#include "db/conn.h"

#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>

#include "answers.h"
#include "base/error.h"
#include "server.h"

static Server *server;

static GError *
fail_to_open(const char *conninfo, int64_t limit_us)
{
    g_autoptr(DbTarget) target = target_from(conninfo);
    g_autoptr(DbConn) conn = db_conn_new(target, "test", limit_us);
    Answer opened = {0};
    db_conn_open(conn, on_opened, &opened);
    g_assert_false(opened.done);
    wait_for(&opened.done);
    g_assert_false(db_conn_is_open(conn));
    g_assert_nonnull(opened.error);
    g_test_message("%s", opened.error->message);
    return opened.error;
}

static void
test_open(void)
{
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    g_assert_cmpint(db_conn_backend_pid(conn), ==, query_int(conn, "SELECT pg_backend_pid()"));
    g_assert_cmpint(db_conn_server_version(conn), ==,
                    query_int(conn, "SELECT current_setting('server_version_num')::int"));
    g_assert_cmpint(query_int(conn, "SELECT (current_setting('application_name') = 'test'"
                                    " AND current_setting('client_encoding') = 'UTF8')::int"),
                    ==, 1);
    g_assert_true(db_conn_is_reusable(conn));
}

static void
test_open_by_name(void)
{
    g_autofree char *conninfo = g_strdup_printf(
        "host=localhost port=%s user=postgres dbname=postgres", server_port(server));
    g_autoptr(DbConn) conn = open_to(conninfo);
    g_assert_cmpint(query_int(conn, "SELECT (inet_server_addr() = '127.0.0.1')::int"), ==, 1);
}

static void
test_open_unknown_name(void)
{
    g_autoptr(GError) error =
        fail_to_open("host=no-such-host.invalid user=u dbname=d", 60 * G_USEC_PER_SEC);
    g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION);
    g_assert_nonnull(strstr(error->message, "no-such-host.invalid"));
}

static void
test_open_dead_first_host(void)
{
    g_autofree char *conninfo =
        g_strdup_printf("host=127.0.0.1,/nonexistent,%s port=1,1,%s user=postgres dbname=postgres",
                        server_directory(server), server_port(server));
    g_autoptr(DbConn) conn = open_to(conninfo);
    g_assert_cmpint(query_int(conn, "SELECT 5"), ==, 5);
}

static void
test_open_all_hosts_dead(void)
{
    g_autoptr(GError) error =
        fail_to_open("host=127.0.0.1,/nonexistent port=1 user=u dbname=d", 60 * G_USEC_PER_SEC);
    g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION);
    g_assert_nonnull(strstr(error->message, "127.0.0.1"));
    g_assert_nonnull(strstr(error->message, "/nonexistent"));
    g_assert_true(error_is_transient(error));
}

static void
test_open_session_attributes(void)
{
    g_autofree char *standby =
        g_strdup_printf("%s target_session_attrs=standby", server_conninfo(server));
    g_autoptr(GError) error = fail_to_open(standby, 60 * G_USEC_PER_SEC);
    g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION);
    g_autofree char *prefer =
        g_strdup_printf("%s target_session_attrs=prefer-standby", server_conninfo(server));
    g_autoptr(DbConn) conn = open_to(prefer);
    g_assert_true(db_conn_is_open(conn));
}

/* A socket that accepts (the kernel does) and never says anything. */
static void
test_open_hanging_server(void)
{
    g_autoptr(GSocketListener) listener = g_socket_listener_new();
    guint16 port = g_socket_listener_add_any_inet_port(listener, NULL, NULL);
    g_autofree char *alone = g_strdup_printf("host=127.0.0.1 port=%u user=u dbname=d", port);
    g_autoptr(GError) error = fail_to_open(alone, 100 * 1000);
    g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_TIMEOUT);
    g_assert_nonnull(strstr(error->message, "no answer within 0.1 s"));

    g_autofree char *list =
        g_strdup_printf("host=127.0.0.1,%s port=%u,%s user=postgres dbname=postgres",
                        server_directory(server), port, server_port(server));
    g_autoptr(DbTarget) target = target_from(list);
    bool is_open = false;
    /* The limit is one for each host, and a busy machine may need longer than that. */
    for (int64_t limit_us = 500 * 1000; !is_open; limit_us *= 2) {
        g_autoptr(DbConn) conn = db_conn_new(target, "test", limit_us);
        g_auto(Answer) opened = {0};
        db_conn_open(conn, on_opened, &opened);
        wait_for(&opened.done);
        is_open = opened.error == NULL;
        if (!is_open && limit_us > 60 * G_USEC_PER_SEC)
            g_assert_no_error(opened.error);
    }
}

static void
test_open_refused(void)
{
    static const char *const changes[] = {
        "dbname=nowhere",
        "user=nobody",
        "options='-c no.such=1 -c nonsense=2'",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autofree char *conninfo = g_strdup_printf("%s %s", server_conninfo(server), changes[i]);
        g_autoptr(GError) error = fail_to_open(conninfo, 60 * G_USEC_PER_SEC);
        g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_REFUSED);
        g_assert_null(strstr(error->message, "FATAL"));
        g_assert_null(strchr(error->message, '\n'));
        g_assert_null(strstr(error->message, ".c:"));
        g_assert_false(error_is_transient(error));
    }
}

static void
test_open_wrong_password(void)
{
    g_autofree char *hba = g_build_filename(server_directory(server), "data/pg_hba.conf", NULL);
    g_autofree char *before = NULL;
    g_assert_true(g_file_get_contents(hba, &before, NULL, NULL));
    g_autofree char *after =
        g_strconcat("host all locked 127.0.0.1/32 scram-sha-256\n", before, NULL);
    g_assert_true(g_file_set_contents(hba, after, -1, NULL));
    g_assert_cmpint(chmod(hba, 0644), ==, 0);
    g_free(server_ask(server, "CREATE ROLE locked LOGIN PASSWORD 'right'"));
    g_free(server_ask(server, "SELECT pg_reload_conf()"));
    server_await(server, "SELECT count(*) FROM pg_hba_file_rules WHERE user_name = '{locked}'",
                 "1");

    g_autofree char *base =
        g_strdup_printf("host=127.0.0.1 port=%s user=locked dbname=postgres", server_port(server));
    g_autofree char *wrong = g_strdup_printf("%s password=S3cret", base);
    g_autofree char *right = g_strdup_printf("%s password=right", base);
    g_autoptr(GError) error = fail_to_open(wrong, 60 * G_USEC_PER_SEC);
    g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_REFUSED);
    g_assert_null(strstr(error->message, "S3cret"));
    g_autoptr(GError) missing = fail_to_open(base, 60 * G_USEC_PER_SEC);
    g_assert_error(missing, ALMANAC_ERROR, ALMANAC_ERROR_REFUSED);
    g_autoptr(DbConn) conn = open_to(right);
    g_assert_true(db_conn_is_open(conn));
}

static void
test_open_too_many(void)
{
    g_free(server_ask(server, "CREATE ROLE single LOGIN CONNECTION LIMIT 1"));
    g_autofree char *conninfo = g_strdup_printf("%s user=single", server_conninfo(server));
    g_autoptr(DbConn) first = open_to(conninfo);
    g_assert_true(db_conn_is_open(first));
    g_autoptr(GError) error = fail_to_open(conninfo, 60 * G_USEC_PER_SEC);
    g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_BUSY);
    g_assert_nonnull(strstr(error->message, ": too many connections for role \"single\""));
    g_assert_null(strstr(error->message, "53300"));
}

static void
free_when_opened(DbConn *conn, const GError *error, gpointer user_data)
{
    db_conn_free(conn);
    *(bool *)user_data = true;
}

static void
test_free_while_opening(void)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1", "/nonexistent"};
    for (gsize i = 0; i < G_N_ELEMENTS(hosts); i++) {
        g_autofree char *conninfo = g_strdup_printf("host=%s port=%s user=postgres dbname=postgres",
                                                    hosts[i], server_port(server));
        g_autoptr(DbTarget) target = target_from(conninfo);
        bool done = false;
        DbConn *in_callback = db_conn_new(target, "test", G_USEC_PER_SEC);
        db_conn_open(in_callback, free_when_opened, &done);
        DbConn *at_once = db_conn_new(target, "test", G_USEC_PER_SEC);
        db_conn_open(at_once, on_opened, NULL);
        DbConn *later = db_conn_new(target, "test", G_USEC_PER_SEC);
        db_conn_open(later, on_opened, NULL);
        db_conn_free(at_once);
        g_main_context_iteration(NULL, FALSE);
        db_conn_free(later);
        wait_for(&done);
    }
    g_autoptr(DbTarget) nowhere = target_from("host=h");
    g_autoptr(DbConn) never = db_conn_new(nowhere, "test", G_USEC_PER_SEC);
    g_assert_false(db_conn_is_open(never));
}

static void
test_requests_before_open(void)
{
    g_autoptr(DbTarget) target = target_from(server_conninfo(server));
    g_autoptr(DbConn) conn = db_conn_new(target, "test", 60 * G_USEC_PER_SEC);
    g_auto(Answer) query = {0};
    g_auto(Answer) opened = {0};
    db_conn_query(conn, "SELECT 1", NULL, on_query_done, &query);
    db_conn_open(conn, on_opened, &opened);
    wait_for(&query.done);
    g_assert_true(opened.done);
    g_assert_cmpint(query.value, ==, 1);

    g_autoptr(DbTarget) nowhere = target_from("host=/nonexistent user=u dbname=d");
    g_autoptr(DbConn) dead = db_conn_new(nowhere, "test", 60 * G_USEC_PER_SEC);
    g_auto(Answer) unanswered = {0};
    g_auto(Answer) refused = {0};
    g_auto(Answer) late = {0};
    db_conn_query(dead, "SELECT 1", NULL, on_query_done, &unanswered);
    db_conn_open(dead, on_opened, &refused);
    wait_for(&refused.done);
    g_assert_error(unanswered.error, ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION);
    db_conn_query(dead, "SELECT 1", NULL, on_query_done, &late);
    g_assert_false(late.done);
    wait_for(&late.done);
    g_assert_error(late.error, ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION);
}

static void
test_queries_in_order(void)
{
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    Answer answers[20] = {0};
    for (int i = 0; i < 20; i++) {
        DbParams *params = db_params_new();
        db_params_add_int4(params, i);
        db_conn_query(conn, "SELECT $1 + 100", params, on_query_done, &answers[i]);
    }
    for (int i = 0; i < 20; i++) {
        wait_for(&answers[i].done);
        g_assert_cmpint(answers[i].value, ==, i + 100);
        answer_clear(&answers[i]);
    }
}

static void
test_query_error(void)
{
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    g_auto(Answer) answer = {0};
    db_conn_query(conn, "SELECT 1 / 0", NULL, on_query_done, &answer);
    wait_for(&answer.done);
    g_assert_error(answer.error, ALMANAC_ERROR, ALMANAC_ERROR_QUERY);
    g_assert_cmpstr(answer.error->message, ==, "division by zero (22012)");
    g_assert_cmpstr(answer.sqlstate, ==, "22012");
    g_assert_cmpint(query_int(conn, "SELECT 2"), ==, 2);
}

static void
test_large_query_and_answer(void)
{
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    g_autofree char *text = g_strnfill(20 * 1024 * 1024, 'a');
    DbParams *params = db_params_new();
    db_params_add_text(params, text);
    g_auto(Answer) answer = {0};
    db_conn_query(conn, "SELECT $1::text || 'b'", params, on_query_done, &answer);
    wait_for(&answer.done);
    g_assert_no_error(answer.error);
    g_assert_cmpuint(strlen(answer.text), ==, strlen(text) + 1);
}

static void
test_query_copy_breaks_the_connection(void)
{
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    g_auto(Answer) answer = {0};
    db_conn_query(conn, "COPY pg_class TO STDOUT", NULL, on_query_done, &answer);
    wait_for(&answer.done);
    g_assert_error(answer.error, ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION);
}

static void
test_transaction(void)
{
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    g_autoptr(DbParams) params = db_params_new();
    db_params_add_int4(params, 3);
    DbStatement statements[] = {
        {"CREATE TABLE t (x int)", NULL},
        {"INSERT INTO t SELECT generate_series(1, $1::int4)", params},
        {"SELECT x FROM t", NULL},
    };
    g_auto(Answer) answer = {0};
    db_conn_transaction(conn, statements, 3, on_transaction_done, &answer);
    g_auto(Answer) after = {0};
    db_conn_query(conn, "SELECT count(*) FROM t", NULL, on_query_done, &after);
    wait_for(&after.done);
    g_assert_true(answer.done);
    g_assert_no_error(answer.error);
    g_assert_cmpint(answer.failed, ==, -1);
    g_assert_cmpint(answer.rows, ==, 3);
    g_assert_cmpint(after.value, ==, 3);
    g_assert_true(db_conn_is_reusable(conn));

    g_auto(Answer) empty = {0};
    db_conn_transaction(conn, NULL, 0, on_transaction_done, &empty);
    wait_for(&empty.done);
    g_assert_no_error(empty.error);
    query_plain(conn, "DROP TABLE t");
}

static void
assert_transaction_fails(DbConn *conn, const DbStatement *statements, int count, int failed,
                         const char *sqlstate)
{
    g_auto(Answer) answer = {0};
    db_conn_transaction(conn, statements, count, on_transaction_done, &answer);
    wait_for(&answer.done);
    g_assert_error(answer.error, ALMANAC_ERROR, ALMANAC_ERROR_QUERY);
    g_assert_cmpint(answer.failed, ==, failed);
    g_assert_cmpstr(answer.sqlstate, ==, sqlstate);
    g_assert_true(db_conn_is_reusable(conn));
    g_assert_cmpint(query_int(conn, "SELECT count(*) FROM deferred"), ==, 0);
}

static void
test_transaction_fails(void)
{
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    query_plain(conn, "CREATE TABLE deferred (x int UNIQUE DEFERRABLE INITIALLY DEFERRED)");
    DbStatement middle[] = {
        {"INSERT INTO deferred VALUES (1)", NULL},
        {"SELECT 1 / 0", NULL},
        {"INSERT INTO deferred VALUES (2)", NULL},
    };
    assert_transaction_fails(conn, middle, 3, 1, "22012");
    DbStatement first[] = {{"SELECT nonsense", NULL}, {"SELECT 1", NULL}};
    assert_transaction_fails(conn, first, 2, 0, "42703");
    DbStatement at_commit[] = {{"INSERT INTO deferred VALUES (1), (1)", NULL}};
    assert_transaction_fails(conn, at_commit, 1, -1, "23505");
    DbStatement rolls_back[] = {{"INSERT INTO deferred VALUES (1)", NULL}, {"ROLLBACK", NULL}};
    g_auto(Answer) answer = {0};
    db_conn_transaction(conn, rolls_back, 2, on_transaction_done, &answer);
    wait_for(&answer.done);
    g_assert_true(db_conn_is_reusable(conn));
    g_assert_cmpint(query_int(conn, "SELECT count(*) FROM deferred"), ==, 0);
    query_plain(conn, "DROP TABLE deferred");
}

static void
test_transaction_of_many(void)
{
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    query_plain(conn, "CREATE TEMP TABLE many (x text)");
    enum {
        COUNT = 2000
    };
    g_autofree char *text = g_strnfill(2000, 'x');
    g_autoptr(DbParams) params = db_params_new();
    db_params_add_text(params, text);
    DbStatement statements[COUNT];
    for (int i = 0; i < COUNT; i++)
        statements[i] = (DbStatement){"INSERT INTO many VALUES ($1) RETURNING x", params};
    g_auto(Answer) answer = {0};
    db_conn_transaction(conn, statements, COUNT, on_transaction_done, &answer);
    wait_for(&answer.done);
    g_assert_no_error(answer.error);
    g_assert_cmpint(answer.rows, ==, COUNT);
}

static void
test_kept_plans(void)
{
    const char *count =
        "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%1 + 1%'";
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    db_conn_keep_plans(conn);
    for (int i = 0; i < 3; i++)
        g_assert_cmpint(query_int(conn, "SELECT 1 + 1"), ==, 2);
    g_assert_cmpint(query_int(conn, count), ==, 1 + 1); /* the question is prepared too */

    /* What cannot be prepared fails as itself. */
    for (int i = 0; i < 2; i++) {
        g_auto(Answer) answer = {0};
        db_conn_query(conn, "SELECT x FROM planned", NULL, on_query_done, &answer);
        wait_for(&answer.done);
        g_assert_cmpstr(answer.sqlstate, ==, "42P01");
    }
    DbStatement statements[] = {{"SELECT 1 + 1", NULL}, {"SELECT x FROM planned", NULL}};
    g_auto(Answer) transaction = {0};
    db_conn_transaction(conn, statements, 2, on_transaction_done, &transaction);
    wait_for(&transaction.done);
    g_assert_cmpint(transaction.failed, ==, 1);
    g_assert_cmpstr(transaction.sqlstate, ==, "42P01");

    /* A plan that fits no longer fails once. */
    query_plain(conn, "CREATE TEMP TABLE planned (x int4)");
    query_plain(conn, "SELECT x FROM planned");
    query_plain(conn, "ALTER TABLE planned ALTER x TYPE int8");
    g_auto(Answer) stale = {0};
    db_conn_query(conn, "SELECT x FROM planned", NULL, on_query_done, &stale);
    wait_for(&stale.done);
    g_assert_cmpstr(stale.sqlstate, ==, "0A000");
    query_plain(conn, "SELECT x FROM planned");
}

static void
test_abandon(void)
{
    g_autoptr(GError) why = g_error_new(ALMANAC_ERROR, ALMANAC_ERROR_CANCELLED, "no more");
    g_auto(Answer) running = {0};
    g_auto(Answer) queued = {0};
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    db_conn_query(conn, "SELECT pg_sleep(1000)", NULL, on_query_done, &running);
    db_conn_query(conn, "SELECT 1", NULL, on_query_done, &queued);
    db_conn_abandon(conn, why);
    g_assert_error(running.error, ALMANAC_ERROR, ALMANAC_ERROR_CANCELLED);
    g_assert_error(queued.error, ALMANAC_ERROR, ALMANAC_ERROR_CANCELLED);

    g_autoptr(DbTarget) target = target_from(server_conninfo(server));
    g_autoptr(DbConn) opening = db_conn_new(target, "test", 60 * G_USEC_PER_SEC);
    g_auto(Answer) early = {0};
    db_conn_query(opening, "SELECT 1", NULL, on_query_done, &early);
    db_conn_open(opening, on_opened, NULL);
    db_conn_abandon(opening, why);
    g_assert_error(early.error, ALMANAC_ERROR, ALMANAC_ERROR_CANCELLED);
}

static void
terminate(int pid)
{
    g_autofree char *sql = g_strdup_printf("SELECT pg_terminate_backend(%d)", pid);
    g_autofree char *answer = server_ask(server, sql);
    g_assert_cmpstr(answer, ==, "t");
}

typedef struct {
    DbConn *conn;
    bool done;
} Owner;

/* As one who keeps a connection does when setting it up fails. */
static void
on_failed_give_up(const DbResult *result, const GError *error, const DbFault *fault,
                  gpointer user_data)
{
    Owner *owner = user_data;
    g_autoptr(GError) why = g_error_new(ALMANAC_ERROR, ALMANAC_ERROR_CANCELLED, "no more");
    g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION);
    db_conn_abandon(owner->conn, why);
    db_conn_free(owner->conn);
    owner->done = true;
}

/* The others get their answers, too, when the first one to hear of the loss gives the connection up. */
static void
test_abandon_when_lost(void)
{
    Owner owner = {.conn = open_to(server_conninfo(server))};
    g_auto(Answer) queued = {0};
    g_auto(Answer) last = {0};
    db_conn_query(owner.conn, "SELECT pg_sleep(1000)", NULL, on_failed_give_up, &owner);
    db_conn_query(owner.conn, "SELECT 1", NULL, on_query_done, &queued);
    db_conn_query(owner.conn, "SELECT 2", NULL, on_query_done, &last);
    terminate(db_conn_backend_pid(owner.conn));
    wait_for(&owner.done);
    g_assert_error(queued.error, ALMANAC_ERROR, ALMANAC_ERROR_CANCELLED);
    g_assert_error(last.error, ALMANAC_ERROR, ALMANAC_ERROR_CANCELLED);
}

/* Until the server runs it: that is seen from another connection. */
static void
await_running(DbConn *conn, const char *part)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM pg_stat_activity WHERE pid = %d"
                                           " AND state = 'active' AND query LIKE '%%%s%%'",
                                           db_conn_backend_pid(conn), part);
    server_await(server, sql, "1");
}

static void
assert_lost(const Answer *answer, const char *part)
{
    g_assert_error(answer->error, ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION);
    g_test_message("%s", answer->error->message);
    g_assert_nonnull(strstr(answer->error->message, part));
}

static void
test_terminated_while_idle(void)
{
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    g_auto(Answer) lost = {0};
    db_conn_set_handlers(conn, on_lost, NULL, &lost);
    terminate(db_conn_backend_pid(conn));
    wait_for(&lost.done);
    assert_lost(&lost, "terminating connection due to administrator command");
    g_assert_false(db_conn_is_open(conn));
    g_assert_false(db_conn_is_reusable(conn));
}

static void
test_terminated_idle_is_not_reusable(void)
{
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    terminate(db_conn_backend_pid(conn));
    g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM pg_stat_activity WHERE pid = %d",
                                           db_conn_backend_pid(conn));
    server_await(server, sql, "0");
    g_assert_true(db_conn_is_open(conn)); /* the loop has not run since */
    g_assert_false(db_conn_is_reusable(conn));
}

static void
test_terminated_while_running(void)
{
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    g_auto(Answer) lost = {0};
    g_auto(Answer) running = {0};
    g_auto(Answer) queued = {0};
    db_conn_set_handlers(conn, on_lost, NULL, &lost);
    db_conn_query(conn, "SELECT pg_sleep(1000)", NULL, on_query_done, &running);
    db_conn_query(conn, "SELECT 1", NULL, on_query_done, &queued);
    await_running(conn, "pg_sleep");
    terminate(db_conn_backend_pid(conn));
    wait_for(&lost.done);
    assert_lost(&running, "terminating connection due to administrator command");
    assert_lost(&queued, "terminating connection due to administrator command");
    g_assert_null(running.sqlstate);
}

static void
test_terminated_in_transaction(void)
{
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    g_auto(Answer) answer = {0};
    DbStatement statements[] = {
        {"SELECT 1", NULL}, {"SELECT pg_sleep(1000)", NULL}, {"SELECT 2", NULL}};
    db_conn_transaction(conn, statements, 3, on_transaction_done, &answer);
    await_running(conn, "pg_sleep");
    terminate(db_conn_backend_pid(conn));
    wait_for(&answer.done);
    assert_lost(&answer, "terminating connection due to administrator command");
    g_assert_cmpint(answer.failed, ==, -1);
}

static void
test_server_stopped(void)
{
    static const struct {
        const char *mode;
        const char *part;
    } cases[] = {
        {"fast", "terminating connection due to administrator command"},
        {"immediate", " lost: "}, /* the server has not always time to say why */
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(DbConn) conn = open_to(server_conninfo(server));
        g_auto(Answer) lost = {0};
        db_conn_set_handlers(conn, on_lost, NULL, &lost);
        server_stop(server, cases[i].mode);
        wait_for(&lost.done);
        assert_lost(&lost, cases[i].part);
        g_autoptr(GError) error = fail_to_open(server_conninfo(server), 60 * G_USEC_PER_SEC);
        g_assert_true(error_is_transient(error));
        server_start(server);
    }
}

typedef struct {
    DbConn *conn;
    bool done;
} Victim;

static void
free_in_query(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Victim *victim = user_data;
    db_conn_free(victim->conn);
    victim->done = true;
}

static void
free_in_transaction(const GPtrArray *results, int failed, const GError *error, const DbFault *fault,
                    gpointer user_data)
{
    free_in_query(NULL, NULL, NULL, user_data);
}

static void
free_in_lost(DbConn *conn, const GError *error, gpointer user_data)
{
    free_in_query(NULL, NULL, NULL, user_data);
}

static void
free_in_notified(DbConn *conn, const char *channel, int backend_pid, gpointer user_data)
{
    free_in_query(NULL, NULL, NULL, user_data);
}

static void
never_query(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    g_assert_not_reached();
}

static void
test_free_in_callbacks(void)
{
    Victim query = {open_to(server_conninfo(server)), false};
    db_conn_query(query.conn, "SELECT 1", NULL, free_in_query, &query);
    db_conn_query(query.conn, "SELECT 2", NULL, never_query, NULL);
    wait_for(&query.done);

    Victim transaction = {open_to(server_conninfo(server)), false};
    DbStatement statement = {"SELECT 1", NULL};
    db_conn_transaction(transaction.conn, &statement, 1, free_in_transaction, &transaction);
    wait_for(&transaction.done);

    Victim lost = {open_to(server_conninfo(server)), false};
    db_conn_set_handlers(lost.conn, free_in_lost, NULL, &lost);
    terminate(db_conn_backend_pid(lost.conn));
    wait_for(&lost.done);

    Victim failed = {open_to(server_conninfo(server)), false};
    db_conn_query(failed.conn, "SELECT pg_sleep(1000)", NULL, free_in_query, &failed);
    db_conn_query(failed.conn, "SELECT 2", NULL, never_query, NULL);
    db_conn_set_handlers(failed.conn, on_lost, NULL, NULL);
    await_running(failed.conn, "pg_sleep");
    terminate(db_conn_backend_pid(failed.conn));
    wait_for(&failed.done);

    Victim notified = {open_to(server_conninfo(server)), false};
    db_conn_set_handlers(notified.conn, NULL, free_in_notified, &notified);
    query_plain(notified.conn, "LISTEN almanac_test");
    g_free(server_ask(server,
                      "SELECT pg_notify('almanac_test', 'a'), pg_notify('almanac_test', 'b')"));
    wait_for(&notified.done);

    DbConn *running = open_to(server_conninfo(server));
    db_conn_query(running, "SELECT pg_sleep(0.01)", NULL, never_query, NULL);
    db_conn_free(running);
}

static void
count_notified(DbConn *conn, const char *channel, int backend_pid, gpointer user_data)
{
    g_assert_cmpstr(channel, ==, "almanac_test");
    g_assert_cmpint(backend_pid, !=, db_conn_backend_pid(conn));
    *(bool *)user_data = true;
}

static void
test_notify(void)
{
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    bool notified = false;
    db_conn_set_handlers(conn, NULL, count_notified, &notified);
    query_plain(conn, "LISTEN almanac_test");
    query_plain(conn, "SELECT pg_notify('almanac_test', 'own')");
    g_assert_false(notified);
    g_free(server_ask(server, "NOTIFY almanac_test, 'payload'"));
    wait_for(&notified);

    /* Also one that arrives while a statement runs. */
    notified = false;
    g_auto(Answer) answer = {0};
    db_conn_query(conn, "SELECT pg_sleep(0.2)", NULL, on_query_done, &answer);
    g_free(server_ask(server, "NOTIFY almanac_test"));
    wait_for(&answer.done);
    wait_for(&notified);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!server_is_available()) {
        g_print("1..0 # SKIP no PostgreSQL server programs\n");
        return 0;
    }
    g_test_add_func("/conn/open", test_open);
    g_test_add_func("/conn/open/by-name", test_open_by_name);
    g_test_add_func("/conn/open/unknown-name", test_open_unknown_name);
    g_test_add_func("/conn/open/dead-first-host", test_open_dead_first_host);
    g_test_add_func("/conn/open/all-hosts-dead", test_open_all_hosts_dead);
    g_test_add_func("/conn/open/session-attributes", test_open_session_attributes);
    g_test_add_func("/conn/open/hanging-server", test_open_hanging_server);
    g_test_add_func("/conn/open/refused", test_open_refused);
    g_test_add_func("/conn/open/wrong-password", test_open_wrong_password);
    g_test_add_func("/conn/open/too-many", test_open_too_many);
    g_test_add_func("/conn/open/freed-meanwhile", test_free_while_opening);
    g_test_add_func("/conn/open/requests-before", test_requests_before_open);
    g_test_add_func("/conn/query/order", test_queries_in_order);
    g_test_add_func("/conn/query/error", test_query_error);
    g_test_add_func("/conn/query/large", test_large_query_and_answer);
    g_test_add_func("/conn/query/copy", test_query_copy_breaks_the_connection);
    g_test_add_func("/conn/transaction", test_transaction);
    g_test_add_func("/conn/transaction/fails", test_transaction_fails);
    g_test_add_func("/conn/transaction/many", test_transaction_of_many);
    g_test_add_func("/conn/kept-plans", test_kept_plans);
    g_test_add_func("/conn/abandon", test_abandon);
    g_test_add_func("/conn/abandon-when-lost", test_abandon_when_lost);
    g_test_add_func("/conn/terminated/idle", test_terminated_while_idle);
    g_test_add_func("/conn/terminated/not-reusable", test_terminated_idle_is_not_reusable);
    g_test_add_func("/conn/terminated/running", test_terminated_while_running);
    g_test_add_func("/conn/terminated/transaction", test_terminated_in_transaction);
    g_test_add_func("/conn/server-stopped", test_server_stopped);
    g_test_add_func("/conn/free-in-callbacks", test_free_in_callbacks);
    g_test_add_func("/conn/notify", test_notify);

    server = server_new(20);
    int status = g_test_run();
    server_free(server);
    return status;
}

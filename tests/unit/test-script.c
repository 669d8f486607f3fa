/* SPDX-License-Identifier: PostgreSQL */
/* Scripts as steps run them: what happened, in which order, and how it ended. */
#include "config.h"

#include <string.h>
#include <sys/resource.h>

#include "answers.h"
#include "base/error.h"
#include "db/conn.h"
#include "server.h"

static Server *server;

/* Everything that a script reported, one event a line. */
typedef struct {
    GString *events;
    bool done;
    int64_t rows;
    bool open_transaction;
    GError *error;
    DbConn *free_at; /* freed by the event that begins with free_event */
    const char *free_event;
} Report;

static void
report_clear(Report *self)
{
    if (self->events)
        g_string_free(self->events, TRUE);
    g_clear_error(&self->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Report, report_clear)

static void
add_event(Report *self, const char *event)
{
    g_assert_false(self->done);
    g_string_append_printf(self->events, "%s\n", event);
    if (self->free_at && g_str_has_prefix(event, self->free_event)) {
        db_conn_free(g_steal_pointer(&self->free_at));
        self->done = true;
    }
}

static void
on_notice(const DbFault *notice, gpointer user_data)
{
    g_autofree char *text = g_strdup_printf("%s %s", notice->severity, notice->message);
    add_event(user_data, text);
}

static void
on_command(const char *tag, gpointer user_data)
{
    add_event(user_data, tag);
}

static void
on_failed(const DbFault *fault, gpointer user_data)
{
    g_autofree char *text = g_strdup_printf("failed %s %s", fault->sqlstate, fault->message);
    add_event(user_data, text);
}

static void
on_done(int64_t rows, bool open_transaction, const GError *error, gpointer user_data)
{
    Report *self = user_data;
    g_assert_false(self->done);
    self->done = true;
    self->rows = rows;
    self->open_transaction = open_transaction;
    self->error = error ? g_error_copy(error) : NULL;
}

static const DbScriptEvents events = {
    .notice = on_notice, .command = on_command, .failed = on_failed, .done = on_done};

static void
begin(DbConn *conn, const char *sql, Report *report)
{
    report->events = g_string_new(NULL);
    db_conn_script(conn, sql, &events, report);
}

static void
run(DbConn *conn, const char *sql, Report *report)
{
    begin(conn, sql, report);
    wait_for(&report->done);
}

static void
test_outcomes(void)
{
    static const struct {
        const char *sql;
        const char *events;
        int64_t rows;
        bool open_transaction;
    } cases[] = {
        {"SELECT 1", "SELECT 1\n", 1, false},
        {"", "", 0, false},
        {"-- nothing", "", 0, false},
        {";;", "", 0, false},
        {"CREATE TABLE s (x int); INSERT INTO s VALUES (1), (2), (3)", "CREATE TABLE\nINSERT 0 3\n",
         3, false},
        {"UPDATE s SET x = 2 WHERE x > 1; CREATE TEMP TABLE u ()", "UPDATE 2\nCREATE TABLE\n", 0,
         false},
        {"VACUUM s", "VACUUM\n", 0, false},
        {"BEGIN; INSERT INTO s VALUES (4)", "BEGIN\nINSERT 0 1\n", 1, true},
        {"ROLLBACK", "ROLLBACK\n", 0, false},
        {"BEGIN; SELECT 1; COMMIT", "BEGIN\nSELECT 1\nCOMMIT\n", 0, false},
        {"INSERT INTO s VALUES (9); SELECT 1 / 0; SELECT 2",
         "INSERT 0 1\nfailed 22012 division by zero\n", 0, false},
        {"BEGIN; SELECT 1 / 0", "BEGIN\nfailed 22012 division by zero\n", 0, true},
        {"ROLLBACK; SELECT x FROM s WHERE x = 9", "ROLLBACK\nSELECT 0\n", 0, false},
        {"SELEKT", "failed 42601 syntax error at or near \"SELEKT\"\n", 0, false},
        {"DROP TABLE s", "DROP TABLE\n", 0, false},
    };
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Report) report = {0};
        run(conn, cases[i].sql, &report);
        g_test_message("%s", cases[i].sql);
        g_assert_cmpstr(report.events->str, ==, cases[i].events);
        g_assert_cmpint(report.rows, ==, cases[i].rows);
        g_assert_cmpint(report.open_transaction, ==, cases[i].open_transaction);
        if (strstr(cases[i].events, "failed"))
            g_assert_error(report.error, ALMANAC_ERROR, ALMANAC_ERROR_QUERY);
        else
            g_assert_no_error(report.error);
        g_assert_cmpint(db_conn_is_reusable(conn), ==, !cases[i].open_transaction);
    }
}

/* libpq reports a notice before the result that precedes it, if both arrive together. */
static void
test_order_of_notices(void)
{
#define SAY(text) "DO $$ BEGIN RAISE NOTICE '" text "'; END $$;"
    static const struct {
        const char *sql;
        const char *events;
    } cases[] = {
        {SAY("a") SAY("b") "CREATE TEMP TABLE n (x int);" SAY("c"),
         "NOTICE a\nDO\nNOTICE b\nDO\nCREATE TABLE\nNOTICE c\nDO\n"},
        {"SELECT 1;" SAY("a") "SELECT 2;" SAY("b"),
         "SELECT 1\nNOTICE a\nDO\nSELECT 1\nNOTICE b\nDO\n"},
        {"SELECT 1 WHERE false;" SAY("a"), "SELECT 0\nNOTICE a\nDO\n"},
        {"SELECT generate_series(1, 3);" SAY("a") SAY("b"),
         "SELECT 3\nNOTICE a\nDO\nNOTICE b\nDO\n"},
        {"SELECT pg_temp.say('x') FROM generate_series(1, 2);" SAY("y"),
         "NOTICE x\nNOTICE x\nSELECT 2\nNOTICE y\nDO\n"},
        {SAY("a") "SELECT 1 / 0", "NOTICE a\nDO\nfailed 22012 division by zero\n"},
        {"DROP TABLE IF EXISTS none; SELECT pg_temp.say('z')",
         "NOTICE table \"none\" does not exist, skipping\nDROP TABLE\nNOTICE z\nSELECT 1\n"},
    };
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    g_auto(Report) made = {0};
    run(conn,
        "CREATE FUNCTION pg_temp.say(text) RETURNS int LANGUAGE plpgsql AS"
        " 'BEGIN RAISE NOTICE ''%'', $1; RETURN 1; END'",
        &made);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Report) report = {0};
        run(conn, cases[i].sql, &report);
        g_assert_cmpstr(report.events->str, ==, cases[i].events);
    }
}

static int64_t
peak_memory_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void
test_many_rows_stay_out_of_memory(void)
{
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    g_auto(Report) warm = {0};
    run(conn, "SELECT repeat('x', 100) FROM generate_series(1, 10000)", &warm);
    int64_t before = peak_memory_kb();
    g_auto(Report) report = {0};
    run(conn, "SELECT repeat('x', 100) FROM generate_series(1, 1000000)", &report);
    g_assert_no_error(report.error);
    g_assert_cmpint(report.rows, ==, 1000000);
#ifndef __SANITIZE_ADDRESS__ /* which keeps freed memory for a while */
    g_assert_cmpint(peak_memory_kb() - before, <, 20000);
#endif
    (void)before;
}

static void
test_copy(void)
{
    static const struct {
        const char *sql;
        bool reusable;
    } cases[] = {
        {"COPY c FROM STDIN", true},
        {"COPY c FROM STDIN; SELECT 1", true},
        {"COPY (SELECT 1) TO STDOUT", true},
        {"COPY c TO STDOUT", true},
        {"COPY (SELECT 1) TO STDOUT; COPY c FROM STDIN; SELECT 1", true},
        {"COPY (SELECT repeat('x', 100) FROM generate_series(1, 100000000)) TO STDOUT", false},
    };
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    query_plain(conn, "CREATE TEMP TABLE c (x int)");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Report) report = {0};
        run(conn, cases[i].sql, &report);
        g_assert_cmpstr(report.events->str, ==,
                        "failed 0A000 COPY from or to the client is not possible in a step\n");
        g_assert_error(report.error, ALMANAC_ERROR, ALMANAC_ERROR_QUERY);
        g_assert_false(report.open_transaction);
        g_assert_cmpint(db_conn_is_reusable(conn), ==, cases[i].reusable);
    }
    g_assert_cmpint(query_int(conn, "SELECT 7"), ==, 7);
}

static void
test_large_script(void)
{
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    g_autofree char *filler = g_strnfill(20 * 1024 * 1024, 'x');
    g_autofree char *sql = g_strdup_printf("/* %s */ SELECT 1", filler);
    g_auto(Report) report = {0};
    run(conn, sql, &report);
    g_assert_no_error(report.error);
    g_assert_cmpint(report.rows, ==, 1);
}

static void
test_other_encoding(void)
{
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    g_auto(Report) report = {0};
    run(conn, "SET client_encoding = 'LATIN1'; DO $$ BEGIN RAISE NOTICE 'sch\303\266n'; END $$",
        &report);
    g_assert_true(g_utf8_validate(report.events->str, -1, NULL));
}

/* Until the server runs it: that is seen from another connection. */
static void
await_sleeping(DbConn *conn)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM pg_stat_activity WHERE pid = %d"
                                           " AND wait_event = 'PgSleep'",
                                           db_conn_backend_pid(conn));
    server_await(server, sql, "1");
}

static void
test_cancel(void)
{
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    db_conn_cancel(conn); /* nothing runs: nothing happens */
    g_assert_true(db_conn_is_reusable(conn));
    g_auto(Report) report = {0};
    begin(conn, "SELECT pg_sleep(1000)", &report);
    await_sleeping(conn);
    db_conn_cancel(conn);
    db_conn_cancel(conn);
    wait_for(&report.done);
    g_assert_cmpstr(report.events->str, ==,
                    "failed 57014 canceling statement due to user request\n");
    g_assert_error(report.error, ALMANAC_ERROR, ALMANAC_ERROR_QUERY);
    g_assert_false(db_conn_is_reusable(conn));
}

static void
test_cancel_and_free(void)
{
    DbConn *conn = open_to(server_conninfo(server));
    int pid = db_conn_backend_pid(conn);
    g_auto(Report) report = {0};
    begin(conn, "SELECT pg_sleep(1000)", &report);
    await_sleeping(conn);
    db_conn_cancel(conn);
    db_conn_free(conn);
    g_autofree char *sql =
        g_strdup_printf("SELECT count(*) FROM pg_stat_activity WHERE pid = %d", pid);
    server_await(server, sql, "0");
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_assert_false(report.done);
}

static void
terminate(DbConn *conn)
{
    g_autofree char *sql =
        g_strdup_printf("SELECT pg_terminate_backend(%d)", db_conn_backend_pid(conn));
    g_free(server_ask(server, sql));
}

static void
test_terminated(void)
{
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    g_auto(Report) report = {0};
    g_auto(Answer) lost = {0};
    db_conn_set_handlers(conn, on_lost, NULL, &lost);
    begin(conn, SAY("a") "SELECT pg_sleep(1000)", &report);
    await_sleeping(conn);
    terminate(conn);
    wait_for(&lost.done);
    g_assert_true(report.done);
    g_assert_cmpstr(report.events->str, ==,
                    "NOTICE a\nDO\n"
                    "failed 57P01 terminating connection due to administrator command\n");
    g_assert_error(report.error, ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION);
    g_assert_nonnull(strstr(report.error->message, "administrator command"));
}

static void
test_terminates_itself(void)
{
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    g_auto(Report) report = {0};
    run(conn, "SELECT pg_terminate_backend(pg_backend_pid())", &report);
    g_assert_error(report.error, ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION);
    g_assert_false(db_conn_is_open(conn));
}

static void
test_free_in_events(void)
{
    static const char *const at[] = {"NOTICE a", "DO", "SELECT", "NOTICE b", "failed"};
    for (gsize i = 0; i < G_N_ELEMENTS(at); i++) {
        g_auto(Report) report = {.free_event = at[i]};
        report.free_at = open_to(server_conninfo(server));
        begin(report.free_at, SAY("a") "SELECT 1;" SAY("b") "SELECT 1 / 0", &report);
        wait_for(&report.done);
    }
}

static void
free_on_done(int64_t rows, bool open_transaction, const GError *error, gpointer user_data)
{
    Report *self = user_data;
    db_conn_free(g_steal_pointer(&self->free_at));
    self->done = true;
}

static void
test_free_when_done(void)
{
    const DbScriptEvents only_done = {.done = free_on_done};
    Report report = {.free_at = open_to(server_conninfo(server))};
    db_conn_script(report.free_at, "SELECT 1", &only_done, &report);
    wait_for(&report.done);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!server_is_available()) {
        g_print("1..0 # SKIP no PostgreSQL server programs\n");
        return 0;
    }
    g_test_add_func("/script/outcomes", test_outcomes);
    g_test_add_func("/script/order-of-notices", test_order_of_notices);
    g_test_add_func("/script/many-rows", test_many_rows_stay_out_of_memory);
    g_test_add_func("/script/copy", test_copy);
    g_test_add_func("/script/large", test_large_script);
    g_test_add_func("/script/encoding", test_other_encoding);
    g_test_add_func("/script/cancel", test_cancel);
    g_test_add_func("/script/cancel-and-free", test_cancel_and_free);
    g_test_add_func("/script/terminated", test_terminated);
    g_test_add_func("/script/terminates-itself", test_terminates_itself);
    g_test_add_func("/script/free-in-events", test_free_in_events);
    g_test_add_func("/script/free-when-done", test_free_when_done);

    server = server_new(20);
    int status = g_test_run();
    server_free(server);
    return status;
}

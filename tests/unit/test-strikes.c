/* SPDX-License-Identifier: PostgreSQL */
/* Each call of libpq and of the system that may fail does so once, one after the other: whatever is under way ends in
 * an error, and what ends well has been done. See strike.h. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "answers.h"
#include "base/child.h"
#include "base/error.h"
#include "db/pool.h"
#include "server.h"
#include "strike.h"

#define MANY 2000 /* calls; far more than any scenario makes */

static Server *server;
static DbTarget *target;

/* How one scenario ended. */
typedef struct {
    bool has_failed;    /* something of it */
    int number;         /* different each time */
    const char *struck; /* by what, if the scenario has looked at it already */
} Trial;

typedef void (*Scenario)(Trial *trial);

static int next_number = 1;

/* Lets each call fail until there are no more calls. */
static void
sweep(Scenario scenario, StrikeKind kind)
{
    for (int after = 0; after < MANY; after++) {
        Trial trial = {.number = next_number++};
        strike_arm(kind, after);
        scenario(&trial);
        const char *struck = trial.struck ? trial.struck : strike_disarm();
        g_test_message("call %d: %s, %s", after, struck ? struck : "none",
                       trial.has_failed ? "failed" : "fine");
        if (!struck || kind == STRIKE_SOFT)
            g_assert_false(trial.has_failed);
        if (!struck)
            return;
    }
    g_assert_not_reached();
}

static int
count_rows(const char *what, int number)
{
    g_autofree char *sql = g_strdup_printf(
        "SELECT count(*) FROM done WHERE what = '%s' AND number = %d", what, number);
    g_autofree char *answer = server_ask(server, sql);
    return (int)g_ascii_strtoll(answer, NULL, 10);
}

static void
note(Trial *trial, const GError *error)
{
    trial->has_failed |= error != NULL;
}

static bool
is_unclear(const GError *error)
{
    return g_error_matches(error, ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION);
}

/* A connection and everything that it can carry */

typedef struct {
    bool done, unsent;
    GError *error;
    int failures;
} ScriptAnswer;

static void
on_script_failed(const DbFault *fault, gpointer user_data)
{
    ScriptAnswer *self = user_data;
    self->failures++;
}

static void
on_script_done(int64_t rows, bool open_transaction, const GError *error, gpointer user_data)
{
    ScriptAnswer *self = user_data;
    g_assert_false(self->done);
    g_assert_false(open_transaction);
    self->done = true;
    self->error = error ? g_error_copy(error) : NULL;
    if (!error)
        g_assert_cmpint(rows, ==, 1);
}

static void
on_script_unsent(const GError *error, gpointer user_data)
{
    ScriptAnswer *self = user_data;
    self->unsent = true;
    on_script_done(0, false, error, self);
}

static const DbScriptEvents script_events = {
    .failed = on_script_failed, .done = on_script_done, .unsent = on_script_unsent};

/* Success means that it is committed; an error that is not about the connection, that it is not. */
static void
check_write(const char *what, const Trial *trial, int rows, const GError *error, bool unsent)
{
    if (error && is_unclear(error) && !unsent)
        return;
    g_assert_cmpint(count_rows(what, trial->number), ==, error ? 0 : rows);
}

static void
use_open_connection(DbConn *conn, Trial *trial)
{
    g_auto(Answer) asked = {0}, written = {0};
    ScriptAnswer script = {0};
    g_autofree char *insert =
        g_strdup_printf("INSERT INTO done VALUES ('transaction', %d)", trial->number);
    g_autofree char *text = g_strdup_printf(
        "SELECT generate_series(1, 3); INSERT INTO done VALUES ('script', %d)", trial->number);
    const DbStatement statements[] = {{insert, NULL}, {insert, NULL}};

    db_conn_query(conn, "SELECT 42", NULL, on_query_done, &asked);
    db_conn_transaction(conn, statements, 2, on_transaction_done, &written);
    db_conn_script(conn, text, &script_events, &script);
    wait_for(&asked.done);
    wait_for(&written.done);
    wait_for(&script.done);
    note(trial, asked.error);
    note(trial, written.error);
    note(trial, script.error);
    if (!asked.error)
        g_assert_cmpint(asked.value, ==, 42);
    db_conn_free(conn);
    trial->struck = strike_disarm();
    check_write("transaction", trial, 2, written.error, false);
    check_write("script", trial, 1, script.error, script.unsent);
    g_clear_error(&script.error);
}

static void
use_connection(Trial *trial)
{
    DbConn *conn = db_conn_new(target, "strikes", 60 * G_USEC_PER_SEC);
    g_auto(Answer) opened = {0};

    db_conn_keep_plans(conn);
    db_conn_open(conn, on_opened, &opened);
    use_open_connection(conn, trial);
    g_assert_true(opened.done);
    note(trial, opened.error);
}

static void
test_connection_hard(void)
{
    sweep(use_connection, STRIKE_HARD);
}

static void
test_connection_soft(void)
{
    sweep(use_connection, STRIKE_SOFT);
}

/* Leases */

typedef struct {
    DbConn *conn;
    bool ready;
    GError *error;
} Holder;

static void
on_ready(DbConn *conn, const GError *error, gpointer user_data)
{
    Holder *self = user_data;
    g_assert_false(self->ready);
    g_assert_true((conn == NULL) == (error != NULL));
    self->ready = true;
    self->conn = conn;
    self->error = error ? g_error_copy(error) : NULL;
}

static void
use_lease(DbPool *pool, Trial *trial)
{
    Holder holder = {0};
    g_auto(Answer) asked = {0};
    DbLease *lease = db_pool_acquire(pool, target, on_ready, &holder);

    wait_for(&holder.ready);
    note(trial, holder.error);
    if (holder.conn) {
        db_conn_query(holder.conn, "SELECT 42", NULL, on_query_done, &asked);
        wait_for(&asked.done);
        note(trial, asked.error);
        if (!asked.error)
            g_assert_cmpint(asked.value, ==, 42);
    }
    db_lease_release(lease);
    g_clear_error(&holder.error);
}

/* The second one gets the first one's connection, if that is still fit. */
static void
use_pool(Trial *trial)
{
    g_autoptr(DbPool) pool = db_pool_new(1, 60 * G_USEC_PER_SEC, "strikes");

    use_lease(pool, trial);
    use_lease(pool, trial);
}

static void
test_pool(void)
{
    sweep(use_pool, STRIKE_HARD);
    server_await(server, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'strikes'",
                 "0");
}

/* Children */

typedef struct {
    bool done;
    int exit_code;
    bool is_complete;
} ChildAnswer;

static void
on_child_done(const ChildResult *result, gpointer user_data)
{
    ChildAnswer *self = user_data;
    g_assert_false(self->done);
    self->done = true;
    self->exit_code = result->exit_code;
    self->is_complete = strcmp(result->out, "out\n") == 0 && strcmp(result->err, "err\n") == 0;
}

static void
use_child(Trial *trial)
{
    static const char *const argv[] = {"/bin/sh", "-c", "echo out; echo err >&2; exit 3", NULL};
    static const char *const environment[] = {NULL};
    const ChildSpec spec = {
        .argv = argv, .environment = environment, .directory = "/", .output_limit = 1000};
    g_autoptr(GError) error = NULL;
    ChildAnswer answer = {0};
    Child *child = child_start(&spec, on_child_done, &answer, &error);

    if (child) {
        wait_for(&answer.done);
        g_assert_true(answer.exit_code == 3 || answer.exit_code == -1);
        g_assert_true(answer.is_complete || answer.exit_code == -1);
    }
    trial->has_failed = !child || answer.exit_code != 3;
    child_free(child);
}

static void
test_child(void)
{
    sweep(use_child, STRIKE_HARD);
    sweep(use_child, STRIKE_SOFT);
}

/* The loop's own wait may be interrupted, or end for nothing. */
static gint
hasty_poll(GPollFD *descriptors, guint count, gint timeout_ms)
{
    static guint turn;

    switch (turn++ % 3) {
    case 0:
        errno = EINTR;
        return -1;
    case 1:
        for (guint i = 0; i < count; i++)
            descriptors[i].revents = 0;
        return 0;
    default:
        return g_poll(descriptors, count, timeout_ms);
    }
}

static void
test_poll(void)
{
    g_main_context_set_poll_func(NULL, hasty_poll);
    for (int i = 0; i < 3; i++) {
        Trial trial = {.number = next_number++};
        use_connection(&trial);
        g_assert_false(trial.has_failed);
        use_pool(&trial);
        g_assert_false(trial.has_failed);
        use_child(&trial);
        g_assert_false(trial.has_failed);
    }
    g_main_context_set_poll_func(NULL, NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/strikes/child", test_child);
    if (!server_is_available())
        return g_test_run();

    server = server_new(50);
    g_free(server_ask(server, "CREATE TABLE done (what text, number int)"));
    g_test_add_func("/strikes/connection/hard", test_connection_hard);
    g_test_add_func("/strikes/connection/soft", test_connection_soft);
    g_test_add_func("/strikes/pool", test_pool);
    g_test_add_func("/strikes/poll", test_poll);
    target = target_from(server_conninfo(server));
    int failed = g_test_run();
    db_target_unref(target);
    server_free(server);
    return failed;
}

/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "db/pool.h"

#include <gio/gio.h>
#include <string.h>

#include "answers.h"
#include "base/error.h"
#include "server.h"

static Server *server;       /* with room */
static Server *small_server; /* with SMALL connections in all */
enum {
    SMALL = 5
};

/* One lease and what it was told. */
typedef struct {
    DbLease *lease;
    DbConn *conn;
    bool ready;
    GError *error;
    char *waits_for;
    int waits; /* how often a wait began */
} Holder;

static void
holder_clear(Holder *self)
{
    g_clear_error(&self->error);
    g_free(self->waits_for);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Holder, holder_clear)

static void
on_ready(DbConn *conn, const GError *error, gpointer user_data)
{
    Holder *self = user_data;
    g_assert_true((conn == NULL) == (error != NULL));
    g_assert_false(self->ready);
    self->ready = true;
    self->conn = conn;
    self->error = error ? g_error_copy(error) : NULL;
}

static void
on_waiting(const char *reason, gpointer user_data)
{
    Holder *self = user_data;
    g_assert_false(self->ready);
    g_free(self->waits_for);
    self->waits_for = g_strdup(reason);
    self->waits += reason != NULL;
}

static void
ask(DbPool *pool, const char *conninfo, Holder *holder)
{
    g_autoptr(DbTarget) target = target_from(conninfo);
    holder->lease = db_pool_acquire(pool, target, on_ready, holder);
    db_lease_on_waiting(holder->lease, on_waiting, holder);
    g_assert_false(holder->ready);
}

static void
acquire(DbPool *pool, const char *conninfo, Holder *holder)
{
    ask(pool, conninfo, holder);
    wait_for(&holder->ready);
    g_assert_no_error(holder->error);
}

/* Lets the loop do what it has to do right now. */
static void
settle(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

static void
await_waiting(const Holder *holder)
{
    while (!holder->waits_for)
        g_main_context_iteration(NULL, TRUE);
}

/* Takes and gives back: the process that served. */
static int
use_once(DbPool *pool, const char *conninfo)
{
    g_auto(Holder) holder = {0};
    acquire(pool, conninfo, &holder);
    int pid = (int)query_int(holder.conn, "SELECT pg_backend_pid()");
    db_lease_release(holder.lease);
    return pid;
}

static void
terminate_and_await(int pid)
{
    g_autofree char *end = g_strdup_printf("SELECT pg_terminate_backend(%d)", pid);
    g_autofree char *count =
        g_strdup_printf("SELECT count(*) FROM pg_stat_activity WHERE pid = %d", pid);
    g_free(server_ask(server, end));
    server_await(server, count, "0");
}

static DbPool *
new_pool(int ceiling)
{
    return db_pool_new(ceiling, 60 * G_USEC_PER_SEC, "test pool");
}

/* It is cleaned in the background; with a ceiling of one, the next one gets it when it is clean. */
static void
test_reuse(void)
{
    g_autoptr(DbPool) pool = new_pool(1);
    int pid = use_once(pool, server_conninfo(server));
    g_assert_cmpint(use_once(pool, server_conninfo(server)), ==, pid);
    db_pool_set_limits(pool, 20, 60 * G_USEC_PER_SEC);
    g_assert_cmpint(use_once(pool, server_conninfo(server)), !=, 0);
}

static void
test_warm(void)
{
    g_autoptr(DbPool) pool = db_pool_new(20, 60 * G_USEC_PER_SEC, "warm");
    g_autoptr(DbTarget) target = target_from(server_conninfo(server));
    const char *count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'warm'";
    /* Taken at once, when it is opened but not yet set up, and later: always the one that was begun. */
    for (int rounds = 0; rounds < 30; rounds++) {
        db_pool_warm(pool, target);
        db_pool_warm(pool, target);
        for (int i = 0; i < rounds; i++)
            g_main_context_iteration(NULL, FALSE);
        g_auto(Holder) holder = {0};
        acquire(pool, server_conninfo(server), &holder);
        g_assert_cmpint(query_int(holder.conn, count), ==, 1);
        int pid = db_conn_backend_pid(holder.conn);
        db_lease_close(holder.lease);
        terminate_and_await(pid);
    }
}

static void
test_cleaned(void)
{
    g_autoptr(DbPool) pool = new_pool(1);
    const char *conninfo = server_conninfo(server);
    g_auto(Holder) dirty = {0};
    acquire(pool, conninfo, &dirty);
    query_plain(dirty.conn, "SET work_mem = '77MB'");
    query_plain(dirty.conn, "CREATE TEMP TABLE left_over (x int)");
    query_plain(dirty.conn, "LISTEN left_over");
    query_plain(dirty.conn, "PREPARE left_over AS SELECT 1");
    query_plain(dirty.conn, "SELECT pg_advisory_lock(1)");
    int pid = db_conn_backend_pid(dirty.conn);
    db_lease_release(dirty.lease);

    g_auto(Holder) clean = {0};
    acquire(pool, conninfo, &clean);
    g_assert_cmpint(db_conn_backend_pid(clean.conn), ==, pid);
    g_assert_cmpint(query_int(clean.conn,
                              "SELECT (to_regclass('pg_temp.left_over') IS NULL"
                              " AND current_setting('work_mem') <> '77MB'"
                              " AND NOT EXISTS (SELECT FROM pg_listening_channels())"
                              " AND NOT EXISTS (SELECT FROM pg_prepared_statements"
                              "                 WHERE name = 'left_over')"
                              " AND NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')"
                              ")::int"),
                    ==, 1);
    db_lease_release(clean.lease);
}

static void
test_watches_for_our_end(void)
{
    g_autoptr(DbPool) pool = new_pool(1);
    for (int i = 0; i < 2; i++) {
        g_auto(Holder) holder = {0};
        acquire(pool, server_conninfo(server), &holder);
        const char *sql = "SELECT (current_setting('server_version_num')::int < 140000 OR"
                          " current_setting('client_connection_check_interval') = '5s')::int";
        g_assert_cmpint(query_int(holder.conn, sql), ==, 1);
        db_lease_release(holder.lease);
    }
}

static void
test_unfit_connections_are_closed(void)
{
    static const char *const left[] = {"BEGIN", "SELECT pg_sleep(1000)"};
    g_autoptr(DbPool) pool = new_pool(1);
    for (gsize i = 0; i < G_N_ELEMENTS(left); i++) {
        g_auto(Holder) holder = {0};
        acquire(pool, server_conninfo(server), &holder);
        int pid = db_conn_backend_pid(holder.conn);
        if (i == 0)
            query_plain(holder.conn, left[i]);
        else
            db_conn_query(holder.conn, left[i], NULL, on_query_done, NULL);
        db_lease_release(holder.lease);
        g_assert_cmpint(use_once(pool, server_conninfo(server)), !=, pid);
    }
}

static void
test_ceiling(void)
{
    enum {
        COUNT = 6,
        CEILING = 2
    };
    g_autoptr(DbPool) pool = new_pool(CEILING);
    Holder holders[COUNT] = {0};
    for (int i = 0; i < COUNT; i++)
        ask(pool, server_conninfo(server), &holders[i]);
    for (int i = 0; i < COUNT; i++) {
        wait_for(&holders[i].ready);
        settle();
        for (int later = i + CEILING; later < COUNT; later++) {
            g_assert_false(holders[later].ready);
            g_assert_cmpstr(holders[later].waits_for, ==,
                            "all 2 connections to this server are in use");
        }
        g_assert_null(holders[i].waits_for); /* it was told that the wait is over */
        g_assert_cmpint(holders[i].waits, ==, i < CEILING ? 0 : 1);
        g_assert_cmpint(query_int(holders[i].conn, "SELECT 1"), ==, 1);
        db_lease_release(holders[i].lease);
    }
    for (int i = 0; i < COUNT; i++)
        holder_clear(&holders[i]);
}

static void
test_ceiling_is_shared_by_databases(void)
{
    g_autoptr(DbPool) pool = new_pool(1);
    g_autofree char *other = g_strdup_printf("%s dbname=template1", server_conninfo(server));
    int pid = use_once(pool, server_conninfo(server));
    settle();
    /* The idle connection to the other database gives its place. */
    g_assert_cmpint(use_once(pool, other), !=, pid);
    g_auto(Holder) holder = {0};
    g_auto(Holder) next = {0};
    acquire(pool, other, &holder);
    ask(pool, server_conninfo(server), &next);
    await_waiting(&next);
    db_lease_close(holder.lease);
    wait_for(&next.ready);
    g_assert_no_error(next.error);
    db_lease_release(next.lease);
}

/* The place of a connection that was closed a moment ago may not be free yet. */
static void
fill(PGconn **connections, int count)
{
    for (int i = 0; i < count; i++) {
        connections[i] = PQconnectdb(server_conninfo(small_server));
        while (PQstatus(connections[i]) != CONNECTION_OK) {
            g_usleep(10000);
            PQreset(connections[i]);
        }
    }
}

static void
test_full_server_is_waited_for(void)
{
    PGconn *others[SMALL];
    fill(others, SMALL);
    g_autoptr(DbPool) pool = new_pool(20);
    Holder holders[3] = {0};
    for (int i = 0; i < 3; i++)
        ask(pool, server_conninfo(small_server), &holders[i]);
    for (int i = 0; i < 3; i++) {
        await_waiting(&holders[i]);
        g_assert_nonnull(strstr(holders[i].waits_for, "too many clients already"));
    }
    for (int i = 0; i < SMALL; i++)
        PQfinish(others[i]);
    for (int i = 0; i < 3; i++) {
        wait_for(&holders[i].ready);
        g_assert_no_error(holders[i].error);
        db_lease_release(holders[i].lease);
        holder_clear(&holders[i]);
    }
}

typedef struct {
    Holder holder;
    int *left;
    bool *all_done;
} Job;

static void
on_job_done(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Job *job = user_data;
    g_assert_no_error(error);
    db_lease_release(job->holder.lease);
    if (--*job->left == 0)
        *job->all_done = true;
}

static void
on_job_ready(DbConn *conn, const GError *error, gpointer user_data)
{
    g_assert_no_error(error);
    db_conn_query(conn, "SELECT pg_sleep(0.01)", NULL, on_job_done, user_data);
}

/* More wishes than the ceiling, a ceiling beyond what the server has, and two databases. */
static void
test_all_get_through(void)
{
    enum {
        COUNT = 60
    };
    g_autoptr(DbPool) pool = new_pool(20);
    g_autoptr(DbTarget) target = target_from(server_conninfo(small_server));
    g_autoptr(DbTarget) other = db_target_with_database(target, "template1");
    Job jobs[COUNT] = {0};
    int left = COUNT;
    bool all_done = false;
    for (int i = 0; i < COUNT; i++) {
        jobs[i] = (Job){.left = &left, .all_done = &all_done};
        jobs[i].holder.lease =
            db_pool_acquire(pool, i % 3 ? target : other, on_job_ready, &jobs[i]);
    }
    wait_for(&all_done);
}

static void
test_closing_makes_place(void)
{
    PGconn *others[SMALL - 1];
    fill(others, SMALL - 1);
    g_autoptr(DbPool) pool = new_pool(20);
    g_auto(Holder) last = {0};
    g_auto(Holder) waits = {0};
    acquire(pool, server_conninfo(small_server), &last);
    g_autofree char *other = g_strdup_printf("%s dbname=template1", server_conninfo(small_server));
    ask(pool, other, &waits);
    await_waiting(&waits);
    /* Back in the pool it still fills the server, so it must go for the other database. */
    db_lease_release(last.lease);
    wait_for(&waits.ready);
    g_assert_no_error(waits.error);
    db_lease_close(waits.lease);
    for (int i = 0; i < SMALL - 1; i++)
        PQfinish(others[i]);
}

static void
test_role_limit_holds_up_only_that_role(void)
{
    g_free(server_ask(server, "CREATE ROLE one LOGIN CONNECTION LIMIT 1"));
    g_autofree char *limited = g_strdup_printf("%s user=one", server_conninfo(server));
    g_autoptr(DbPool) pool = new_pool(20);
    g_auto(Holder) first = {0};
    g_auto(Holder) second = {0};
    acquire(pool, limited, &first);
    ask(pool, limited, &second);
    await_waiting(&second);
    g_assert_cmpint(use_once(pool, server_conninfo(server)), !=, 0);
    g_assert_false(second.ready);
    db_lease_release(first.lease);
    wait_for(&second.ready);
    g_assert_no_error(second.error);
    db_lease_release(second.lease);
}

static void
test_hanging_server_delays_nobody(void)
{
    g_autoptr(GSocketListener) listener = g_socket_listener_new();
    guint16 port = g_socket_listener_add_any_inet_port(listener, NULL, NULL);
    g_autofree char *hanging = g_strdup_printf("host=127.0.0.1 port=%u user=u dbname=d", port);
    g_autoptr(DbPool) pool = new_pool(2);
    Holder holders[4] = {0};
    for (int i = 0; i < 4; i++)
        ask(pool, hanging, &holders[i]);
    g_assert_cmpint(use_once(pool, server_conninfo(server)), !=, 0);
    for (int i = 0; i < 4; i++) {
        g_assert_false(holders[i].ready);
        db_lease_close(holders[i].lease);
        holder_clear(&holders[i]);
    }

    g_autofree char *impatient = g_strdup_printf("%s connect_timeout=1", hanging);
    g_auto(Holder) late = {0};
    ask(pool, impatient, &late);
    wait_for(&late.ready);
    g_assert_error(late.error, ALMANAC_ERROR, ALMANAC_ERROR_TIMEOUT);
    db_lease_close(late.lease);
}

static void
test_errors(void)
{
    g_autoptr(DbPool) pool = new_pool(1);
    g_autofree char *nowhere = g_strdup_printf("%s dbname=nowhere", server_conninfo(server));
    g_auto(Holder) refused = {0};
    g_auto(Holder) unreachable = {0};
    ask(pool, nowhere, &refused);
    ask(pool, "host=/nonexistent user=u dbname=d", &unreachable);
    wait_for(&refused.ready);
    wait_for(&unreachable.ready);
    g_assert_error(refused.error, ALMANAC_ERROR, ALMANAC_ERROR_REFUSED);
    g_assert_error(unreachable.error, ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION);
    db_lease_release(refused.lease);
    db_lease_close(unreachable.lease);
    g_assert_cmpint(use_once(pool, server_conninfo(server)), !=, 0);
}

static void
test_broken_idle_is_not_handed_out(void)
{
    g_autoptr(DbPool) pool = new_pool(1);
    int pid = use_once(pool, server_conninfo(server));
    g_assert_cmpint(use_once(pool, server_conninfo(server)), ==, pid);
    /* Idle again, and closed by the server before the loop could see it. */
    g_autofree char *idle =
        g_strdup_printf("SELECT count(*) FROM pg_stat_activity WHERE pid = %d AND state = 'idle'"
                        " AND query LIKE '%%check_interval%%'",
                        pid);
    for (bool is_idle = false; !is_idle;) {
        settle();
        g_autofree char *answer = server_ask(server, idle);
        is_idle = strcmp(answer, "1") == 0;
    }
    settle();
    terminate_and_await(pid);
    g_assert_cmpint(use_once(pool, server_conninfo(server)), !=, pid);
    settle();
}

static void
test_broken_while_leased(void)
{
    g_autoptr(DbPool) pool = new_pool(1);
    g_auto(Holder) holder = {0};
    acquire(pool, server_conninfo(server), &holder);
    g_auto(Answer) lost = {0};
    db_conn_set_handlers(holder.conn, on_lost, NULL, &lost);
    terminate_and_await(db_conn_backend_pid(holder.conn));
    wait_for(&lost.done);
    db_lease_release(holder.lease);
    g_assert_cmpint(use_once(pool, server_conninfo(server)), !=, 0);
}

static void
test_idle_end_after_a_while(void)
{
    g_autoptr(DbPool) pool = db_pool_new(20, G_USEC_PER_SEC, "soon over");
    (void)use_once(pool, server_conninfo(server));
    const char *count =
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'soon over'";
    g_autofree char *before = server_ask(server, count);
    g_assert_cmpstr(before, ==, "1");
    for (bool gone = false; !gone;) {
        g_main_context_iteration(NULL, TRUE);
        g_autofree char *now = server_ask(server, count);
        gone = strcmp(now, "0") == 0;
    }
}

static void
test_close_at_any_time(void)
{
    g_autoptr(DbPool) pool = new_pool(1);
    g_auto(Holder) holder = {0};
    g_auto(Holder) first = {0};
    g_auto(Holder) second = {0};
    ask(pool, server_conninfo(server), &first);
    db_lease_close(first.lease); /* before anything happened */
    acquire(pool, server_conninfo(server), &holder);
    ask(pool, server_conninfo(server), &second);
    await_waiting(&second);
    db_lease_close(second.lease); /* in line */
    db_lease_close(holder.lease); /* in use */
    g_auto(Holder) opening = {0};
    ask(pool, server_conninfo(server), &opening);
    g_main_context_iteration(NULL, FALSE);
    db_lease_release(opening.lease); /* while it is opened */
    db_lease_close(NULL);
    g_assert_cmpint(use_once(pool, server_conninfo(server)), !=, 0);
}

static void
test_pool_freed_first(void)
{
    DbPool *pool = new_pool(2);
    g_auto(Holder) used = {0};
    g_auto(Holder) opening = {0};
    g_auto(Holder) waiting = {0};
    (void)use_once(pool, server_conninfo(server));
    acquire(pool, server_conninfo(server), &used);
    ask(pool, server_conninfo(server), &opening);
    ask(pool, server_conninfo(server), &waiting);
    await_waiting(&waiting);
    db_pool_free(pool);
    settle();
    db_lease_close(used.lease);
    db_lease_release(opening.lease);
    db_lease_close(waiting.lease);
}

typedef struct {
    DbPool *pool;
    DbLease *lease;
    bool done;
} Owner;

static void
free_pool_when_ready(DbConn *conn, const GError *error, gpointer user_data)
{
    Owner *self = user_data;
    db_pool_free(self->pool);
    db_lease_release(self->lease);
    self->done = true;
}

static void
release_when_ready(DbConn *conn, const GError *error, gpointer user_data)
{
    Owner *self = user_data;
    db_lease_release(self->lease);
    self->done = true;
}

static void
close_when_waiting(const char *reason, gpointer user_data)
{
    Owner *self = user_data;
    db_lease_close(self->lease);
    self->done = true;
}

static void
test_free_in_callbacks(void)
{
    g_autoptr(DbTarget) target = target_from(server_conninfo(server));
    Owner owner = {new_pool(1), NULL, false};
    owner.lease = db_pool_acquire(owner.pool, target, free_pool_when_ready, &owner);
    wait_for(&owner.done);

    g_autoptr(DbPool) pool = new_pool(1);
    Owner user = {pool, NULL, false};
    user.lease = db_pool_acquire(pool, target, release_when_ready, &user);
    Owner waiter = {pool, NULL, false};
    waiter.lease = db_pool_acquire(pool, target, release_when_ready, &waiter);
    db_lease_on_waiting(waiter.lease, close_when_waiting, &waiter);
    wait_for(&user.done);
    wait_for(&waiter.done);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!server_is_available()) {
        g_print("1..0 # SKIP no PostgreSQL server programs\n");
        return 0;
    }
    g_test_add_func("/pool/reuse", test_reuse);
    g_test_add_func("/pool/warm", test_warm);
    g_test_add_func("/pool/cleaned", test_cleaned);
    g_test_add_func("/pool/watches-for-our-end", test_watches_for_our_end);
    g_test_add_func("/pool/unfit", test_unfit_connections_are_closed);
    g_test_add_func("/pool/ceiling", test_ceiling);
    g_test_add_func("/pool/ceiling/databases", test_ceiling_is_shared_by_databases);
    g_test_add_func("/pool/full", test_full_server_is_waited_for);
    g_test_add_func("/pool/full/all-get-through", test_all_get_through);
    g_test_add_func("/pool/full/closing-makes-place", test_closing_makes_place);
    g_test_add_func("/pool/full/role-limit", test_role_limit_holds_up_only_that_role);
    g_test_add_func("/pool/hanging-server", test_hanging_server_delays_nobody);
    g_test_add_func("/pool/errors", test_errors);
    g_test_add_func("/pool/broken-idle", test_broken_idle_is_not_handed_out);
    g_test_add_func("/pool/broken-leased", test_broken_while_leased);
    g_test_add_func("/pool/idle-end", test_idle_end_after_a_while);
    g_test_add_func("/pool/close-at-any-time", test_close_at_any_time);
    g_test_add_func("/pool/freed-first", test_pool_freed_first);
    g_test_add_func("/pool/free-in-callbacks", test_free_in_callbacks);

    server = server_new(40);
    small_server = server_new(SMALL);
    int status = g_test_run();
    server_free(server);
    server_free(small_server);
    return status;
}

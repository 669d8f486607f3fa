/* SPDX-License-Identifier: PostgreSQL */
/* What waits, and its bounds. The rest is proved by tests/service/test_limits.py. */
#include "config.h"

#include "store/writer.h"

#include "answers.h"
#include "base/error.h"
#include "base/log.h"
#include "server.h"

#define KEPT 10000
#define MB   (1024 * 1024)

static WriterAnswer
on_done(const DbResult *result, const GError *error, gpointer user_data)
{
    int *answered = user_data;

    g_assert_true(error_is_given_up(error));
    (*answered)++;
    return WRITER_DONE;
}

static void
add_text(Writer *writer, gsize length, int *answered)
{
    g_autofree char *text = g_strnfill(length, 'x');
    g_autoptr(DbParams) params = db_params_new();

    db_params_add_text(params, text);
    writer_add(writer, "SELECT $1", g_steal_pointer(&params), answered != NULL ? on_done : NULL,
               answered);
}

/* What somebody waits for is always kept, and answered in the end. */
static void
test_room(void)
{
    g_autoptr(Writer) writer = writer_new(NULL, NULL);
    int answered = 0;

    for (int i = 0; i < KEPT; i++) {
        g_assert_true(writer_has_room(writer));
        add_text(writer, 1, i % 2 == 0 ? &answered : NULL);
    }
    g_assert_false(writer_has_room(writer));
    add_text(writer, 1, NULL);
    add_text(writer, 1, &answered);
    g_assert_cmpint(answered, ==, 0);

    writer_clear(writer);
    g_assert_cmpint(answered, ==, KEPT / 2 + 1);
    g_assert_true(writer_is_idle(writer));
    g_assert_true(writer_has_room(writer));
}

static void
test_weight(void)
{
    g_autoptr(Writer) writer = writer_new(NULL, NULL);

    for (int i = 0; i < 64; i++) {
        add_text(writer, MB, NULL);
        g_assert_false(writer_is_heavy(writer));
    }
    add_text(writer, MB, NULL);
    g_assert_true(writer_is_heavy(writer));
    writer_clear(writer);
    g_assert_false(writer_is_heavy(writer));
}

static WriterAnswer
on_written(const DbResult *result, const GError *error, gpointer user_data)
{
    bool *is_written = user_data;

    g_assert_no_error(error);
    *is_written = true;
    return WRITER_DONE;
}

static void
on_caught_up(gpointer user_data)
{
    bool *is_caught_up = user_data;

    g_assert_false(*is_caught_up);
    *is_caught_up = true;
}

/* A table that is missing comes back: what was kept is written, and what was not is told, once. */
static void
test_caught_up(void)
{
    Server *server = server_new(10);

    g_free(server_ask(server, "CREATE SCHEMA pgagent; CREATE FUNCTION pgagent.pga_fence(uuid, int8)"
                              " RETURNS void LANGUAGE sql AS ''"));
    g_autoptr(DbConn) conn = open_to(server_conninfo(server));
    g_autoptr(Writer) writer = writer_new(NULL, NULL);
    static const char sql[] = "INSERT INTO missing VALUES ($1)";
    bool is_written = false, is_caught_up = false;

    writer_on_caught_up(writer, on_caught_up, &is_caught_up);
    writer_set_conn(writer, conn, "6a1c1b52-3a0f-4f53-9d5b-0d8a4a3f7a11", 1);
    for (int i = 0; i < KEPT; i++) {
        g_autoptr(DbParams) params = db_params_new();

        db_params_add_text(params, "x");
        writer_add(writer, sql, g_steal_pointer(&params), NULL, NULL);
        if (i > 0)
            continue;
        writer_add(writer, "SELECT 1", NULL, on_written, &is_written);
        wait_for(&is_written);
    }
    g_assert_false(writer_has_room(writer));
    g_assert_false(is_caught_up);

    g_free(server_ask(server, "CREATE TABLE missing (t text)"));
    wait_for(&is_caught_up);
    server_await(server, "SELECT count(*) > 0 FROM missing", "t");
    g_assert_true(writer_has_room(writer));
    while (!writer_is_idle(writer))
        g_main_context_iteration(NULL, TRUE);
    g_autofree char *count = server_ask(server, "SELECT count(*) FROM missing");
    g_assert_cmpstr(count, ==, G_STRINGIFY(KEPT));
    writer_set_conn(writer, NULL, NULL, 0);
    server_free(server);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    log_set_threshold(LOG_LEVEL_ERROR);
    g_test_add_func("/writer/room", test_room);
    g_test_add_func("/writer/weight", test_weight);
    if (server_is_available())
        g_test_add_func("/writer/caught_up", test_caught_up);
    return g_test_run();
}

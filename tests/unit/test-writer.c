/* SPDX-License-Identifier: PostgreSQL */
/* Without a connection: what waits, and its bounds. The rest is proved by tests/service/test_limits.py. */
#include "config.h"

#include "store/writer.h"

#include "base/error.h"
#include "base/log.h"

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

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    log_set_threshold(LOG_LEVEL_ERROR);
    g_test_add_func("/writer/room", test_room);
    g_test_add_func("/writer/weight", test_weight);
    return g_test_run();
}

/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/watch.h"

#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    int ends[2]; /* we watch the first */
    Watch *watch;
    int calls;
    WatchMask ready;
    bool frees;
} Fixture;

static void
on_ready(WatchMask ready, gpointer user_data)
{
    Fixture *self = user_data;
    self->calls++;
    self->ready |= ready;
    if (self->frees)
        g_clear_pointer(&self->watch, watch_free);
}

static void
set_up(Fixture *self, gconstpointer data)
{
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, self->ends), ==, 0);
}

static void
tear_down(Fixture *self, gconstpointer data)
{
    watch_free(self->watch);
    close(self->ends[0]);
    if (self->ends[1] >= 0)
        close(self->ends[1]);
}

static void
iterate(Fixture *self)
{
    self->calls = 0;
    self->ready = 0;
    while (g_main_context_iteration(NULL, FALSE) && self->calls == 0)
        ;
}

static void
test_read(Fixture *self, gconstpointer data)
{
    self->watch = watch_new(self->ends[0], WATCH_READ, on_ready, self);
    iterate(self);
    g_assert_cmpint(self->calls, ==, 0);

    g_assert_cmpint(write(self->ends[1], "x", 1), ==, 1);
    iterate(self);
    g_assert_cmpint(self->ready, ==, WATCH_READ);
}

static void
test_mask(Fixture *self, gconstpointer data)
{
    self->watch = watch_new(self->ends[0], WATCH_WRITE, on_ready, self);
    iterate(self);
    g_assert_cmpint(self->ready, ==, WATCH_WRITE);

    g_assert_cmpint(write(self->ends[1], "x", 1), ==, 1);
    watch_set_mask(self->watch, 0);
    iterate(self);
    g_assert_cmpint(self->calls, ==, 0);

    watch_set_mask(self->watch, WATCH_READ | WATCH_WRITE);
    iterate(self);
    g_assert_cmpint(self->ready, ==, WATCH_READ | WATCH_WRITE);
}

/* A peer that is gone must not make the loop spin, nor be missed by one who waits to write. */
static void
test_hang_up(Fixture *self, gconstpointer data)
{
    self->watch = watch_new(self->ends[0], 0, on_ready, self);
    close(self->ends[1]);
    self->ends[1] = -1;
    iterate(self);
    g_assert_cmpint(self->calls, ==, 0);

    watch_set_mask(self->watch, WATCH_WRITE);
    iterate(self);
    g_assert_cmpint(self->ready, ==, WATCH_READ | WATCH_WRITE);
}

static void
test_free_inside(Fixture *self, gconstpointer data)
{
    self->frees = true;
    self->watch = watch_new(self->ends[0], WATCH_WRITE, on_ready, self);
    iterate(self);
    g_assert_cmpint(self->calls, ==, 1);
    iterate(self);
    g_assert_cmpint(self->calls, ==, 0);
    /* The socket stays ours. */
    g_assert_cmpint(write(self->ends[0], "x", 1), ==, 1);
}

static void
test_many(void)
{
    enum {
        N = 50
    };
    static Fixture fixtures[N];
    for (int i = 0; i < N; i++) {
        set_up(&fixtures[i], NULL);
        fixtures[i].watch = watch_new(fixtures[i].ends[0], WATCH_READ, on_ready, &fixtures[i]);
    }
    for (int i = 0; i < N; i += 7)
        g_assert_cmpint(write(fixtures[i].ends[1], "x", 1), ==, 1);
    g_main_context_iteration(NULL, FALSE);
    for (int i = 0; i < N; i++) {
        g_assert_cmpint(fixtures[i].calls, ==, i % 7 == 0);
        tear_down(&fixtures[i], NULL);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/watch/read", Fixture, NULL, set_up, test_read, tear_down);
    g_test_add("/watch/mask", Fixture, NULL, set_up, test_mask, tear_down);
    g_test_add("/watch/hang-up", Fixture, NULL, set_up, test_hang_up, tear_down);
    g_test_add("/watch/free-inside", Fixture, NULL, set_up, test_free_inside, tear_down);
    g_test_add_func("/watch/many", test_many);
    return g_test_run();
}

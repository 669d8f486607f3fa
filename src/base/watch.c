/* SPDX-License-Identifier: PostgreSQL */
/* GIOChannel is used for its sources only, never to read or write: it is the one way of GLib to poll a
 * socket that works on Windows too, where the channel must live as long as the socket is watched. */
#include "config.h"

#include "base/watch.h"

struct Watch {
    GIOChannel *channel;
    GSource *source; /* NULL while the mask is 0 */
    WatchMask mask;
    WatchReady ready;
    gpointer user_data;
};

/* A broken socket is ready for whatever its owner waits for: reading or writing will tell him why. */
static WatchMask
ready_from_condition(GIOCondition condition, WatchMask mask)
{
    WatchMask ready = 0;
    if (condition & (G_IO_HUP | G_IO_ERR | G_IO_NVAL))
        return mask | WATCH_READ;
    if (condition & G_IO_IN)
        ready |= WATCH_READ;
    if (condition & G_IO_OUT)
        ready |= WATCH_WRITE;
    return ready;
}

static gboolean
on_condition(GIOChannel *channel, GIOCondition condition, gpointer user_data)
{
    Watch *self = user_data;
    self->ready(ready_from_condition(condition, self->mask), self->user_data);
    return G_SOURCE_CONTINUE; /* self may be gone; its source was destroyed with it */
}

static void
drop_source(Watch *self)
{
    if (!self->source)
        return;
    g_source_destroy(self->source);
    g_clear_pointer(&self->source, g_source_unref);
}

Watch *
watch_new(int socket, WatchMask mask, WatchReady ready, gpointer user_data)
{
    Watch *self = g_new0(Watch, 1);
    self->ready = ready;
    self->user_data = user_data;
#ifdef G_OS_WIN32
    self->channel = g_io_channel_win32_new_socket(socket);
#else
    self->channel = g_io_channel_unix_new(socket);
#endif
    watch_set_mask(self, mask);
    return self;
}

void
watch_set_mask(Watch *self, WatchMask mask)
{
    if (mask == self->mask)
        return;

    drop_source(self);
    self->mask = mask;
    if (!mask)
        return;

    GIOCondition condition = G_IO_ERR | G_IO_HUP | G_IO_NVAL;
    if (mask & WATCH_READ)
        condition |= G_IO_IN;
    if (mask & WATCH_WRITE)
        condition |= G_IO_OUT;
    self->source = g_io_create_watch(self->channel, condition);
    g_source_set_callback(self->source, G_SOURCE_FUNC(on_condition), self, NULL);
    g_source_attach(self->source, NULL);
}

void
watch_free(Watch *self)
{
    if (!self)
        return;
    drop_source(self);
    g_io_channel_unref(self->channel);
    g_free(self);
}

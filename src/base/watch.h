/* SPDX-License-Identifier: PostgreSQL */
/* Tells when a socket can be read or written, on the default GMainContext, Unix and Windows alike. */
#pragma once

#include <stdbool.h>

#include <glib.h>

typedef struct Watch Watch;

typedef enum {
    WATCH_READ = 1 << 0,
    WATCH_WRITE = 1 << 1,
} WatchMask;

/* Called with what is ready (errors and hang-ups count as readable). It may free the watch. */
typedef void (*WatchReady)(WatchMask ready, gpointer user_data);

/* The socket stays the caller's. Nothing is reported while mask is 0. */
Watch *watch_new(int socket, WatchMask mask, WatchReady ready, gpointer user_data);
void watch_set_mask(Watch *self, WatchMask mask);
void watch_free(Watch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Watch, watch_free)

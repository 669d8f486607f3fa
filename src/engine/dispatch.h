/* SPDX-License-Identifier: PostgreSQL */
/* The runs that are in hand, and how many there may be: the only owner of limits. What does not fit stays in the
 * table. */
#pragma once

#include "engine/run.h"

typedef struct Dispatch Dispatch;

/* A run has ended; there may be room for more, and its job is free. */
typedef void (*DispatchEnded)(gpointer user_data);

Dispatch *dispatch_new(int max_runs, int max_per_server, DispatchEnded ended, gpointer user_data);
/* Drops what is still in hand. */
void dispatch_free(Dispatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Dispatch, dispatch_free)

void dispatch_set_limits(Dispatch *self, int max_runs, int max_per_server);
/* How many runs may be claimed now. */
int dispatch_room(const Dispatch *self);
guint dispatch_count(const Dispatch *self);
/* Servers (of the runs' first steps) that have as many runs as may be: char *, free with g_ptr_array_unref. */
GPtrArray *dispatch_full_servers(const Dispatch *self);
/* True if one more run for that server may be claimed, given that `more` are claimed already; NULL = no server. */
bool dispatch_has_room_at(const Dispatch *self, const char *server, int more);
/* Of int64_t; free with g_array_unref. */
GArray *dispatch_run_ids(const Dispatch *self);
/* True if there is a connection for that server that none of the runs here can be in need of. */
bool dispatch_has_spare_connection(const Dispatch *self, const char *server);
bool dispatch_has_run(const Dispatch *self, int64_t run_id);

/* Takes the run over and starts it. Its ended callback must be dispatch_run_ended with self. */
void dispatch_start(Dispatch *self, Run *run, const char *server);
void dispatch_run_ended(Run *run, gpointer dispatch);

/* Does nothing if that run is not in hand. */
void dispatch_cancel(Dispatch *self, int64_t run_id, const char *reason);
void dispatch_each(Dispatch *self, void (*act)(Run *run, const char *reason), const char *reason);
void dispatch_drop_all(Dispatch *self);

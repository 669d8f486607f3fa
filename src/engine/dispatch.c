/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "engine/dispatch.h"

#include <string.h>

#include "base/descriptors.h"
#include "base/log.h"

/* Runs for one server beyond its connections, so that none of them is idle between two runs. */
#define RESERVE 5
/* File descriptors: of a run (pipes, process, folder), and of everything else (connections, look-ups, the log). */
#define DESCRIPTORS_OF_RUN  5
#define DESCRIPTORS_OF_REST 64

struct Dispatch {
    GHashTable *runs;    /* run id (int64_t *) -> Entry */
    GHashTable *servers; /* text -> number of runs */
    int max_runs;
    int max_per_server;
    DispatchEnded ended;
    gpointer user_data;
};

typedef struct {
    int64_t id;
    Run *run;
    char *server; /* NULL = none */
} Entry;

static void
entry_free(gpointer data)
{
    Entry *self = data;

    run_unref(self->run);
    g_free(self->server);
    g_free(self);
}

Dispatch *
dispatch_new(int max_runs, int max_per_server, DispatchEnded ended, gpointer user_data)
{
    Dispatch *self = g_new0(Dispatch, 1);

    self->runs = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, entry_free);
    self->servers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->ended = ended;
    self->user_data = user_data;
    dispatch_set_limits(self, max_runs, max_per_server);
    return self;
}

void
dispatch_free(Dispatch *self)
{
    if (self == NULL)
        return;
    dispatch_drop_all(self);
    g_hash_table_unref(self->runs);
    g_hash_table_unref(self->servers);
    g_free(self);
}

/* More would fail half of the time, and could take the connections of the agent along. */
static int
runs_by_descriptors(int wanted)
{
    int limit = descriptors_limit();
    int possible = MAX(1, (limit - DESCRIPTORS_OF_REST) / DESCRIPTORS_OF_RUN);

    if (possible >= wanted)
        return wanted;
    log_warning("%d file descriptors are enough for %d jobs at once, not for %d (--max-runs): the "
                "limit is to be raised (ulimit -n, LimitNOFILE=)",
                limit, possible, wanted);
    return possible;
}

void
dispatch_set_limits(Dispatch *self, int max_runs, int max_per_server)
{
    self->max_runs = runs_by_descriptors(max_runs);
    self->max_per_server = max_per_server + RESERVE;
}

int
dispatch_room(const Dispatch *self)
{
    return MAX(0, self->max_runs - (int)g_hash_table_size(self->runs));
}

guint
dispatch_count(const Dispatch *self)
{
    return g_hash_table_size(self->runs);
}

static int
runs_at(const Dispatch *self, const char *server)
{
    return GPOINTER_TO_INT(g_hash_table_lookup(self->servers, server));
}

GPtrArray *
dispatch_full_servers(const Dispatch *self)
{
    GPtrArray *full = g_ptr_array_new();
    GHashTableIter iter;
    gpointer server;
    gpointer count;

    g_hash_table_iter_init(&iter, self->servers);
    while (g_hash_table_iter_next(&iter, &server, &count)) {
        if (GPOINTER_TO_INT(count) >= self->max_per_server)
            g_ptr_array_add(full, server);
    }
    return full;
}

bool
dispatch_has_room_at(const Dispatch *self, const char *server, int more)
{
    return server == NULL || runs_at(self, server) + more < self->max_per_server;
}

GArray *
dispatch_run_ids(const Dispatch *self)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, self->runs);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_array_append_val(ids, *(const int64_t *)key);
    return ids;
}

bool
dispatch_has_spare_connection(const Dispatch *self, const char *server)
{
    return runs_at(self, server) + RESERVE < self->max_per_server;
}

bool
dispatch_has_run(const Dispatch *self, int64_t run_id)
{
    return g_hash_table_contains(self->runs, &run_id);
}

static void
dispatch_count_at(Dispatch *self, const char *server, int change)
{
    if (server == NULL)
        return;

    int count = runs_at(self, server) + change;
    if (count == 0)
        g_hash_table_remove(self->servers, server);
    else
        g_hash_table_insert(self->servers, g_strdup(server), GINT_TO_POINTER(count));
}

void
dispatch_start(Dispatch *self, Run *run, const char *server)
{
    Entry *entry = g_new(Entry, 1);

    *entry = (Entry){.id = run_id(run), .run = run, .server = g_strdup(server)};
    g_hash_table_insert(self->runs, &entry->id, entry);
    dispatch_count_at(self, server, 1);
    run_start(run);
}

void
dispatch_run_ended(Run *run, gpointer dispatch)
{
    Dispatch *self = dispatch;
    int64_t id = run_id(run);
    const Entry *entry = g_hash_table_lookup(self->runs, &id);

    if (entry == NULL)
        return;
    dispatch_count_at(self, entry->server, -1);
    g_hash_table_remove(self->runs, &id);
    self->ended(self->user_data);
}

void
dispatch_cancel(Dispatch *self, int64_t run_id, const char *reason)
{
    const Entry *entry = g_hash_table_lookup(self->runs, &run_id);

    if (entry != NULL)
        run_cancel(entry->run, reason);
}

void
dispatch_each(Dispatch *self, void (*act)(Run *run, const char *reason), const char *reason)
{
    g_autoptr(GList) entries = g_hash_table_get_values(self->runs);

    for (const GList *link = entries; link != NULL; link = link->next)
        act(((Entry *)link->data)->run, reason);
}

void
dispatch_drop_all(Dispatch *self)
{
    g_autoptr(GList) entries = g_hash_table_get_values(self->runs);

    for (const GList *link = entries; link != NULL; link = link->next)
        run_drop(((Entry *)link->data)->run);
}

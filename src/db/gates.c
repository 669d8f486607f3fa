/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "db/gates.h"

#include <string.h>

enum {
    FIRST_DELAY_MS = 50,
    LAST_DELAY_MS = 2000,
    SOON_MS = 20, /* the server needs a moment until the place of a closed connection is free */
};

typedef struct {
    Gates *gates;
    char *key;
    char *reason;
    int delay_ms;
    guint timer; /* source: 0 = may be tried now */
} Gate;

struct Gates {
    GPtrArray *all; /* Gate; few */
    GatesOpened opened;
    gpointer user_data;
};

static void
gate_free(Gate *gate)
{
    g_clear_handle_id(&gate->timer, g_source_remove);
    g_free(gate->key);
    g_free(gate->reason);
    g_free(gate);
}

Gates *
gates_new(GatesOpened opened, gpointer user_data)
{
    Gates *self = g_new0(Gates, 1);
    self->all = g_ptr_array_new_with_free_func((GDestroyNotify)gate_free);
    self->opened = opened;
    self->user_data = user_data;
    return self;
}

void
gates_free(Gates *self)
{
    if (!self)
        return;
    g_ptr_array_unref(self->all);
    g_free(self);
}

static gboolean
on_timer(gpointer user_data)
{
    Gate *gate = user_data;
    gate->timer = 0;
    gate->gates->opened(gate->gates->user_data);
    return G_SOURCE_REMOVE;
}

/* With jitter, so that many agents at one server do not all come at once. */
static void
gate_wait(Gate *gate, int delay_ms)
{
    g_clear_handle_id(&gate->timer, g_source_remove);
    gate->timer =
        g_timeout_add((guint)g_random_int_range(delay_ms / 2, delay_ms + 1), on_timer, gate);
}

static Gate *
find_gate(const Gates *self, const char *key)
{
    for (guint i = 0; i < self->all->len; i++) {
        Gate *gate = self->all->pdata[i];
        if (strcmp(gate->key, key) == 0)
            return gate;
    }
    return NULL;
}

bool
gates_back_off(Gates *self, const char *key, const char *reason)
{
    Gate *gate = find_gate(self, key);
    if (!gate) {
        gate = g_new0(Gate, 1);
        gate->gates = self;
        gate->key = g_strdup(key);
        g_ptr_array_add(self->all, gate);
    }
    g_free(gate->reason);
    gate->reason = g_strdup(reason);
    if (gate->timer)
        return false;
    gate->delay_ms = gate->delay_ms ? MIN(2 * gate->delay_ms, LAST_DELAY_MS) : FIRST_DELAY_MS;
    gate_wait(gate, gate->delay_ms);
    return true;
}

void
gates_hurry(Gates *self)
{
    for (guint i = 0; i < self->all->len; i++) {
        Gate *gate = self->all->pdata[i];
        gate->delay_ms = 0;
        if (gate->timer)
            gate_wait(gate, SOON_MS);
    }
}

const char *
gates_reason(const Gates *self, const char *key, bool *closed)
{
    const Gate *gate = find_gate(self, key);
    *closed = gate && gate->timer;
    return gate ? gate->reason : NULL;
}

void
gates_sweep(Gates *self, GatesWanted wanted, gpointer user_data)
{
    for (guint i = self->all->len; i > 0; i--) {
        const Gate *gate = self->all->pdata[i - 1];
        if (!wanted(gate->key, user_data))
            g_ptr_array_remove_index_fast(self->all, i - 1);
    }
}

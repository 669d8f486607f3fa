/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "engine/warmer.h"

#include "base/clock.h"

/* Long enough for a connection with TLS, short enough that idle ones are not closed again before. */
#define AHEAD_US (INT64_C(200) * CLOCK_US_PER_MS)

struct Warmer {
    const StepContext *context;
    char *server;
    char *database;
    guint timer_id;
};

Warmer *
warmer_new(const StepContext *context)
{
    Warmer *self = g_new0(Warmer, 1);

    self->context = context;
    return self;
}

void
warmer_free(Warmer *self)
{
    if (self == NULL)
        return;
    g_clear_handle_id(&self->timer_id, g_source_remove);
    g_free(self->server);
    g_free(self->database);
    g_free(self);
}

static gboolean
on_nearly_due(gpointer user_data)
{
    Warmer *self = user_data;

    self->timer_id = 0;
    step_warm_sql(self->context, self->server, self->database);
    return G_SOURCE_REMOVE;
}

void
warmer_expect(Warmer *self, int64_t at_mono, const char *server, const char *database)
{
    int64_t wait_us = at_mono - clock_now_mono() - AHEAD_US;

    g_clear_handle_id(&self->timer_id, g_source_remove);
    if (server == NULL || wait_us / CLOCK_US_PER_MS > G_MAXINT)
        return;
    g_free(self->server);
    self->server = g_strdup(server);
    g_free(self->database);
    self->database = g_strdup(database);
    self->timer_id = g_timeout_add((guint)(MAX(wait_us, 0) / CLOCK_US_PER_MS), on_nearly_due, self);
}

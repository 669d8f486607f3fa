/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/holds.h"

#include <string.h>

#include "base/log.h"

#define PAUSE_FIRST_MS 500
#define PAUSE_MAX_MS   5000

/* Of one statement. */
typedef struct {
    Holds *all;
    GQueue writes; /* of Write, without the probe that is under way */
    char *reason;
    guint pause_ms;
    guint probe_id;
} Hold;

struct Holds {
    GHashTable *holds; /* text of a statement -> Hold */
    guint count;
    HoldsTryAgain try_again;
    gpointer user_data;
};

static void
hold_free(gpointer data)
{
    Hold *hold = data;

    g_clear_handle_id(&hold->probe_id, g_source_remove);
    g_free(hold->reason);
    g_free(hold);
}

Holds *
holds_new(HoldsTryAgain try_again, gpointer user_data)
{
    Holds *self = g_new(Holds, 1);

    *self = (Holds){.holds = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, hold_free),
                    .try_again = try_again,
                    .user_data = user_data};
    return self;
}

void
holds_free(Holds *self)
{
    g_hash_table_unref(self->holds);
    g_free(self);
}

static gboolean
on_probe(gpointer user_data)
{
    Hold *hold = user_data;
    Write *write = g_queue_pop_head(&hold->writes);

    hold->probe_id = 0;
    hold->all->count--;
    write->is_probe = true;
    hold->all->try_again(write, hold->all->user_data);
    return G_SOURCE_REMOVE;
}

static void
hold_pause(Hold *hold)
{
    hold->pause_ms = CLAMP(hold->pause_ms * 2, PAUSE_FIRST_MS, PAUSE_MAX_MS);
    hold->probe_id = g_timeout_add(hold->pause_ms, on_probe, hold);
}

/* Several statements may need the same right: that is said once. */
static bool
holds_has_reason(const Holds *self, const char *reason)
{
    GHashTableIter all;
    gpointer hold;

    g_hash_table_iter_init(&all, self->holds);
    while (g_hash_table_iter_next(&all, NULL, &hold)) {
        if (strcmp(((Hold *)hold)->reason, reason) == 0)
            return true;
    }
    return false;
}

static Hold *
holds_open(Holds *self, const char *sql, const char *reason)
{
    Hold *hold = g_new0(Hold, 1);

    if (!holds_has_reason(self, reason))
        log_error("could not write to a log table, will keep trying: %s", reason);
    hold->all = self;
    hold->reason = g_strdup(reason);
    g_queue_init(&hold->writes);
    g_hash_table_insert(self->holds, (gpointer)sql, hold);
    return hold;
}

void
holds_add(Holds *self, Write *write, const GError *error)
{
    Hold *hold = g_hash_table_lookup(self->holds, write->sql);

    if (hold == NULL)
        hold = holds_open(self, write->sql, error->message);
    if (write->is_probe)
        g_queue_push_head(&hold->writes, write);
    else
        g_queue_push_tail(&hold->writes, write);
    self->count++;
    if (write->is_probe || hold->pause_ms == 0)
        hold_pause(hold);
    write->is_probe = false;
}

bool
holds_take(Holds *self, Write *write)
{
    Hold *hold = g_hash_table_lookup(self->holds, write->sql);

    if (hold == NULL)
        return false;
    g_queue_push_tail(&hold->writes, write);
    self->count++;
    return true;
}

static void
hold_empty(Hold *hold, GQueue *to)
{
    hold->all->count -= hold->writes.length;
    for (Write *write; (write = g_queue_pop_head(&hold->writes)) != NULL;)
        g_queue_push_tail(to, write);
}

void
holds_release(Holds *self, Write *probe, GQueue *to)
{
    Hold *hold = g_hash_table_lookup(self->holds, probe->sql);
    g_autofree char *reason = g_strdup(hold->reason);

    probe->is_probe = false;
    hold_empty(hold, to);
    g_hash_table_remove(self->holds, probe->sql);
    if (!holds_has_reason(self, reason))
        log_notice("a log table takes writes again that it refused: %s", reason);
}

void
holds_release_all(Holds *self, GQueue *to)
{
    GHashTableIter all;
    gpointer hold;

    g_hash_table_iter_init(&all, self->holds);
    while (g_hash_table_iter_next(&all, NULL, &hold))
        hold_empty(hold, to);
    g_hash_table_remove_all(self->holds);
}

guint
holds_count(const Holds *self)
{
    return self->count;
}

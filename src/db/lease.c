/* SPDX-License-Identifier: PostgreSQL */
/* Everything that a lease tells its owner comes from a source of its own, one thing at a time, so that the
 * owner may do anything meanwhile: release it, close others, free the pool. */
#include "config.h"

#include "db/pool-private.h"

DbLease *
lease_new(PoolServer *server, DbTarget *target, guint64 sequence, DbPoolReady ready,
          gpointer user_data)
{
    DbLease *self = g_new0(DbLease, 1);
    self->server = server;
    self->target = db_target_ref(target);
    self->sequence = sequence;
    self->ready = ready;
    self->ready_data = user_data;
    return self;
}

void
lease_free(DbLease *self)
{
    g_clear_handle_id(&self->notify, g_source_remove);
    db_target_unref(self->target);
    g_free(self->reason);
    g_free(self->told);
    g_clear_error(&self->error);
    g_free(self);
}

static bool
has_news(const DbLease *self)
{
    return self->waiting && g_strcmp0(self->reason, self->told) != 0;
}

static gboolean
on_notify(gpointer user_data)
{
    DbLease *self = user_data;
    if (has_news(self)) {
        g_free(self->told);
        self->told = g_strdup(self->reason);
        bool more = self->due;
        if (!more)
            self->notify = 0;
        self->waiting(self->reason, self->waiting_data);
        return more;
    }
    self->notify = 0;
    if (self->due) {
        self->due = false;
        DbConn *conn = self->pooled ? pooled_conn(self->pooled) : NULL;
        self->ready(conn, self->error, self->ready_data);
    }
    return G_SOURCE_REMOVE;
}

static void
notify_later(DbLease *self)
{
    if (!self->notify && (self->due || has_news(self)))
        self->notify = g_idle_add_full(G_PRIORITY_DEFAULT, on_notify, self, NULL);
}

void
lease_set_reason(DbLease *self, const char *reason)
{
    if (g_strcmp0(self->reason, reason) == 0)
        return;
    g_free(self->reason);
    self->reason = g_strdup(reason);
    notify_later(self);
}

void
lease_grant(DbLease *self, Pooled *pooled)
{
    self->pooled = pooled;
    self->due = true;
    lease_set_reason(self, NULL);
    notify_later(self);
}

void
lease_fail(DbLease *self, const GError *error)
{
    self->server = NULL;
    self->pooled = NULL;
    self->due = true;
    self->error = g_error_copy(error);
    lease_set_reason(self, NULL);
    notify_later(self);
}

void
db_lease_on_waiting(DbLease *lease, DbPoolWaiting waiting, gpointer user_data)
{
    lease->waiting = waiting;
    lease->waiting_data = user_data;
    notify_later(lease);
}

void
db_lease_release(DbLease *lease)
{
    if (lease->server && lease->pooled && !lease->due &&
        db_conn_is_open(pooled_conn(lease->pooled)))
        pool_server_give_back(lease->server, lease->pooled);
    else if (lease->server)
        pool_server_give_up(lease->server, lease);
    lease_free(lease);
}

void
db_lease_close(DbLease *lease)
{
    if (!lease)
        return;
    if (lease->server)
        pool_server_give_up(lease->server, lease);
    lease_free(lease);
}

/* SPDX-License-Identifier: PostgreSQL */
/* One server: its connections, and the line of those who wait for one. The line is served in order, but who
 * waits for a role or database that has its own limit does not hold up those behind. */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "db/gates.h"
#include "db/pooled.h"

struct PoolServer {
    DbPool *pool;
    char *name;
    GQueue line;    /* DbLease, by sequence */
    GPtrArray *all; /* Pooled */
    GQueue idle;    /* Pooled, the longest idle first */
    Gates *gates;   /* for whom the server is full; one connection at a time is tried then */
    int host;       /* of those that it is made of: the one that served last */
    guint pump;     /* source */
};

static void pump(PoolServer *self);

static gboolean
on_pump(gpointer user_data)
{
    PoolServer *self = user_data;
    self->pump = 0;
    pump(self);
    if (pool_server_is_empty(self))
        pool_forget_server(self->pool, self->name);
    return G_SOURCE_REMOVE;
}

void
pool_server_pump_later(PoolServer *self)
{
    if (!self->pump)
        self->pump = g_idle_add_full(G_PRIORITY_DEFAULT, on_pump, self, NULL);
}

static void
on_gate_opened(gpointer user_data)
{
    pool_server_pump_later(user_data);
}

static void
remove_pooled(PoolServer *self, Pooled *pooled)
{
    g_queue_remove(&self->idle, pooled);
    g_ptr_array_remove_fast(self->all, pooled);
    pooled_free(pooled);
    pool_server_pump_later(self);
}

void
pool_server_drop(PoolServer *self, Pooled *pooled)
{
    gates_hurry(self->gates);
    remove_pooled(self, pooled);
}

void
pool_server_keep(PoolServer *self, Pooled *pooled)
{
    g_queue_push_tail(&self->idle, pooled);
    pool_server_pump_later(self);
}

/* An idle connection to something else gives its place to one who waits. */
static bool
close_one_idle(PoolServer *self)
{
    Pooled *oldest = g_queue_peek_head(&self->idle);
    if (!oldest)
        return false;
    remove_pooled(self, oldest);
    return true;
}

void
pool_server_give_back(PoolServer *self, Pooled *pooled)
{
    pooled->lease = NULL;
    /* A pooler keeps connections itself, and cleans what is to be cleaned. */
    if (db_conn_is_pooled(pooled->conn) || !db_conn_is_reusable(pooled->conn)) {
        pool_server_drop(self, pooled);
        return;
    }
    gates_hurry(self->gates);
    pooled_clean(pooled);
}

void
pool_server_give_up(PoolServer *self, DbLease *lease)
{
    if (lease->pooled) {
        pool_server_drop(self, lease->pooled);
        return;
    }
    g_queue_remove(&self->line, lease);
    pool_server_pump_later(self);
}

static int
compare_leases(gconstpointer a, gconstpointer b, gpointer unused)
{
    const DbLease *first = a;
    const DbLease *second = b;
    return first->sequence < second->sequence ? -1 : first->sequence > second->sequence;
}

static void
on_opened(DbConn *conn, const GError *error, gpointer user_data)
{
    Pooled *pooled = user_data;
    PoolServer *self = pooled->server;
    DbLease *lease = pooled->lease;
    if (!error) {
        self->host = db_conn_host(conn);
        pooled_begin_asking(pooled);
        return;
    }

    if (!lease) {
        remove_pooled(self, pooled);
        return;
    }
    lease->pooled = NULL;
    if (error->code == ALMANAC_ERROR_BUSY) {
        if (gates_back_off(self->gates, pooled->key, error->message))
            (void)close_one_idle(self); /* our own may be what fills the server */
        g_queue_insert_sorted(&self->line, lease, compare_leases, NULL);
        lease_set_reason(lease, error->message);
    } else {
        lease_fail(lease, error);
    }
    remove_pooled(self, pooled);
}

static Pooled *
begin_opening(PoolServer *self, DbTarget *target)
{
    Pooled *pooled = pooled_new(self, self->pool, target);

    g_ptr_array_add(self->all, pooled);
    /* Where any will do, the order of the list counts. */
    if (db_target_wants_primary(target, 0))
        db_conn_begin_at(pooled->conn, self->host);
    db_conn_open(pooled->conn, on_opened, pooled);
    return pooled;
}

static void
give_to(Pooled *pooled, DbLease *lease)
{
    pooled->lease = lease;
    lease->pooled = pooled;
}

static bool
is_fit(const Pooled *pooled)
{
    return db_conn_is_reusable(pooled->conn);
}

/* The youngest one: the others get the chance to come of age. */
static Pooled *
take_idle(PoolServer *self, const char *key)
{
    GList *previous;
    for (GList *l = self->idle.tail; l; l = previous) {
        previous = l->prev;
        Pooled *pooled = l->data;
        if (strcmp(pooled->key, key) != 0)
            continue;
        if (!is_fit(pooled)) {
            pool_server_drop(self, pooled);
            continue;
        }
        g_queue_delete_link(&self->idle, l);
        return pooled;
    }
    return NULL;
}

/* One that was begun for whoever comes. */
static Pooled *
find_warming(const PoolServer *self, const char *key)
{
    for (guint i = 0; i < self->all->len; i++) {
        Pooled *pooled = self->all->pdata[i];
        if (pooled->state == POOLED_OPENING && !pooled->lease && strcmp(pooled->key, key) == 0)
            return pooled;
    }
    return NULL;
}

static bool
grant_warming(PoolServer *self, DbLease *lease)
{
    Pooled *pooled = find_warming(self, db_target_key(lease->target));
    if (!pooled)
        return false;
    give_to(pooled, lease);
    return true;
}

static bool
grant_idle(PoolServer *self, DbLease *lease)
{
    Pooled *pooled = take_idle(self, db_target_key(lease->target));
    if (!pooled)
        return false;
    pooled_grant(pooled, lease);
    return true;
}

static bool
is_opening(const PoolServer *self, const char *key)
{
    for (guint i = 0; i < self->all->len; i++) {
        const Pooled *pooled = self->all->pdata[i];
        if (pooled->state == POOLED_OPENING && strcmp(pooled->key, key) == 0)
            return true;
    }
    return false;
}

/* NULL if a connection may be opened for it now, else why not; free with g_free. */
static char *
find_obstacle(PoolServer *self, const DbLease *lease)
{
    const char *key = db_target_key(lease->target);
    bool closed;
    const char *full = gates_reason(self->gates, key, &closed);
    if (full && (closed || is_opening(self, key)))
        return g_strdup(full);
    int ceiling = MAX(self->pool->max_per_server, 1);
    if ((int)self->all->len >= ceiling && !close_one_idle(self))
        return g_strdup_printf("all %d connections to this server are in use", ceiling);
    return NULL;
}

static bool
is_wanted(const char *key, gpointer user_data)
{
    const PoolServer *self = user_data;
    for (GList *l = self->line.head; l; l = l->next) {
        const DbLease *lease = l->data;
        if (strcmp(db_target_key(lease->target), key) == 0)
            return true;
    }
    return is_opening(self, key);
}

static void
pump(PoolServer *self)
{
    GList *next;
    for (GList *l = self->line.head; l; l = next) {
        next = l->next;
        DbLease *lease = l->data;
        if (grant_idle(self, lease) || grant_warming(self, lease)) {
            g_queue_delete_link(&self->line, l);
            continue;
        }
        g_autofree char *obstacle = find_obstacle(self, lease);
        if (obstacle) {
            lease_set_reason(lease, obstacle);
            continue;
        }
        g_queue_delete_link(&self->line, l);
        give_to(begin_opening(self, lease->target), lease);
    }
    gates_sweep(self->gates, is_wanted, self);
}

PoolServer *
pool_server_new(DbPool *pool, const char *name)
{
    PoolServer *self = g_new0(PoolServer, 1);
    self->pool = pool;
    self->name = g_strdup(name);
    self->all = g_ptr_array_new();
    self->gates = gates_new(on_gate_opened, self);
    g_queue_init(&self->line);
    g_queue_init(&self->idle);
    return self;
}

static void
abandon(DbLease *lease)
{
    lease->server = NULL;
    lease->pooled = NULL;
    lease->due = false;
    g_clear_handle_id(&lease->notify, g_source_remove);
}

void
pool_server_free(PoolServer *self)
{
    g_clear_handle_id(&self->pump, g_source_remove);
    for (GList *l = self->line.head; l; l = l->next)
        abandon(l->data);
    for (guint i = 0; i < self->all->len; i++) {
        Pooled *pooled = self->all->pdata[i];
        if (pooled->lease)
            abandon(pooled->lease);
        pooled_free(pooled);
    }
    g_queue_clear(&self->line);
    g_queue_clear(&self->idle);
    g_ptr_array_unref(self->all);
    gates_free(self->gates);
    g_free(self->name);
    g_free(self);
}

bool
pool_server_is_empty(const PoolServer *self)
{
    return self->all->len == 0 && self->line.length == 0 && !self->pump;
}

void
pool_server_warm(PoolServer *self, DbTarget *target)
{
    const char *key = db_target_key(target);
    Pooled *idle = take_idle(self, key);
    if (idle) {
        g_queue_push_tail(&self->idle, idle);
        return;
    }
    bool closed;
    bool is_full = gates_reason(self->gates, key, &closed) != NULL ||
                   (int)self->all->len >= MAX(self->pool->max_per_server, 1);
    if (!is_full && !is_wanted(key, self))
        (void)begin_opening(self, target);
}

void
pool_server_wait(PoolServer *self, DbLease *lease)
{
    g_queue_push_tail(&self->line, lease);
    pool_server_pump_later(self);
}

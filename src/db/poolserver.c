/* SPDX-License-Identifier: PostgreSQL */
/* One server: its connections, and the line of those who wait for one. The line is served in order, but who
 * waits for a role or database that has its own limit does not hold up those behind. */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "db/gates.h"
#include "db/pool-private.h"

enum {
    IDLE_MS = 5000,
    CLEANING_LIMIT_MS = 10000,
    ASKING_LIMIT_MS = 5000,
};

typedef enum {
    POOLED_OPENING, /* for `lease`; NULL = for whoever comes. Until its first questions are answered */
    POOLED_LEASED,   /* used by `lease` */
    POOLED_CLEANING, /* given back; DISCARD ALL is on its way */
    POOLED_IDLE,     /* waits for the next lease, or for its end */
} PooledState;

struct Pooled {
    PoolServer *server;
    PooledState state;
    char *key;
    DbConn *conn;
    DbLease *lease;
    guint time_limit; /* source: closes it, when idle or cleaning for too long */
};

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
pooled_free(Pooled *pooled)
{
    g_clear_handle_id(&pooled->time_limit, g_source_remove);
    db_conn_free(pooled->conn);
    g_free(pooled->key);
    g_free(pooled);
}

static void
pooled_remove(Pooled *pooled)
{
    PoolServer *self = pooled->server;
    g_queue_remove(&self->idle, pooled);
    g_ptr_array_remove_fast(self->all, pooled);
    pooled_free(pooled);
    pool_server_pump_later(self);
}

static void
pooled_close(Pooled *pooled)
{
    gates_hurry(pooled->server->gates);
    pooled_remove(pooled);
}

/* An idle connection to something else gives its place to one who waits. */
static bool
close_one_idle(PoolServer *self)
{
    Pooled *oldest = g_queue_peek_head(&self->idle);
    if (!oldest)
        return false;
    pooled_remove(oldest);
    return true;
}

static gboolean
on_time_limit(gpointer user_data)
{
    Pooled *pooled = user_data;
    pooled->time_limit = 0;
    pooled_close(pooled);
    return G_SOURCE_REMOVE;
}

static void
limit_time(Pooled *pooled, guint limit_ms)
{
    g_clear_handle_id(&pooled->time_limit, g_source_remove);
    pooled->time_limit = g_timeout_add(limit_ms, on_time_limit, pooled);
}

static void
on_unused_lost(DbConn *conn, const GError *error, gpointer user_data)
{
    pooled_close(user_data);
}

/* Lets the server notice that we are gone while it runs a long statement. Some platforms cannot do that and
 * refuse the setting. Behind a pooler, whose process is another one, it would stay set for others. */
static void
watch_for_our_end(DbConn *conn, DbQueryDone done, gpointer user_data)
{
    g_autoptr(DbParams) params = db_params_new();
    db_params_add_int4(params, db_conn_backend_pid(conn));
    db_conn_query(conn,
                  "SELECT pg_catalog.set_config('client_connection_check_interval', '5s', false)"
                  " WHERE pg_catalog.pg_backend_pid() = $1::int4",
                  g_steal_pointer(&params), done, user_data);
}

static bool
knows_how_to_watch(const DbConn *conn)
{
    return db_conn_server_version(conn) >= 140000;
}

static void
enter_leased(Pooled *pooled, DbLease *lease)
{
    g_clear_handle_id(&pooled->time_limit, g_source_remove);
    db_conn_set_handlers(pooled->conn, NULL, NULL, NULL);
    pooled->state = POOLED_LEASED;
    pooled->lease = lease;
    lease_grant(lease, pooled);
}

static void
enter_idle(Pooled *pooled)
{
    pooled->state = POOLED_IDLE;
    db_conn_set_handlers(pooled->conn, on_unused_lost, NULL, pooled);
    g_queue_push_tail(&pooled->server->idle, pooled);
    limit_time(pooled, IDLE_MS);
    pool_server_pump_later(pooled->server);
}

static void
on_set_again(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    if (error && error_is_transient(error))
        pooled_close(user_data);
    else
        enter_idle(user_data);
}

static void
on_discarded(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Pooled *pooled = user_data;
    if (error)
        pooled_close(pooled);
    else if (knows_how_to_watch(pooled->conn))
        watch_for_our_end(pooled->conn, on_set_again, pooled);
    else
        enter_idle(pooled);
}

void
pool_server_give_back(PoolServer *self, Pooled *pooled)
{
    pooled->lease = NULL;
    /* A pooler keeps connections itself, and cleans what is to be cleaned. */
    if (db_conn_is_pooled(pooled->conn) || !db_conn_is_reusable(pooled->conn)) {
        pooled_close(pooled);
        return;
    }
    pooled->state = POOLED_CLEANING;
    db_conn_set_handlers(pooled->conn, on_unused_lost, NULL, pooled);
    limit_time(pooled, CLEANING_LIMIT_MS);
    gates_hurry(self->gates);
    db_conn_query(pooled->conn, "DISCARD ALL", NULL, on_discarded, pooled);
}

void
pool_server_give_up(PoolServer *self, DbLease *lease)
{
    if (lease->pooled) {
        pooled_close(lease->pooled);
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

/* If the connection has died meanwhile, whoever has a lease will see it. */
static void
enter_use(Pooled *pooled)
{
    if (pooled->lease)
        enter_leased(pooled, pooled->lease);
    else
        enter_idle(pooled);
    pool_server_pump_later(pooled->server);
}

static void
on_asked(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Pooled *pooled = user_data;
    if (!error)
        db_conn_note_backend(pooled->conn, result);
    if (pooled->state != POOLED_OPENING)
        return;
    if (error && error_is_transient(error) && !pooled->lease)
        pooled_close(pooled);
    else
        enter_use(pooled);
}

/* A server that does not answer: not our business, but that of the time limit of the step. */
static gboolean
on_asked_in_vain(gpointer user_data)
{
    Pooled *pooled = user_data;
    pooled->time_limit = 0;
    enter_use(pooled);
    return G_SOURCE_REMOVE;
}

static void
begin_asking(Pooled *pooled)
{
    if (knows_how_to_watch(pooled->conn))
        watch_for_our_end(pooled->conn, NULL, NULL);
    db_conn_ask_backend(pooled->conn, on_asked, pooled);
    pooled->time_limit = g_timeout_add(ASKING_LIMIT_MS, on_asked_in_vain, pooled);
}

static void
on_opened(DbConn *conn, const GError *error, gpointer user_data)
{
    Pooled *pooled = user_data;
    PoolServer *self = pooled->server;
    DbLease *lease = pooled->lease;
    if (!error) {
        self->host = db_conn_host(conn);
        begin_asking(pooled);
        return;
    }

    if (!lease) {
        pooled_remove(pooled);
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
    pooled_remove(pooled);
}

static Pooled *
begin_opening(PoolServer *self, DbTarget *target)
{
    Pooled *pooled = g_new0(Pooled, 1);
    pooled->server = self;
    pooled->state = POOLED_OPENING;
    pooled->key = g_strdup(db_target_key(target));
    pooled->conn =
        db_conn_new(target, self->pool->application_name, self->pool->connect_timeout_us);
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
            pooled_close(pooled);
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
    enter_leased(pooled, lease);
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

DbConn *
pooled_conn(Pooled *self)
{
    return self->conn;
}

/* SPDX-License-Identifier: PostgreSQL */
/* libpq's own connect_timeout counts only in its blocking calls, and its name look-up blocks. So each attempt
 * gets one host, an address that was looked up beforehand in another thread, and a timer. */
#include "config.h"

#include "db/conn-private.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"

static void begin_host(DbConn *self);
static void begin_address(DbConn *self);
static void poll_attempt(DbConn *self, PostgresPollingStatusType status);

/* A server that answered knows more than one that did not, and one that is full is worth waiting for. */
static int
weight(const GError *error)
{
    if (error->code == ALMANAC_ERROR_BUSY)
        return 4;
    if (error->code == ALMANAC_ERROR_REFUSED)
        return 3;
    return error->code == ALMANAC_ERROR_TIMEOUT ? 2 : 1;
}

static void
stop_attempt(DbConn *self)
{
    g_clear_handle_id(&self->connect.time_limit, g_source_remove);
    g_clear_pointer(&self->watch, watch_free);
    g_clear_pointer(&self->pg, PQfinish);
}

static void
stop_lookup(DbConn *self)
{
    g_clear_handle_id(&self->connect.time_limit, g_source_remove);
    g_clear_pointer(&self->connect.lookup, lookup_free);
}

/* Leaves an open session alone. */
void
connect_stop(DbConn *self)
{
    stop_lookup(self);
    g_clear_handle_id(&self->connect.step, g_source_remove);
    g_clear_pointer(&self->connect.addresses, g_ptr_array_unref);
    g_clear_error(&self->connect.worst);
    if (self->connect.reasons)
        g_string_free(g_steal_pointer(&self->connect.reasons), TRUE);
}

static GError *
sum_up(DbConn *self)
{
    const GError *worst = self->connect.worst;
    if (self->connect.failures == 1)
        return g_error_new(ALMANAC_ERROR, worst->code, "could not connect to %s: %s",
                           db_target_describe(self->target), worst->message);
    g_autofree char *database = db_target_describe_database(self->target);
    return g_error_new(ALMANAC_ERROR, worst->code, "could not connect to %s on %s", database,
                       self->connect.reasons->str);
}

static gboolean
on_step(gpointer user_data)
{
    DbConn *self = user_data;
    self->connect.step = 0;
    conn_begin_event(self);
    if (self->connect.addresses)
        begin_address(self);
    else
        begin_host(self);
    conn_end_event(self);
    return G_SOURCE_REMOVE;
}

/* From the loop, so that a list of hosts that fail at once does not recurse. */
static void
step_later(DbConn *self)
{
    self->connect.step = g_idle_add_full(G_PRIORITY_DEFAULT, on_step, self, NULL);
}

static void
next_host(DbConn *self)
{
    g_clear_pointer(&self->connect.addresses, g_ptr_array_unref);
    Connect *connect = &self->connect;
    connect->host = (connect->host + 1) % db_target_host_count(self->target);
    if (connect->host == connect->first_host)
        connect->pass++;
    step_later(self);
}

static void
next_address(DbConn *self)
{
    self->connect.address++;
    if (self->connect.address < self->connect.addresses->len)
        step_later(self);
    else
        next_host(self);
}

/* Takes the error over. */
static void
note_failure(DbConn *self, GError *error)
{
    Connect *connect = &self->connect;
    connect->failures++;
    const char *address = connect->addresses ? connect->addresses->pdata[connect->address] : NULL;
    g_autofree char *host = db_target_describe_host(self->target, connect->host);
    g_string_append_printf(connect->reasons, "%s%s", connect->reasons->len ? "; " : "", host);
    if (address && !strstr(host, address))
        g_string_append_printf(connect->reasons, " (%s)", address);
    g_string_append_printf(connect->reasons, ": %s", error->message);

    if (!connect->worst || weight(error) > weight(connect->worst)) {
        g_clear_error(&connect->worst);
        connect->worst = error;
    } else {
        g_error_free(error);
    }
}

static GError *
no_answer(const DbConn *self, const char *what)
{
    return g_error_new(ALMANAC_ERROR, ALMANAC_ERROR_TIMEOUT, "%s within %.3g s", what,
                       (double)self->connect.limit_us / (double)CLOCK_US_PER_SECOND);
}

/* True if it let us in, but libpq found it to be of the wrong kind. Only newer servers tell by themselves what they
 * are; older ones are asked. libpq's words for it may be in any language. */
static bool
is_of_another_kind(const DbConn *self)
{
    return PQparameterStatus(self->pg, "in_hot_standby") != NULL ||
           self->connect.seen == CONNECTION_CHECK_STANDBY ||
           self->connect.seen == CONNECTION_CHECK_WRITABLE;
}

/* Those who must write wait for its promotion, like for a server that starts. */
static GError *
explain_kind(const DbConn *self, GError *error)
{
    const char *recovers = PQparameterStatus(self->pg, "in_hot_standby");
    bool is_standby = g_strcmp0(recovers, "on") == 0 ||
                      (!recovers && self->connect.seen == CONNECTION_CHECK_STANDBY);
    if (!is_standby || !db_target_wants_primary(self->target, self->connect.pass))
        return error;
    g_error_free(error);
    return g_error_new_literal(ALMANAC_ERROR,
                               db_target_is_for_writing(self->target) ? ALMANAC_ERROR_BUSY
                                                                      : ALMANAC_ERROR_CONNECTION,
                               "it is a standby, which cannot be written until it is promoted");
}

static void
fail_attempt(DbConn *self)
{
    GError *error =
        fault_from_connect_message(PQerrorMessage(self->pg), PQconnectionNeedsPassword(self->pg));
    bool server_spoke = error->code != ALMANAC_ERROR_CONNECTION;
    if (is_of_another_kind(self)) {
        self->connect.saw_another = true;
        error = explain_kind(self, error);
    }
    stop_attempt(self);
    note_failure(self, error);
    /* The same server at its other addresses would say the same, and count a wrong password twice. */
    if (server_spoke)
        next_host(self);
    else
        next_address(self);
}

static gboolean
on_attempt_too_long(gpointer user_data)
{
    DbConn *self = user_data;
    self->connect.time_limit = 0;
    stop_attempt(self);
    note_failure(self, no_answer(self, "no answer"));
    next_address(self);
    return G_SOURCE_REMOVE;
}

static void
on_socket(WatchMask ready, gpointer user_data)
{
    DbConn *self = user_data;
    conn_begin_event(self);
    poll_attempt(self, PQconnectPoll(self->pg));
    conn_end_event(self);
}

/* libpq may have closed its socket and opened another one with the same number (sslmode=prefer, several
 * tries), so each wait gets a watch of its own. */
static void
poll_attempt(DbConn *self, PostgresPollingStatusType status)
{
    g_clear_pointer(&self->watch, watch_free);
    if (PQstatus(self->pg) != CONNECTION_BAD)
        self->connect.seen = PQstatus(self->pg);
    switch (status) {
    case PGRES_POLLING_READING:
        self->watch = watch_new(PQsocket(self->pg), WATCH_READ, on_socket, self);
        return;
    case PGRES_POLLING_WRITING:
    case PGRES_POLLING_ACTIVE:
        self->watch = watch_new(PQsocket(self->pg), WATCH_WRITE, on_socket, self);
        return;
    case PGRES_POLLING_OK:
        g_clear_handle_id(&self->connect.time_limit, g_source_remove);
        conn_on_connected(self);
        return;
    case PGRES_POLLING_FAILED:
        fail_attempt(self);
        return;
    }
}

static void
begin_address(DbConn *self)
{
    g_autoptr(GPtrArray) keywords = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
    const char *address = self->connect.addresses->pdata[self->connect.address];
    db_target_fill(self->target, self->connect.pass, self->connect.host, address,
                   self->application_name, keywords, values);
    self->pg = PQconnectStartParams((const char *const *)keywords->pdata,
                                    (const char *const *)values->pdata, 0);
    if (!self->pg) {
        note_failure(self,
                     g_error_new_literal(ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION, "out of memory"));
        next_address(self);
        return;
    }
    self->connect.seen = CONNECTION_STARTED;
    /* Only a verbose message shows the SQLSTATE of a refused connection. */
    PQsetErrorVerbosity(self->pg, PQERRORS_VERBOSE);
    PQsetNoticeReceiver(self->pg, conn_on_notice, self);
    self->connect.time_limit =
        g_timeout_add((guint)(self->connect.limit_us / CLOCK_US_PER_MS), on_attempt_too_long, self);
    poll_attempt(self, PQstatus(self->pg) == CONNECTION_BAD ? PGRES_POLLING_FAILED
                                                            : PGRES_POLLING_WRITING);
}

static void
begin_addresses(DbConn *self, GPtrArray *addresses)
{
    self->connect.addresses = addresses;
    self->connect.address = 0;
    begin_address(self);
}

static void
fail_lookup(DbConn *self, GError *error)
{
    stop_lookup(self);
    conn_enter(self, CONN_CONNECTING);
    note_failure(self, error);
    next_host(self);
}

static gboolean
on_lookup_too_long(gpointer user_data)
{
    DbConn *self = user_data;
    self->connect.time_limit = 0;
    fail_lookup(self, no_answer(self, "the name of the host was not found"));
    return G_SOURCE_REMOVE;
}

static void
on_looked_up(const GPtrArray *found, const GError *error, gpointer user_data)
{
    DbConn *self = user_data;
    conn_begin_event(self);
    if (error) {
        fail_lookup(self, g_error_copy(error));
    } else {
        GPtrArray *addresses = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < found->len; i++)
            g_ptr_array_add(addresses, g_strdup(found->pdata[i]));
        stop_lookup(self);
        conn_enter(self, CONN_CONNECTING);
        begin_addresses(self, addresses);
    }
    conn_end_event(self);
}

static void
look_up(DbConn *self, const char *name)
{
    conn_enter(self, CONN_RESOLVING);
    self->connect.time_limit =
        g_timeout_add((guint)(self->connect.limit_us / CLOCK_US_PER_MS), on_lookup_too_long, self);
    self->connect.lookup = lookup_new(name, on_looked_up, self);
}

static void
begin_host(DbConn *self)
{
    /* Where nobody answered, nobody will on being asked less. */
    bool is_over = self->connect.pass == db_target_pass_count(self->target) ||
                   (self->connect.pass > 0 && !self->connect.saw_another);
    if (is_over) {
        conn_on_refused(self, sum_up(self));
        return;
    }
    const DbHost *host = db_target_host(self->target, self->connect.host);
    bool is_socket = db_target_host_is_socket(host);
    const char *address = is_socket ? NULL : host->hostaddr ? host->hostaddr : host->host;
    if (address && !host->hostaddr && !g_hostname_is_ip_address(address)) {
        look_up(self, address);
        return;
    }
    GPtrArray *addresses = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(addresses, g_strdup(address));
    begin_addresses(self, addresses);
}

void
connect_start(DbConn *self)
{
    self->connect.limit_us =
        CLAMP(self->connect.limit_us, CLOCK_US_PER_MS, 86400 * CLOCK_US_PER_SECOND);
    self->connect.reasons = g_string_new(NULL);
    step_later(self);
}

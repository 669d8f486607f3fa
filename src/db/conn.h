/* SPDX-License-Identifier: PostgreSQL */
/* One connection to a server, never blocking: each request queues and is answered by its callback from the
 * default GMainContext. Name look-up and (before libpq 17) cancelling run in threads, whose number is
 * limited.
 *
 * A callback may free the connection. db_conn_free drops queued requests without calling back. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "db/fault.h"
#include "db/params.h"
#include "db/result.h"
#include "db/target.h"

typedef struct DbConn DbConn;

DbConn *db_conn_new(DbTarget *target, const char *application_name, int64_t connect_timeout_us);
void db_conn_free(DbConn *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbConn, db_conn_free)
/* Before db_conn_free, for owners whose requests must not be dropped without an answer: ends the connection and
 * answers each request that is queued or under way with that error, from inside this call. Not for use in a
 * script's events. */
void db_conn_abandon(DbConn *self, const GError *error);
/* From now on each statement is planned once and its plan kept for the life of the connection. Every parameter of
 * every statement must then have a cast ($1::int4). */
void db_conn_keep_plans(DbConn *self);

/* Before db_conn_open: the host to try first, for those who know better than the list; the others follow in its order. */
void db_conn_begin_at(DbConn *self, int host);
/* The host in the list that it is connected to, or was tried last. */
int db_conn_host(const DbConn *self);

/* Connects, once in the life of the object: each host (name looked up off the loop), each address, one attempt
 * with its own time limit. Called once, never from inside db_conn_open, with NULL or why not: BUSY (53300,
 * 57P03), REFUSED (class 28, 3D000 and whatever else the server will say again), TIMEOUT, CONNECTION.
 * Requests may be queued before it is open; if it fails they get its error first. */
typedef void (*DbConnOpened)(DbConn *self, const GError *error, gpointer user_data);
void db_conn_open(DbConn *self, DbConnOpened opened, gpointer user_data);
bool db_conn_is_open(const DbConn *self);

/* True if it is open, nothing runs or waits, no transaction is open, no cancel was sent and, looking at the
 * socket now, the server has not closed it: it may serve somebody else. */
bool db_conn_is_reusable(DbConn *self);

/* The connection broke after it was open; queued requests have been answered with CONNECTION errors before. */
typedef void (*DbConnLost)(DbConn *self, const GError *error, gpointer user_data);
/* A NOTIFY arrived from another backend. Payloads are not passed on: anyone can send one. */
typedef void (*DbConnNotified)(DbConn *self, const char *channel, int backend_pid,
                               gpointer user_data);
void db_conn_set_handlers(DbConn *self, DbConnLost lost, DbConnNotified notified,
                          gpointer user_data);

/* Answers never come from inside the function that asks. A request to a broken connection is answered with a
 * CONNECTION error. */

/* One statement with parameters (extended protocol, binary results). params may be NULL and is taken over.
 * Exactly one of result (borrowed) and error is set; fault only with a QUERY error. done may be NULL: then
 * nobody cares. */
typedef void (*DbQueryDone)(const DbResult *result, const GError *error, const DbFault *fault,
                            gpointer user_data);
void db_conn_query(DbConn *self, const char *sql, DbParams *params, DbQueryDone done,
                   gpointer user_data);

/* Several statements in one transaction, sent at once (pipeline). All or nothing: on failure, failed is the
 * index of the statement that the server refused, -1 if BEGIN or COMMIT or the connection failed
 * (then whether it was committed is unknown if error is CONNECTION). results has one DbResult a statement. */
typedef struct {
    const char *sql;  /* borrowed; must live until the answer */
    DbParams *params; /* borrowed; may be NULL */
} DbStatement;
typedef void (*DbTransactionDone)(const GPtrArray *results, int failed, const GError *error,
                                  const DbFault *fault, gpointer user_data);
void db_conn_transaction(DbConn *self, const DbStatement *statements, int count,
                         DbTransactionDone done, gpointer user_data);

/* A script in one simple query, as psql -c sends it: several statements are one implicit transaction, a lone
 * VACUUM works. Rows are read one by one and dropped. COPY from or to the client ends it with an error.
 * Events come in order; every pointer in them is valid during the call only. */
typedef struct {
    void (*notice)(const DbFault *notice, gpointer user_data);
    void (*command)(const char *tag, gpointer user_data);     /* "INSERT 0 3" */
    void (*failed)(const DbFault *fault, gpointer user_data); /* at most once, before done */
    /* error: NULL, or CONNECTION (lost), QUERY (see failed; also COPY). rows: of the last statement, 0 if it
     * counts none. open_transaction: the script left one; the connection is fit for closing only. */
    void (*done)(int64_t rows, bool open_transaction, const GError *error, gpointer user_data);
    /* Instead of done, and of every other event: the connection was gone before anything was sent, so that the
     * script has certainly done nothing. NULL = done says that too. */
    void (*unsent)(const GError *error, gpointer user_data);
} DbScriptEvents;
void db_conn_script(DbConn *self, const char *sql, const DbScriptEvents *events,
                    gpointer user_data);

/* Asks the server to cancel what runs now; returns at once, the statement ends with 57014 or on its own.
 * Nothing happens if nothing runs or a cancel is still on its way. A connection that was sent a cancel must be
 * closed, not used again: the cancel may arrive later than the end of what it was meant for. */
void db_conn_cancel(DbConn *self);

int db_conn_backend_pid(const DbConn *self);
/* The server process that serves a connection; numbers come again, but never with the same start. */
typedef struct {
    int pid;            /* 0 = none, or not known yet */
    int64_t started_at; /* by the server's clock; 0 = not known */
} DbBackend;
/* Asks the server when it started; who gets the answer hands it to db_conn_note_backend. Behind a pooler, whose processes
 * come and go, it stays unknown. */
void db_conn_ask_backend(DbConn *self, DbQueryDone asked, gpointer user_data);
void db_conn_note_backend(DbConn *self, const DbResult *result);
DbBackend db_conn_backend(const DbConn *self);
/* True once db_conn_note_backend has found that a pooler (pgbouncer) stands between: the session may be other people's too,
 * so nothing is set in it, and nothing is discarded. */
bool db_conn_is_pooled(const DbConn *self);
int db_conn_server_version(const DbConn *self); /* 150018; both are 0 before it is open */
/* As db_target_describe; while it is open, of several hosts only the one that it leads to. */
const char *db_conn_describe(const DbConn *self);

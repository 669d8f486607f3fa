/* SPDX-License-Identifier: PostgreSQL */
/* Writes that many runs want at the same time, sent as one transaction: while one is under way the next ones
 * collect (a group commit without a timer). A write that the server refuses does not harm its neighbours: the
 * batch is halved until the bad one stands alone. While there is no connection, or the server cannot write,
 * everything waits; while a right on a table is missing, or the table, only what needs that waits. One message per
 * change of state. Memory is bounded: callers ask writer_has_room and writer_is_heavy.
 *
 * Each transaction begins with the fence (sql/query/writer_fence.sql): while it lasts nobody can declare this agent dead,
 * and one that was declared dead writes nothing.
 *
 * Each statement must be safe to send twice: a connection may be lost while it commits. */
#pragma once

#include "db/conn.h"

typedef struct Writer Writer;

typedef enum {
    WRITER_DONE,
    WRITER_AGAIN, /* what it needs is locked by somebody: the same write is sent again after a growing pause */
} WriterAnswer;

/* Called with the rows when the write is committed, with why the server refuses it for good, or with CANCELLED when
 * the writer is cleared or freed. Exactly once, but again after each WRITER_AGAIN; what it says to CANCELLED does
 * not matter. */
typedef WriterAnswer (*WriterDone)(const DbResult *result, const GError *error, gpointer user_data);

/* The server says that the agent was declared dead; what is not written is still there, for writer_clear. */
typedef void (*WriterFenced)(gpointer user_data);
Writer *writer_new(WriterFenced fenced, gpointer user_data);
void writer_free(Writer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Writer, writer_free)

/* False if so much waits (10000 writes) that what can be done without is to be given up; that is counted and said. */
bool writer_has_room(Writer *self);
/* True while so much text waits (64 MB) that long ones are to be cut. */
bool writer_is_heavy(Writer *self);
/* Called when there is room again after some were given up, and everything that waited before is on its way. */
void writer_on_caught_up(Writer *self, void (*caught_up)(gpointer user_data), gpointer user_data);

/* The connection to use from now on, NULL = none; borrowed. uuid and epoch: as whom. */
void writer_set_conn(Writer *self, DbConn *conn, const char *uuid, int64_t epoch);
/* For how long the transaction under way has had no answer; 0 = there is none. */
int64_t writer_unanswered_us(const Writer *self);
/* Has something to write, so that it shows whether the connection lives. */
void writer_ping(Writer *self);
/* params is taken over; sql must live for ever. done NULL: nobody waits for it, and it is given up if there is no
 * room. */
void writer_add(Writer *self, const char *sql, DbParams *params, WriterDone done,
                gpointer user_data);
/* Drops all that is not written yet (the agent was fenced: it must write nothing more). */
void writer_clear(Writer *self);
bool writer_is_idle(const Writer *self);

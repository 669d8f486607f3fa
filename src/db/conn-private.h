/* SPDX-License-Identifier: PostgreSQL */
/* What the parts of a connection share: conn.c owns the state and the queue, connect.c brings it up,
 * query.c, transaction.c and script.c know what a request says on the wire, cancel.c interrupts it. */
#pragma once

#include <gio/gio.h>
#include <libpq-fe.h>

#include "base/watch.h"
#include "db/conn.h"
#include "db/fault-private.h"
#include "db/lookup.h"

typedef enum {
    CONN_NEW,        /* not asked to open yet; requests wait */
    CONN_RESOLVING,  /* the name of a host is being looked up */
    CONN_CONNECTING, /* an attempt at one address is under way, or the next one is about to begin */
    CONN_READY,      /* open, nothing runs */
    CONN_BUSY,       /* open, `running` is on the wire */
    CONN_BROKEN,     /* never opened, or lost; requests are answered with `broken` */
    CONN_FREED,      /* nobody calls back any more; memory goes when the last event has returned */
    N_CONN_STATES
} ConnState;

typedef struct Request Request;

/* How one kind of request goes over the wire. The request itself follows its own struct. */
typedef struct {
    /* Hands it to libpq; false if libpq does not take it. */
    bool (*send)(Request *self, DbConn *conn);
    /* May be NULL. Before each result is fetched; busy: libpq has none yet. False = wait for more input. */
    bool (*prepare)(Request *self, DbConn *conn, bool busy);
    /* The next result (now owned by the request), NULL where libpq says so. True = the request is over. */
    bool (*take)(Request *self, DbConn *conn, PGresult *result);
    /* Over: calls back. */
    void (*answer)(Request *self, DbConn *conn);
    /* The connection is gone: calls back. */
    void (*fail)(Request *self, const GError *error);
    void (*free)(Request *self);
} RequestKind;

struct Request {
    const RequestKind *kind;
};

/* The attempts to connect, while they go on. */
typedef struct {
    int64_t limit_us;
    int pass;
    int first_host;
    int host;
    ConnStatusType seen;  /* how far the attempt has come */
    bool saw_another;     /* a server answered that is not of the kind that this pass looks for */
    GPtrArray *addresses; /* of the host; one NULL for a socket */
    guint address;
    Lookup *lookup;
    guint time_limit; /* source: of this look-up or attempt */
    guint step;       /* source: begins the next attempt */
    GString *reasons;
    int failures;
    GError *worst; /* what to report: the one that says most */
} Connect;

struct DbConn {
    int refs;        /* the owner, events under way, cancels in threads */
    int dispatching; /* events under way: libpq or a request may be on the stack */
    ConnState state;
    DbTarget *target;
    char *application_name;
    char *
        place; /* the one of several hosts that it is connected to; NULL = not open, or the only one */
    Connect connect;

    PGconn *pg;
    Watch *watch;
    int backend_pid;
    int64_t backend_started_at; /* 0 = not known */
    bool is_pooled;             /* another process answers: see db_conn_is_pooled */
    int server_version;
    bool cancel_under_way;
    bool cancel_sent;

    GHashTable
        *prepared; /* text of a statement -> its name on the server; NULL = plans are not kept */
    guint last_prepared;
    GQueue queue; /* Request */
    Request *running;
    guint late;       /* source: breaks the connection, or answers those who asked after that */
    char *last_words; /* why the server ended the session */
    GError *broken;

    DbConnOpened opened;
    gpointer opened_data;
    DbConnLost lost;
    DbConnNotified notified;
    gpointer handlers_data;
};

/* conn.c */
void conn_enter(DbConn *self, ConnState to);
DbConn *conn_ref(DbConn *self);
void conn_unref(DbConn *self);
/* Round every event: keeps self alive and libpq's connection too, whatever the callbacks do. */
void conn_begin_event(DbConn *self);
void conn_end_event(DbConn *self);
/* Looks at the socket of one that is idle: false if the server has closed it or said that it will. */
bool conn_is_alive(DbConn *self);
void conn_enqueue(DbConn *self, Request *request);
/* Sends what is buffered and watches the socket for what is needed next. */
void conn_flush(DbConn *self);
/* Breaks the connection, but not under the caller's feet. */
void conn_break_later(DbConn *self);
void conn_on_connected(DbConn *self);
void conn_on_refused(DbConn *self, GError *error);
void conn_on_notice(void *user_data, const PGresult *result);

/* prepared.c. conn_prepare: has the statement prepared before whatever is queued next, if plans are kept.
 * conn_send: sends one with parameters (NULL = none), by its name if it is prepared. */
void conn_prepare(DbConn *self, const char *sql);
bool conn_send(DbConn *self, const char *sql, DbParams *params);
/* After an error: a plan that fits no longer (a table was altered) is not used again. */
void conn_unprepare(DbConn *self, const char *sql, const DbFault *fault);

/* connect.c */
void connect_start(DbConn *self);
void connect_stop(DbConn *self);

/* script.c */
extern const RequestKind script_kind;
void script_take_notice(Request *request, DbConn *conn, const PGresult *notice);

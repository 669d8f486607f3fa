/* SPDX-License-Identifier: PostgreSQL */
/* A throw-away PostgreSQL for one test program: a Unix socket in a short directory of its own and a free port
 * of 127.0.0.1. It dies with the test program. Whatever fails here ends the test program with a message. */
#pragma once

#include <glib.h>
#include <libpq-fe.h>
#include <stdbool.h>

typedef struct Server Server;

/* True if PostgreSQL's server programs are installed (PG_BINDIR, pg_config, the usual places). */
bool server_is_available(void);
Server *server_new(int max_connections);
/* "fast" or "immediate"; returns when it is down. */
void server_stop(Server *self, const char *mode);
void server_start(Server *self);
void server_free(Server *self);

const char *server_directory(const Server *self);
const char *server_port(const Server *self);
/* By the socket, as the superuser postgres, without a password. */
const char *server_conninfo(const Server *self);
/* A blocking connection; close it with PQfinish. */
PGconn *server_connect(const Server *self);
/* Runs SQL over a blocking connection of its own; the last statement's only value, "" if it has none. */
char *server_ask(const Server *self, const char *sql);
/* Repeats the question until the answer is that. */
void server_await(const Server *self, const char *sql, const char *answer);

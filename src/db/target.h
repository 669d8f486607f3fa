/* SPDX-License-Identifier: PostgreSQL */
/* Where to connect: a parsed connection string. Two targets with the same key may share pooled connections. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "db/conninfo.h"

typedef struct DbTarget DbTarget;

/* One place to try: either a socket directory or a host name or address, and a port. */
typedef struct {
    const char *host;     /* "" = libpq's default socket directory, or localhost */
    const char *hostaddr; /* NULL or a numeric address: no look-up needed */
    const char *port;
} DbHost;

/* Reads "key=value …" or a URI, adding libpq's defaults (PG* environment, service file).
 * Errors (ALMANAC_ERROR_INPUT) never quote a password. */
DbTarget *db_target_parse(const char *conninfo, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same with another database (values are never put into a string, whatever is in the name). */
DbTarget *db_target_with_database(const DbTarget *self, const char *database);
DbTarget *db_target_ref(DbTarget *self);
void db_target_unref(DbTarget *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbTarget, db_target_unref)

int db_target_host_count(const DbTarget *self);
const DbHost *db_target_host(const DbTarget *self, int index);
/* True if the host is a socket of this machine: no address to look up. */
bool db_target_host_is_socket(const DbHost *host);
/* 'database "sales"' and 'host "db1", port 5432' alone, as safe. Free with g_free. */
char *db_target_describe_database(const DbTarget *self);
char *db_target_describe_host(const DbTarget *self, int index);
/* The same, but only for what can be written: a standby is passed by. Of the string's target_session_attrs only
 * read-write is left. */
DbTarget *db_target_for_writing(const DbTarget *self);
/* True if it was made by that. */
bool db_target_is_for_writing(const DbTarget *self);
/* How often the list of hosts is gone through: twice where it says what is only preferred, and first for that. Those
 * are target_session_attrs=prefer-standby and, for several hosts, none at all: libpq would take the first that
 * answers, we take a primary if there is one. */
int db_target_pass_count(const DbTarget *self);
/* True if in that pass only a primary will do. */
bool db_target_wants_primary(const DbTarget *self, int pass);
const char *db_target_database(const DbTarget *self);
/* connect_timeout of the string in microseconds, 0 if it has none. */
gint64 db_target_connect_timeout_us(const DbTarget *self);
/* Same settings = same key: the pool's. Contains the password: never print it. */
const char *db_target_key(const DbTarget *self);
/* Host list and port: connections to the same server share one ceiling. */
const char *db_target_server(const DbTarget *self);
/* For messages: 'database "sales" on host "db1", port 5432', never a password. */
const char *db_target_describe(const DbTarget *self);
/* keywords and values for PQconnectStartParams in that pass at that host with that resolved address (NULL =
 * none); application_name is set unless the string has one. The arrays own their strings (give them g_free)
 * and are ended with NULL. */
void db_target_fill(const DbTarget *self, int pass, int host_index, const char *address,
                    const char *application_name, GPtrArray *keywords, GPtrArray *values);

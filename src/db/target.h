/* SPDX-License-Identifier: PostgreSQL */
/* Where to connect: a parsed connection string. Two targets with the same key may share pooled connections. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct DbTarget DbTarget;

/* One place to try: either a socket directory or a host name or address, and a port. */
typedef struct {
    const char *host;     /* "" = libpq's default socket directory, or localhost */
    const char *hostaddr; /* NULL or a numeric address: no look-up needed */
    const char *port;
} DbHost;

/* Reads "key=value …" or a URI, adding libpq's defaults (PG* environment, service file by libpq itself at connect).
 * Errors never quote a password. */
DbTarget *db_target_parse(const char *conninfo, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same with another database (values quoted properly, whatever is in the name). */
DbTarget *db_target_with_database(const DbTarget *self, const char *database);
DbTarget *db_target_ref(DbTarget *self);
void db_target_unref(DbTarget *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbTarget, db_target_unref)

int db_target_host_count(const DbTarget *self);
const DbHost *db_target_host(const DbTarget *self, int index);
const char *db_target_database(const DbTarget *self);
/* connect_timeout of the string in microseconds, 0 if it has none. */
gint64 db_target_connect_timeout_us(const DbTarget *self);
/* Same string = same session settings: the pool's key. Contains the password: never print it. */
const char *db_target_key(const DbTarget *self);
/* Host list and port: connections to the same server share one ceiling. */
const char *db_target_server(const DbTarget *self);
/* For messages: 'database "sales" on host "db1", port 5432', never a password. */
const char *db_target_describe(const DbTarget *self);
/* keywords and values for PQconnectStartParams at that host with that resolved address (NULL = none);
 * application_name is set unless the string has one. Free with g_ptr_array_unref (values owned). */
void db_target_fill(const DbTarget *self, int host_index, const char *address,
                    const char *application_name, GPtrArray *keywords, GPtrArray *values);
/* Overwrites the password in a connection string of argv with 'x', in place, so that ps does not show it. */
void db_conninfo_mask(char *conninfo);

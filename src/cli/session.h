/* SPDX-License-Identifier: PostgreSQL */
/* A command's connection: plain blocking libpq, one statement after the other. */
#pragma once

#include <glib.h>
#include <libpq-fe.h>
#include <stdbool.h>

typedef struct CliSession CliSession;

/* Where a command connects to: what -d said, else the configuration file (config_file NULL = the default
 * one, which may be missing), else "" = libpq's own defaults. */
char *cli_session_choose(const char *conninfo, const char *config_file,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* conninfo as psql -d takes it: keyword=value, a URI, or the name of a database. Errors: CONNECTION, with
 * libpq's reason, which never shows a password; of cli_pooler_check. */
CliSession *cli_session_open(const char *conninfo, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cli_session_close(CliSession *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliSession, cli_session_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PGresult, PQclear)

/* Connects once more, after the connection was lost. Errors: as cli_session_open. */
bool cli_session_reopen(CliSession *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* True if the database holds our tables in exactly this program's version. Errors: SCHEMA, with what to do; as
 * cli_session_query. */
bool cli_session_check_tables(CliSession *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One statement with text parameters, NULL-terminated; texts as answer. NULL and an error: CONNECTION; NOT_FOUND
 * (SQLSTATE P0002) and INPUT (21000, 55000, class 22) where the server finds fault with what it was given; else QUERY. */
PGresult *cli_session_query(CliSession *self, const char *sql, const char *const *params,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The first field of each row of such a statement, of char *; NULL and an error as above. */
GPtrArray *cli_session_list(CliSession *self, const char *sql, const char *const *params,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Several statements without parameters, sent as one; if one fails the transaction is rolled back. */
bool cli_session_script(CliSession *self, const char *sql,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The SQLSTATE of the last error that the server reported; "" = none. */
const char *cli_session_sqlstate(const CliSession *self);

/* 'text' as a literal of SQL. */
char *cli_session_quote(CliSession *self, const char *text);

/* A field as text, NULL for SQL's NULL; lives as long as the result. */
const char *cli_result_text(const PGresult *result, int row, int column);

/* True if the server asked for a password and got one. */
bool cli_session_used_password(const CliSession *self);

/* database "x" on socket "/tmp", port 5432 (or host "y") */
char *cli_session_describe(CliSession *self);

/* SPDX-License-Identifier: PostgreSQL */
/* What the server said about a failed statement, or by the way (a notice). */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Valid UTF-8; texts that the server did not send are NULL. */
typedef struct {
    const char *severity; /* as the server translates it: "ERROR", "HINWEIS" */
    const char *sqlstate; /* five characters, "" if the error is not the server's */
    const char *message;
    const char *detail;
    const char *hint;
    const char *context;
    const char *statement_position; /* 1-based character, as text */
} DbFault;

/* True if nothing is wrong with the statement: the server cannot write at present (read-only, full, shutting
 * down) and would refuse any other too. NULL counts as true. */
bool fault_is_of_server(const DbFault *self);
/* True if the statement met another one (a lock, a deadlock, a time limit): the same may succeed later. */
bool fault_is_of_rivals(const DbFault *self);
/* True if any statement like it would be refused as long as the tables and the rights on them are as they are. */
bool fault_is_of_tables(const DbFault *self);

/* Why an attempt to connect failed: code by the SQLSTATE in a message of verbosity VERBOSE (or by
 * needs_password), the text as a reader wants it, without SQLSTATE, source location and libpq's preamble. */
GError *fault_from_connect_message(const char *message, bool needs_password);

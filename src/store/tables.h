/* SPDX-License-Identifier: PostgreSQL */
/* Whether the database that a connection leads to holds our tables, in our version, and can be written. */
#pragma once

#include "db/conn.h"

/* error: NULL = all is well; SCHEMA (no tables, foreign, older, newer); BUSY (a standby: wait); else the connection's. */
typedef void (*TablesChecked)(const GError *error, gpointer user_data);
void tables_check(DbConn *conn, TablesChecked checked, gpointer user_data);

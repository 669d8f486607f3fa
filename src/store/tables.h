/* SPDX-License-Identifier: PostgreSQL */
/* Whether the database that a connection leads to holds our tables, in our version, can be written, and is their home. */
#pragma once

#include "db/conn.h"
#include "store/home.h"

/* error: NULL = all is well; SCHEMA (no tables, foreign, older, newer; see also home.h); BUSY (a standby: wait); else the connection's. */
typedef void (*TablesChecked)(const GError *error, gpointer user_data);
void tables_check(Home *home, DbConn *conn, TablesChecked checked, gpointer user_data);

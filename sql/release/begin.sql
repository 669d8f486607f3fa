/* SPDX-License-Identifier: PostgreSQL */
/* First part of the transaction in which the tables go back to pgAgent. It waits for whoever uses them only for a while,
 * because all others wait behind it. */
BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE;
SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = 0;

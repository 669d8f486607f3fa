/* SPDX-License-Identifier: PostgreSQL */
/* First part of the transaction that takes over the tables of a pgAgent. It waits for whoever uses them only for a while,
 * because all others wait behind it; what it does itself then may take as long as it takes. */
BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE;
SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = 0;
SET LOCAL pgalmanac.agent = 'on';

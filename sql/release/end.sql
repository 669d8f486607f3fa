/* SPDX-License-Identifier: PostgreSQL */
/* Last part of the transaction in which the tables go back to pgAgent: only now nothing can fail any more. */
SELECT pg_catalog.pg_terminate_backend(pid::int4)
FROM unnest(pg_catalog.string_to_array(pg_catalog.current_setting('pgalmanac.ended'), ',')) pid;
COMMIT;

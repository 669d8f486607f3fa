-- On the server of a step whose agent is dead: ends the process that carries it out ($1, started at $2). No row: it is gone.
SELECT pg_catalog.pg_terminate_backend(b.pid)
FROM pg_catalog.pg_stat_activity b
WHERE b.pid = $1::int4 AND b.backend_start = $2::timestamptz AND b.usename = current_user

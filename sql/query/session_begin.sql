-- When the server process of this session was started, and its number (behind a pooler libpq is told another one). And the end of that of the session before it ($1, started $2), which
-- may still be there, if only the network was cut: what was sent to it must be done or not when we go on. Its count is
-- not 0 while it is.
SELECT (SELECT backend_start FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()),
       (SELECT count(pg_catalog.pg_terminate_backend(pid)) FROM pg_catalog.pg_stat_activity
        WHERE pid = $1::int4 AND backend_start = $2::timestamptz AND pid <> pg_catalog.pg_backend_pid()),
       pg_catalog.pg_backend_pid()

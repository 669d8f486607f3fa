-- The server process that answers at this moment.
SELECT pg_catalog.pg_backend_pid()

-- The same for those who may not read the system identifier.
SELECT '?/' || d.oid || '/' || d.datname AS identity
FROM pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database()

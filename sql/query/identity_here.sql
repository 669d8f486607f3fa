-- Which database this is: the server's system identifier, which a cluster keeps for its life and gives to its physical copies
-- only, and the database's number and name in it. Not everybody may read the first (see identity_here_plain).
SELECT s.system_identifier || '/' || d.oid || '/' || d.datname AS identity
FROM pg_catalog.pg_control_system() s, pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database()

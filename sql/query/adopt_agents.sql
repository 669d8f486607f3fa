-- pgAgents that are connected to this database, by their rows (the server process is alive and not younger than the row) or,
-- with jagpid NULL, by the name of their program.
WITH registered AS (
    SELECT a.jagpid, b.pid, pg_catalog.format('on "%s", connected since %s', a.jagstation, a.jaglogintime) AS description
    FROM pgagent.pga_jobagent a
    JOIN pg_catalog.pg_stat_activity b ON b.pid = a.jagpid
    WHERE coalesce(b.datname = pg_catalog.current_database(), true) AND coalesce(b.backend_start <= a.jaglogintime, true)
)
SELECT r.jagpid, r.pid, r.description FROM registered r
UNION ALL
SELECT NULL, b.pid, pg_catalog.format('as role "%s", program "%s"', b.usename, b.application_name)
FROM pg_catalog.pg_stat_activity b
WHERE b.datname = pg_catalog.current_database() AND b.application_name ~* '^pgagent'
  AND b.pid <> pg_catalog.pg_backend_pid() AND b.pid NOT IN (SELECT r.pid FROM registered r)
ORDER BY 2

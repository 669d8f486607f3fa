-- Databases of this server in which enabled steps are to run, and which cannot be connected to.
SELECT 'error' AS severity,
       CASE WHEN d.oid IS NULL THEN format('database "%s" does not exist', s.jstdbname)
            WHEN NOT d.datallowconn OR d.datconnlimit IN (0, -2)
            THEN format('database "%s" does not allow connections', s.jstdbname)
            ELSE format('role "%s", as which an agent connects, may not connect to database "%s"', forbidden.usename, s.jstdbname)
       END AS what,
       'step' AS place, s.jstid AS id, s.jstname AS name, j.jobid, j.jobname,
       CASE WHEN d.oid IS NULL THEN 'correct the step''s database, or create it'
            WHEN forbidden.usename IS NULL THEN 'correct the step''s database, or ALTER DATABASE ... ALLOW_CONNECTIONS, CONNECTION LIMIT'
            ELSE format('GRANT CONNECT ON DATABASE %I TO %I', s.jstdbname, forbidden.usename) END AS mend
FROM pgagent.pga_jobstep s
JOIN pgagent.pga_job j ON j.jobid = s.jstjobid
LEFT JOIN pg_catalog.pg_database d ON d.datname = s.jstdbname
LEFT JOIN LATERAL (
    SELECT u.usename FROM pgagent.pga_jobagent a
    JOIN pg_catalog.pg_stat_activity u ON u.pid = a.jagpid
    WHERE d.oid IS NOT NULL AND u.usename IS NOT NULL AND NOT has_database_privilege(u.usesysid, d.oid, 'CONNECT')
    LIMIT 1) forbidden ON true
WHERE j.jobenabled AND s.jstenabled AND s.jstkind = 's' AND s.jstdbname <> ''
  AND (d.oid IS NULL OR NOT d.datallowconn OR d.datconnlimit IN (0, -2) OR forbidden.usename IS NOT NULL)
ORDER BY what, s.jstid

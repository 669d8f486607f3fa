-- Who holds locks on the tables in schema pgagent, for whoever had to wait for them in vain.
SELECT pg_catalog.string_agg(
           pg_catalog.format('process %s (role %s, program "%s"%s)', h.pid, coalesce(a.usename, '?'), a.application_name,
                             ', in a transaction since ' || pg_catalog.to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS')),
           ', ' ORDER BY h.pid)
FROM (SELECT DISTINCT l.pid
      FROM pg_catalog.pg_locks l
      JOIN pg_catalog.pg_class c ON c.oid = l.relation
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'pgagent' AND l.granted AND l.pid <> pg_catalog.pg_backend_pid()
        AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())) h
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = h.pid

-- What keeps dead rows from being removed; jobs rewrite theirs at each run.
SELECT 'note' AS severity,
       format('a transaction is open since %s: dead rows cannot be removed, and looking for jobs becomes slower', s.xact_start::timestamptz(0)) AS what,
       'session' AS place, s.pid::int8 AS id, s.usename::text AS name, NULL::int8 AS jobid, NULL::text AS jobname,
       'end it, or SELECT pg_terminate_backend(pid)' AS mend
FROM pg_catalog.pg_stat_activity s
WHERE s.xact_start < now() - interval '1 day' AND s.backend_type = 'client backend'
UNION ALL
SELECT 'note', format('a prepared transaction is open since %s: dead rows cannot be removed', p.prepared::timestamptz(0)), 'database', NULL,
       p.database::text, NULL, NULL, 'COMMIT PREPARED or ROLLBACK PREPARED it, see pg_prepared_xacts'
FROM pg_catalog.pg_prepared_xacts p
WHERE p.prepared < now() - interval '1 day'
UNION ALL
SELECT 'note', format('table %s has %s dead rows beside %s living ones', t.relname, t.n_dead_tup, t.n_live_tup), 'database', NULL,
       current_database(), NULL, NULL, format('VACUUM pgagent.%I, and see that autovacuum runs', t.relname)
FROM pg_catalog.pg_stat_all_tables t
WHERE t.schemaname = 'pgagent' AND t.relname IN ('pga_job', 'pga_jobagent', 'pga_request')
  AND t.n_dead_tup > 10000 AND t.n_dead_tup > 10 * t.n_live_tup

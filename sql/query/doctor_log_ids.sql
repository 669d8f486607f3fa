-- Ids of 32 bits that are half used. Those of the log grow with each run.
SELECT CASE WHEN q.last_value > 2147483647 * 0.9 THEN 'error' ELSE 'warning' END AS severity,
       format('%s %% of the ids of %s.%s are used; when they end nothing runs any more',
              (q.last_value * 100 / 2147483647), a.attrelid::regclass, a.attname) AS what,
       'sequence' AS place, NULL::int8 AS id, q.schemaname || '.' || q.sequencename AS name,
       NULL::int8 AS jobid, NULL::text AS jobname,
       'widen the column to int8 in a quiet hour (it rewrites the table), or delete the history and restart the sequence' AS mend
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'pgagent'
JOIN pg_catalog.pg_depend d ON d.refobjid = c.oid AND d.refobjsubid = a.attnum AND d.refclassid = 'pg_class'::regclass
    AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
JOIN pg_catalog.pg_class sc ON sc.oid = d.objid AND sc.relkind = 'S'
JOIN pg_catalog.pg_sequences q ON q.schemaname = 'pgagent' AND q.sequencename = sc.relname
WHERE a.atttypid = 'int4'::regtype AND q.last_value > 2147483647 / 2
ORDER BY severity, name

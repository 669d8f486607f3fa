-- The tables and columns that are in schema pgagent, ours or a pgAgent's: "pga_job" and "pga_job.jobid". From the catalog,
-- so that it also answers those who may not look into the schema.
SELECT c.relname || coalesce('.' || a.attname, '')
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN LATERAL (SELECT NULL::name AS attname
              UNION ALL
              SELECT a.attname FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) a ON true
WHERE n.nspname = 'pgagent' AND c.relkind IN ('r', 'v', 'p')

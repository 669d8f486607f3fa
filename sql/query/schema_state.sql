-- What setup finds: our settings, the job table (ours or pgAgent's), the server's time zone and who set it. Tables that
-- were given back to pgAgent keep the zone of their setting in the function that plans.
-- Read from the catalogs, so that it also answers those who may not look into the schema.
SELECT
    EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = 'setvalue'
            WHERE n.nspname = 'pgagent' AND c.relname = 'pga_setting') AS has_setting,
    EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'pgagent' AND c.relname = 'pga_job') AS has_job,
    coalesce(kept.timezone, pg_catalog.current_setting('TimeZone')) AS server_timezone,
    CASE WHEN kept.timezone IS NOT NULL THEN 'function'
         ELSE (SELECT s.source FROM pg_catalog.pg_settings s WHERE s.name = 'TimeZone') END AS server_timezone_source
FROM (SELECT (SELECT substring(c FROM '^TimeZone=(.*)$')
              FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
              CROSS JOIN LATERAL unnest(p.proconfig) c
              WHERE n.nspname = 'pgagent' AND p.proname = 'pga_next_schedule' AND c LIKE 'TimeZone=%'
              LIMIT 1) AS timezone) kept

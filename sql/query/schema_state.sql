-- What setup finds: our settings, the job table (ours or pgAgent's), the server's time zone and who set it.
-- Read from the catalogs, so that it also answers those who may not look into the schema.
SELECT
    EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'pgagent' AND c.relname = 'pga_setting') AS has_setting,
    EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'pgagent' AND c.relname = 'pga_job') AS has_job,
    pg_catalog.current_setting('TimeZone') AS server_timezone,
    (SELECT s.source FROM pg_catalog.pg_settings s WHERE s.name = 'TimeZone') AS server_timezone_source

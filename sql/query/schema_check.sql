-- The version of the tables; NULL: they are not ours, or not there. In recovery: nothing can be written here.
SELECT pg_catalog.to_regclass('pgagent.pga_job') IS NOT NULL AS has_jobs,
       pg_catalog.to_regclass('pgagent.pga_setting') IS NOT NULL AS has_settings,
       pg_catalog.pg_is_in_recovery() AS in_recovery

-- Whose pgAgent's jobs are, if not ours: what is new shall belong to the same role, which must own the schema and the rest,
-- too. No row: we stay who we are.
SELECT pg_catalog.format('SET LOCAL ROLE %I', pg_catalog.pg_get_userbyid(j.relowner))
FROM pg_catalog.pg_class j
JOIN pg_catalog.pg_namespace n ON n.oid = j.relnamespace
WHERE n.nspname = 'pgagent' AND j.relname = 'pga_job' AND pg_catalog.pg_get_userbyid(j.relowner) <> current_user
  AND pg_catalog.pg_has_role(j.relowner, n.nspowner, 'USAGE')
  AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_class c
      WHERE c.relnamespace = n.oid AND NOT pg_catalog.pg_has_role(j.relowner, c.relowner, 'USAGE')
        AND c.relname IN ('pga_jobagent', 'pga_jobclass', 'pga_jobstep', 'pga_schedule', 'pga_exception', 'pga_joblog',
                          'pga_jobsteplog'))
  AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_proc p
      WHERE p.pronamespace = n.oid AND NOT pg_catalog.pg_has_role(j.relowner, p.proowner, 'USAGE')
        AND p.proname IN ('pgagent_schema_version', 'pga_next_schedule', 'pga_is_leap_year', 'pga_job_trigger',
                          'pga_schedule_trigger', 'pga_exception_trigger'))

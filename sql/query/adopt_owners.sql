-- What must be ours to be taken over and is not: its name, its owner, and the statement that would make it ours (NULL: there is
-- none for an extension, which has to go). A superuser, and a member of the owner, owns everything.
WITH namespace AS (
    SELECT n.oid, n.nspowner FROM pg_catalog.pg_namespace n WHERE n.nspname = 'pgagent'
), object (place, name, owner, statement) AS (
    SELECT 1, 'extension pgagent', e.extowner, NULL::text
    FROM pg_catalog.pg_extension e WHERE e.extname = 'pgagent'
    UNION ALL
    SELECT 2, 'schema pgagent', n.nspowner, 'ALTER SCHEMA pgagent'
    FROM namespace n
    UNION ALL
    SELECT 3, c.oid::pg_catalog.regclass::text, c.relowner, 'ALTER TABLE ' || c.oid::pg_catalog.regclass
    FROM pg_catalog.pg_class c JOIN namespace n ON n.oid = c.relnamespace
    WHERE c.relname IN ('pga_jobagent', 'pga_jobclass', 'pga_job', 'pga_jobstep', 'pga_schedule', 'pga_exception',
                        'pga_joblog', 'pga_jobsteplog')
    UNION ALL
    SELECT 4, p.oid::pg_catalog.regprocedure::text, p.proowner, 'ALTER FUNCTION ' || p.oid::pg_catalog.regprocedure
    FROM pg_catalog.pg_proc p JOIN namespace n ON n.oid = p.pronamespace
    WHERE p.proname IN ('pgagent_schema_version', 'pga_next_schedule', 'pga_is_leap_year', 'pga_job_trigger',
                        'pga_schedule_trigger', 'pga_exception_trigger')
)
SELECT o.name, pg_catalog.pg_get_userbyid(o.owner) AS owner,
       pg_catalog.format('%s OWNER TO %I', o.statement, current_user) AS statement
FROM object o
WHERE NOT pg_catalog.pg_has_role(o.owner, 'USAGE')
ORDER BY o.place, o.name

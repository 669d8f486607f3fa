-- People's triggers on pgAgent's tables whose function finds what it names by the session's search path. A pgAgent's had its
-- role's; setup and our agents have pg_catalog alone, so that nothing of other people's can stand in for what they mean.
-- From the catalogs alone, for setup asks it before an adoption, too. Those of pgAgent and ours need no path.
SELECT 'warning' AS severity,
       'the function of the trigger has no search path of its own: in sessions of agents it finds only what it names with its '
       'schema, and fails otherwise, as then does what the agent writes' AS what,
       'trigger' AS place, NULL::int8 AS id, pg_catalog.format('%s on %s', t.tgname, t.tgrelid::pg_catalog.regclass) AS name,
       NULL::int8 AS jobid, NULL::text AS jobname,
       pg_catalog.format('ALTER FUNCTION %s SET search_path = %s', p.oid::pg_catalog.regprocedure,
                         coalesce(nullif(s.reset_val, ''), '''''')) AS mend
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
CROSS JOIN (SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'search_path') s
WHERE n.nspname = 'pgagent' AND NOT t.tgisinternal AND t.tgenabled <> 'D'
  AND t.tgname NOT IN ('pga_job_trigger', 'pga_schedule_trigger', 'pga_exception_trigger')
  AND l.lanname NOT IN ('internal', 'c')
  AND NOT EXISTS (SELECT FROM unnest(p.proconfig) o (line) WHERE o.line LIKE 'search_path=%')
ORDER BY name

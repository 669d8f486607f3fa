-- A large history that nobody removes, also in tables that are a pgAgent's. $1: the setting retention, empty = off or not there.
SELECT 'warning' AS severity,
       format('the history has about %s runs and %s steps, the oldest of %s, and nothing removes old ones',
              log.reltuples::int8, steps.reltuples::int8, oldest.jlgstart::date) AS what,
       'database' AS place, NULL::int8 AS id, NULL::text AS name, NULL::int8 AS jobid, NULL::text AS jobname,
       CASE WHEN pg_catalog.to_regclass('pgagent.pga_setting') IS NULL
            THEN 'delete what nobody needs: DELETE FROM pgagent.pga_joblog WHERE jlgstart < now() - interval ''90 days'''
            ELSE 'let the agents remove old runs: UPDATE pgagent.pga_setting SET setvalue = ''90 days'' WHERE setname = ''retention'''
            END AS mend
FROM pg_catalog.pg_class log
JOIN pg_catalog.pg_namespace n ON n.oid = log.relnamespace AND n.nspname = 'pgagent'
JOIN pg_catalog.pg_class steps ON steps.relnamespace = n.oid AND steps.relname = 'pga_jobsteplog'
LEFT JOIN (SELECT jlgstart FROM pgagent.pga_joblog ORDER BY jlgid LIMIT 1) oldest ON true
WHERE log.relname = 'pga_joblog' AND $1::text = ''
  AND (greatest(log.reltuples, steps.reltuples) > 1000000
       OR (greatest(log.reltuples, steps.reltuples) > 100000 AND oldest.jlgstart < now() - interval '1 year'))

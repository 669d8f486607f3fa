-- No agent, agents that left their row behind, and a pgAgent beside ours. A pgAgent lives as long as the session whose
-- process it registered; ours says itself until when.
WITH agent AS (
    SELECT a.jagpid, coalesce(to_jsonb(a) ->> 'jagname', a.jagstation) AS name,
           to_jsonb(a) ->> 'jaguuid' IS NOT NULL AS is_ours,
           CASE WHEN to_jsonb(a) ->> 'jaguuid' IS NULL
                THEN EXISTS (SELECT FROM pg_catalog.pg_stat_activity s WHERE s.pid = a.jagpid)
                ELSE (to_jsonb(a) ->> 'jaglease')::timestamptz > now() END AS is_alive,
           (to_jsonb(a) ->> 'jaglease')::timestamptz AS lease
    FROM pgagent.pga_jobagent a
)
SELECT CASE WHEN EXISTS (SELECT FROM pgagent.pga_job WHERE jobenabled) THEN 'error' ELSE 'note' END AS severity,
       'no agent is at work: nothing runs' AS what, 'server' AS place, NULL::int8 AS id, NULL::text AS name,
       NULL::int8 AS jobid, NULL::text AS jobname,
       'start an agent on this database, and see its log if it does not stay' AS mend
WHERE NOT EXISTS (SELECT FROM agent WHERE is_alive)
UNION ALL
SELECT 'warning', 'an agent is gone, and its row is still there', 'agent', jagpid, name, NULL, NULL,
       'start an agent: it clears up after those that are gone'
FROM agent
WHERE NOT is_alive AND (NOT is_ours OR lease < now() - interval '1 minute')
UNION ALL
SELECT 'warning', 'a pgAgent works on these tables beside ours: some runs follow its rules, and some ours', 'agent', jagpid,
       name, NULL, NULL, 'stop it'
FROM agent
WHERE is_alive AND NOT is_ours AND EXISTS (SELECT FROM agent o WHERE o.is_ours AND o.is_alive)

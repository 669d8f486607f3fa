-- Runs that count as running although no agent holds them, and jobs that an agent holds which is gone. Short moments at
-- which an agent starts and ends are left out.
WITH alive AS (
    SELECT a.jagpid, (to_jsonb(a) ->> 'jagepoch')::int8 AS epoch
    FROM pgagent.pga_jobagent a
    WHERE CASE WHEN to_jsonb(a) ->> 'jaguuid' IS NULL
               THEN EXISTS (SELECT FROM pg_catalog.pg_stat_activity s WHERE s.pid = a.jagpid)
               ELSE (to_jsonb(a) ->> 'jaglease')::timestamptz > now() - interval '1 minute' END
)
SELECT 'warning' AS severity, 'a run counts as running, but no living agent holds it' AS what, 'run' AS place,
       l.jlgid::int8 AS id, NULL::text AS name, j.jobid, j.jobname,
       'start an agent, which closes what others left; else set its jlgstatus to d' AS mend
FROM pgagent.pga_joblog l
JOIN pgagent.pga_job j ON j.jobid = l.jlgjobid
WHERE l.jlgstatus = 'r' AND l.jlgstart < now() - interval '1 minute'
  AND NOT EXISTS (SELECT FROM alive
                  WHERE epoch = (to_jsonb(l) ->> 'jlgepoch')::int8
                     OR (to_jsonb(l) ->> 'jlgepoch' IS NULL AND jagpid = j.jobagentid))
UNION ALL
SELECT 'error', 'the job is held by an agent that is gone: it does not run again until it is freed', 'job', NULL, NULL,
       j.jobid, j.jobname, 'start an agent, which frees what others left'
FROM pgagent.pga_job j
WHERE j.jobagentid IS NOT NULL AND NOT EXISTS (SELECT FROM alive WHERE jagpid = j.jobagentid)
ORDER BY severity, id, jobid

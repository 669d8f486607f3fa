-- Batch steps that no agent would run, and agents that would run them as root.
WITH alive AS (
    SELECT jagpid, jagname, jagstation, jaguser, jagbatch
    FROM pgagent.pga_jobagent
    WHERE jaguuid IS NULL OR jaglease > now()
)
SELECT 'error' AS severity, 'the step is a batch step, but no living agent that may run its job runs those' AS what,
       'step' AS place, s.jstid AS id, s.jstname AS name, j.jobid, j.jobname,
       'start an agent there with --batch on, or give the job another host agent' AS mend
FROM pgagent.pga_jobstep s
JOIN pgagent.pga_job j ON j.jobid = s.jstjobid
WHERE j.jobenabled AND s.jstenabled AND s.jstkind = 'b'
  AND EXISTS (SELECT FROM alive WHERE j.jobhostagent IN ('', jagname, jagstation))
  AND NOT EXISTS (SELECT FROM alive
                  WHERE j.jobhostagent IN ('', jagname, jagstation) AND coalesce(jagbatch, 'on') <> 'off')
UNION ALL
SELECT 'warning', 'an agent runs batch steps as root: whoever may write these tables is root there', 'agent', jagpid, jagname,
       NULL, NULL, 'give it --batch-user NAME, run it as another user, or turn batch steps off: --batch off'
FROM alive
WHERE (jaguser = 'root' AND jagbatch = 'on') OR jagbatch = 'as root'
ORDER BY severity, id

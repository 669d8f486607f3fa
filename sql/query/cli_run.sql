-- Asks for a run of job $1 (id) at $2 (empty = now). Whether anybody is there to run it is said with it.
SELECT pgagent.run_job(j.jobid::text, t.due) AS request, j.jobid, j.jobname AS job,
       pgagent.pga_iso(t.due, t.zone) AS due,
       EXISTS (SELECT FROM pgagent.pga_agents a WHERE a.state IN ('alive', 'pgAgent')) AS has_agent,
       pgagent.pga_iso(pgagent.pga_paused_until(), t.zone) AS paused_until
FROM pgagent.pga_job j
CROSS JOIN LATERAL (
    SELECT coalesce(nullif($2::text, '')::timestamptz, now()) AS due,
           coalesce(j.jobtimezone, (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone')) AS zone
) t
WHERE j.jobid = $1::int4

-- Job $1 (id) itself.
SELECT j.jobid, j.jobname AS job, j.jobdesc AS comment, c.jclname AS class, j.jobenabled AS enabled, z.zone,
       nullif(j.jobhostagent, '') AS host, j.jobtimeout::text AS timeout,
       j.jobmissed AS missed, j.jobgrace::text AS grace, j.jobbusy AS busy, j.jobmaxruns AS max_runs,
       CASE WHEN j.jobrestart THEN 'run again' ELSE 'left as it is' END AS if_agent_dies,
       j.jobkeep::text AS keep,
       CASE WHEN u.is_running THEN 'running' WHEN NOT j.jobenabled THEN 'disabled' ELSE 'enabled' END AS state,
       pgagent.pga_iso(u.next_run, z.zone) AS next_run,
       CASE WHEN isfinite(u.next_run) THEN pgagent.pga_seconds(u.next_run - now()) END AS next_in,
       pgagent.why(j.jobid::text) AS why,
       pgagent.pga_iso(j.jobcreated, z.zone) AS created, pgagent.pga_iso(j.jobchanged, z.zone) AS changed
FROM pgagent.pga_job j
JOIN pgagent.pga_upcoming u ON u.jobid = j.jobid
LEFT JOIN pgagent.pga_jobclass c ON c.jclid = j.jobjclid
CROSS JOIN LATERAL (SELECT coalesce(j.jobtimezone, (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone')) AS zone) z
WHERE j.jobid = $1::int4

-- The jobs whose name contains $1 (empty: all), whatever the case; $2: only those whose last run failed or was stopped; $3: only
-- those that run. Each zone is looked at once.
SELECT j.jobid, j.jobname AS job,
       CASE WHEN l.since IS NOT NULL THEN 'running' WHEN NOT j.jobenabled AND u.next_run IS NULL THEN 'disabled'
            WHEN u.next_run IS NULL THEN 'idle' WHEN u.next_run > now() - interval '30 s' THEN 'planned'
            WHEN p.paused THEN 'paused' ELSE 'late' END AS state,
       j.jobenabled AS enabled,
       pgagent.pga_iso_in(u.next_run, z.works) AS next_run,
       CASE WHEN isfinite(u.next_run) THEN pgagent.pga_seconds(u.next_run - now()) END AS next_in,
       u.zone,
       pgagent.pga_iso_in(l.since, z.works) AS running_since,
       b.result AS last_result,
       pgagent.pga_iso_in(b.at, z.works) AS last_run,
       pgagent.pga_seconds(now() - b.at) AS last_ago,
       pgagent.pga_seconds(b.duration) AS last_duration,
       u.why_none
FROM pgagent.pga_job j
JOIN pgagent.pga_upcoming u ON u.jobid = j.jobid
JOIN (SELECT d.zone, pgagent.pga_working_zone(d.zone) AS works
      FROM (SELECT DISTINCT coalesce(jobtimezone, (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone')) AS zone
            FROM pgagent.pga_job OFFSET 0) d OFFSET 0) z ON z.zone = u.zone
CROSS JOIN (SELECT pgagent.pga_paused_until() IS NOT NULL AS paused OFFSET 0) p
LEFT JOIN LATERAL (
    SELECT min(jlgstart) AS since FROM pgagent.pga_joblog WHERE jlgjobid = j.jobid AND jlgstatus = 'r'
) l ON true
LEFT JOIN LATERAL (
    SELECT CASE jlgstatus WHEN 's' THEN 'succeeded' WHEN 'f' THEN 'failed' WHEN 'i' THEN 'nothing done'
                          ELSE 'stopped' END AS result,
           jlgstart AS at, jlgduration AS duration
    FROM pgagent.pga_joblog
    WHERE jlgjobid = j.jobid AND jlgstatus <> 'r'
    ORDER BY jlgstart DESC LIMIT 1
) b ON true
WHERE (strpos(lower(j.jobname), lower($1::text)) > 0)
  AND (NOT $2::bool OR b.result IN ('failed', 'stopped'))
  AND (NOT $3::bool OR l.since IS NOT NULL)
ORDER BY j.jobname, j.jobid

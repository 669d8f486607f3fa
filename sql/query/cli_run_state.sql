-- A run; no row: its job was deleted meanwhile.
SELECT l.jlgid AS run, j.jobid, j.jobname AS job,
       CASE l.jlgstatus WHEN 'r' THEN 'running' WHEN 's' THEN 'succeeded' WHEN 'f' THEN 'failed' WHEN 'i' THEN 'nothing done'
                        ELSE 'stopped' END AS result,
       pgagent.pga_iso(l.jlgstart, z.zone) AS started, pgagent.pga_seconds(l.jlgduration) AS duration,
       l.jlgagent AS agent, l.jlgreason AS reason
FROM pgagent.pga_joblog l
JOIN pgagent.pga_job j ON j.jobid = l.jlgjobid
CROSS JOIN LATERAL (
    SELECT coalesce(j.jobtimezone, (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone')) AS zone
) z
WHERE l.jlgid = $1::int8

-- The steps of run $1 later than entry $2, in the order in which they began.
SELECT s.jslid AS entry, coalesce(p.jstname, '') AS step,
       CASE s.jslstatus WHEN 'r' THEN 'running' WHEN 's' THEN 'succeeded' WHEN 'f' THEN 'failed' WHEN 'i' THEN 'ignored'
                        ELSE 'stopped' END AS result,
       pgagent.pga_iso(s.jslstart, z.zone) AS started, pgagent.pga_seconds(s.jslduration) AS duration,
       s.jslresult AS code, s.jslwaiting AS waits_for,
       CASE WHEN s.jslstatus <> 'r' THEN s.jsloutput END AS output
FROM pgagent.pga_jobsteplog s
JOIN pgagent.pga_joblog l ON l.jlgid = s.jsljlgid
JOIN pgagent.pga_job j ON j.jobid = l.jlgjobid
LEFT JOIN pgagent.pga_jobstep p ON p.jstid = s.jsljstid
CROSS JOIN LATERAL (
    SELECT coalesce(j.jobtimezone, (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone')) AS zone
) z
WHERE s.jsljlgid = $1::int8 AND s.jslid > $2::int8
ORDER BY s.jslid

-- The schedules of job $1 (id) in words.
SELECT s.jscid, s.jscname AS schedule, s.jscenabled AS enabled,
       CASE WHEN s.jscenabled THEN '' ELSE 'disabled' END AS state,
       pgagent.pga_schedule_line(s) AS runs_at,
       pgagent.pga_iso(s.jscstart, z.zone) AS starts, pgagent.pga_iso(s.jscend, z.zone) AS ends,
       s.jsctimezone AS own_zone, s.jscdesc AS comment
FROM pgagent.pga_schedule s
JOIN pgagent.pga_job j ON j.jobid = s.jscjobid
CROSS JOIN LATERAL (SELECT coalesce(s.jsctimezone, coalesce(j.jobtimezone, (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone'))) AS zone) z
WHERE s.jscjobid = $1::int4
ORDER BY s.jscname, s.jscid

-- What was asked of the agents about job $1 (id) and is not done yet.
SELECT r.reqid AS request, r.reqkind AS kind, r.reqjlgid AS run, pgagent.pga_iso(r.reqdue, z.zone) AS due,
       pgagent.pga_iso(r.reqat, z.zone) AS asked, coalesce(r.reqby, r.reqtrigger) AS asked_by
FROM pgagent.pga_request r
JOIN pgagent.pga_job j ON j.jobid = r.reqjobid
CROSS JOIN LATERAL (SELECT coalesce(j.jobtimezone, (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone')) AS zone) z
WHERE r.reqjobid = $1::int4
ORDER BY r.reqdue, r.reqid

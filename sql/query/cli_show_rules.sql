-- The rules of job $1 (id) in words.
SELECT r.rulid, r.rulname AS rule, r.rulenabled AS enabled,
       CASE WHEN r.rulenabled THEN '' ELSE 'disabled' END AS state,
       pgagent.pga_rule_line(r) AS says,
       pgagent.pga_iso(r.rulstart, z.zone) AS starts, pgagent.pga_iso(r.rulend, z.zone) AS ends,
       r.rultimezone AS own_zone, r.rulorigin AS origin, r.rulproblem AS problem, r.ruldesc AS comment
FROM pgagent.pga_rule r
JOIN pgagent.pga_job j ON j.jobid = r.ruljobid
CROSS JOIN LATERAL (SELECT coalesce(r.rultimezone, coalesce(j.jobtimezone, (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone'))) AS zone) z
WHERE r.ruljobid = $1::int4
ORDER BY r.rulexception, r.rulname, r.rulid

-- After a reconnect: runs of this agent's epoch ($1) that were claimed by statements whose answer was lost ($2).
SELECT l.jlgid, j.jobid, j.jobname, (least(extract(epoch FROM j.jobtimeout), 1000000000) * 1000000)::int8,
       s.jsljstid, s.jslid
FROM pgagent.pga_joblog l
JOIN pgagent.pga_job j ON j.jobid = l.jlgjobid
LEFT JOIN pgagent.pga_jobsteplog s ON s.jsljlgid = l.jlgid
WHERE l.jlgstatus = 'r' AND l.jlgepoch = $1::int8 AND l.jlgbatch = ANY ($2::text[]::uuid[])

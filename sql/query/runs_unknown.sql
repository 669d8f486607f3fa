-- After a reconnect: open runs of this agent's epoch ($1) that it does not have in hand ($3). Those that were claimed by
-- statements whose answer was lost ($2) are to be started. The others are over, and this server has not heard of it: it
-- was promoted before. Each comes with its open step.
SELECT l.jlgid, j.jobid, j.jobname, (least(extract(epoch FROM j.jobtimeout), 1000000000) * 1000000)::int8,
       s.jsljstid, s.jslid, coalesce(l.jlgbatch <> ALL ($2::text[]::uuid[]), true) AS is_over
FROM pgagent.pga_joblog l
JOIN pgagent.pga_job j ON j.jobid = l.jlgjobid
LEFT JOIN pgagent.pga_jobsteplog s ON s.jsljlgid = l.jlgid AND s.jslstatus = 'r'
WHERE l.jlgstatus = 'r' AND l.jlgepoch = $1::int8 AND l.jlgid <> ALL ($3::int8[])

-- After a reconnect: open runs of this agent's epoch. Those that it does not know were claimed by a statement whose
-- answer was lost.
SELECT l.jlgid, j.jobid, j.jobname, (extract(epoch FROM j.jobtimeout) * 1000000)::int8
FROM pgagent.pga_joblog l
JOIN pgagent.pga_job j ON j.jobid = l.jlgjobid
WHERE l.jlgstatus = 'r' AND l.jlgepoch = $1::int8
  AND NOT EXISTS (SELECT FROM pgagent.pga_jobsteplog s WHERE s.jsljlgid = l.jlgid)

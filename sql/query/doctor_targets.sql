-- Where the enabled steps of enabled jobs connect to: a connection string, or a database of the agent's own server.
SELECT s.jstid, s.jstname, j.jobid, j.jobname, s.jstconnstr, s.jstdbname
FROM pgagent.pga_jobstep s
JOIN pgagent.pga_job j ON j.jobid = s.jstjobid
WHERE j.jobenabled AND s.jstenabled AND s.jstkind = 's'
ORDER BY s.jstconnstr, s.jstdbname, s.jstid

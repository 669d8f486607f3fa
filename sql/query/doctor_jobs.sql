-- Enabled jobs that nothing starts, or that do nothing. $1: jobs that rules start.
SELECT 'note' AS severity, 'the job is enabled, but has no enabled schedule: it runs only when somebody asks' AS what,
       'job' AS place, NULL::int8 AS id, NULL::text AS name, j.jobid, j.jobname,
       'give it a schedule, or disable it if it is not to run by itself' AS mend
FROM pgagent.pga_job j
WHERE j.jobenabled AND j.jobid <> ALL ($1::int4[])
  AND NOT EXISTS (SELECT FROM pgagent.pga_schedule s WHERE s.jscjobid = j.jobid AND s.jscenabled)
UNION ALL
SELECT 'warning', 'the job is enabled, but has no enabled step: its runs do nothing', 'job', NULL, NULL, j.jobid, j.jobname,
       'enable its steps, or disable the job'
FROM pgagent.pga_job j
WHERE j.jobenabled
  AND NOT EXISTS (SELECT FROM pgagent.pga_jobstep s WHERE s.jstjobid = j.jobid AND s.jstenabled)
ORDER BY severity, jobid

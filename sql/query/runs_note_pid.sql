-- Which backend or process carries out a step whose log row was opened before it was known: it waits no longer.
UPDATE pgagent.pga_jobsteplog
SET jslpid = $2::int4, jslpidstart = $3::timestamptz, jslwaiting = NULL
WHERE jslid = $1::int8 AND jslstatus = 'r'

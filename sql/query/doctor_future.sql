-- Runs that began in what is the future now: the database's clock was ahead for a while. No slot runs twice, so that their jobs
-- wait until it gets there.
SELECT 'warning' AS severity,
       format('%s jobs have runs that began later than now, the last of them on %s: the database''s clock was ahead, '
              'and no slot before that runs', count(DISTINCT l.jlgjobid), max(l.jlgstart)::timestamp(0)) AS what,
       'database' AS place, NULL::int8 AS id, NULL::text AS name, NULL::int8 AS jobid, NULL::text AS jobname,
       'see that the clock is right, then plan anew from now on: UPDATE pgagent.pga_job SET joblastslot = now(), jobplanned = NULL, '
       'jobreplan = true WHERE joblastslot > now()' AS mend
FROM pgagent.pga_joblog l
JOIN pgagent.pga_job j ON j.jobid = l.jlgjobid
WHERE l.jlgstart > now() + interval '1 minute' AND j.joblastslot > now() + interval '1 minute'
HAVING count(*) > 0

-- When the schedules of job $1 (id) do not run it.
SELECT s.jscid, s.jscname AS schedule, coalesce(e.jexdate::text, 'every day') AS date,
       coalesce(to_char(e.jextime, 'HH24:MI'), 'all day') AS time
FROM pgagent.pga_exception e
JOIN pgagent.pga_schedule s ON s.jscid = e.jexscid
WHERE s.jscjobid = $1::int4
ORDER BY s.jscname, s.jscid, e.jexdate, e.jextime

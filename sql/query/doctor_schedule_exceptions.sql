-- The exceptions of enabled schedules, for the calendar: days since 1970 and minutes of the day, NULL = any.
SELECT e.jexscid, e.jexdate - date '1970-01-01' AS day,
       (extract(hour FROM e.jextime) * 60 + extract(minute FROM e.jextime))::int4 AS minute
FROM pgagent.pga_exception e
JOIN pgagent.pga_schedule s ON s.jscid = e.jexscid
WHERE s.jscenabled AND (e.jexdate IS NOT NULL OR e.jextime IS NOT NULL) AND isfinite(coalesce(e.jexdate, date '1970-01-01'))
ORDER BY e.jexscid

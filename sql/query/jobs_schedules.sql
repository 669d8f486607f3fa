-- The enabled schedules of some jobs, a row for each exception (or one without).
SELECT s.jscjobid, s.jscid, s.jscstart, s.jscend, s.jscminutes, s.jschours, s.jscweekdays, s.jscmonthdays,
       s.jscmonths, s.jsctimezone, e.jexdate, e.jextime
FROM pgagent.pga_schedule s
LEFT JOIN pgagent.pga_exception e ON e.jexscid = s.jscid
WHERE s.jscjobid = ANY ($1::int4[]) AND s.jscenabled
ORDER BY s.jscjobid, s.jscid

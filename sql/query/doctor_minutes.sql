-- Schedules in which the minutes were forgotten: a list without any choice means all of it.
SELECT 'note' AS severity,
       CASE WHEN true = ANY (s.jschours)
            THEN 'hours are chosen, but no minutes: it runs at every minute of those hours'
            WHEN true = ANY (s.jscweekdays || s.jscmonthdays || s.jscmonths)
            THEN 'days are chosen, but no hours and minutes: it runs at every minute of those days'
            ELSE 'nothing is chosen: it runs at every minute' END AS what,
       'schedule' AS place, s.jscid AS id, s.jscname AS name, j.jobid, j.jobname,
       'choose the minutes (0 for the full hour), or all 60 if that is meant' AS mend
FROM pgagent.pga_schedule s
JOIN pgagent.pga_job j ON j.jobid = s.jscjobid
WHERE j.jobenabled AND s.jscenabled AND NOT coalesce(true = ANY (s.jscminutes), false)
ORDER BY 2, s.jscid

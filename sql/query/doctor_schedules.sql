-- The enabled schedules, for the calendar. Instants are microseconds since 1970 (NULL: infinity), lists are texts of t and f.
-- $1: the zone of jobs and schedules that name none.
SELECT s.jscid, s.jscname, j.jobid, j.jobname,
       coalesce(to_jsonb(s) ->> 'jsctimezone', to_jsonb(j) ->> 'jobtimezone', $1::text) AS zone,
       CASE WHEN isfinite(s.jscstart) THEN (extract(epoch FROM s.jscstart) * 1000000)::int8 END AS start_us,
       CASE WHEN isfinite(s.jscend) THEN (extract(epoch FROM s.jscend) * 1000000)::int8 END AS end_us,
       s.jscstart = 'infinity' AS never_starts, coalesce(s.jscend = '-infinity', false) AS has_always_ended,
       array_to_string(s.jscminutes, '', 'f'), array_to_string(s.jschours, '', 'f'), array_to_string(s.jscweekdays, '', 'f'),
       array_to_string(s.jscmonthdays, '', 'f'), array_to_string(s.jscmonths, '', 'f'),
       (extract(epoch FROM now()) * 1000000)::int8 AS now_us
FROM pgagent.pga_schedule s
JOIN pgagent.pga_job j ON j.jobid = s.jscjobid
WHERE j.jobenabled AND s.jscenabled
ORDER BY s.jscid

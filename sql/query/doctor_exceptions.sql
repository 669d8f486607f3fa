-- Exceptions that take nothing away. $1: the zone of jobs and schedules that name none.
WITH exception AS (
    SELECT e.jexid, e.jexdate, e.jextime, s.jscid, s.jscname, j.jobid, j.jobname,
           s.jscminutes, s.jschours, s.jscweekdays, s.jscmonthdays, s.jscmonths,
           timezone(z.zone, now())::date AS today,
           CASE WHEN isfinite(s.jscstart) THEN timezone(z.zone, s.jscstart)::date END AS first_day,
           CASE WHEN isfinite(s.jscend) THEN timezone(z.zone, s.jscend)::date END AS last_day
    FROM pgagent.pga_exception e
    JOIN pgagent.pga_schedule s ON s.jscid = e.jexscid
    JOIN pgagent.pga_job j ON j.jobid = s.jscjobid
    CROSS JOIN LATERAL (SELECT coalesce(to_jsonb(s) ->> 'jsctimezone', to_jsonb(j) ->> 'jobtimezone', $1::text) AS zone) z
    WHERE s.jscenabled AND j.jobenabled
), judged AS (
    SELECT jexid, jscname, jobid, jobname, jexdate < today AS is_past,
           CASE WHEN jexdate IS NULL AND jextime IS NULL
                THEN 'an exception with neither date nor time takes nothing away'
                WHEN NOT isfinite(jexdate) OR jexdate < first_day OR jexdate > last_day
                THEN 'an exception is for a date before the start or after the end of its schedule'
                WHEN NOT (jscmonths[extract(month FROM jexdate)::int4] OR NOT true = ANY (jscmonths))
                     OR NOT (jscweekdays[extract(dow FROM jexdate)::int4 + 1] OR NOT true = ANY (jscweekdays))
                     OR NOT (jscmonthdays[extract(day FROM jexdate)::int4] OR NOT true = ANY (jscmonthdays)
                             OR (jscmonthdays[32] AND extract(day FROM jexdate + 1) = 1))
                THEN 'an exception is for a date on which its schedule does not run anyway'
                WHEN NOT (jschours[extract(hour FROM jextime)::int4 + 1] OR NOT true = ANY (jschours))
                     OR NOT (jscminutes[extract(minute FROM jextime)::int4 + 1] OR NOT true = ANY (jscminutes))
                THEN 'an exception is for a time at which its schedule does not run anyway' END AS problem
    FROM exception
)
SELECT 'warning' AS severity, problem AS what, 'exception' AS place, jexid AS id, jscname AS name, jobid, jobname,
       'correct or delete it' AS mend
FROM judged
WHERE problem IS NOT NULL AND is_past IS NOT TRUE
UNION ALL
SELECT 'note', format('%s exceptions are for days that are past', count(*)), 'database', NULL, NULL, NULL, NULL,
       'they do no harm; delete them when nobody wants to look them up'
FROM judged
WHERE is_past
HAVING count(*) > 0
ORDER BY 1 DESC, 2, 4

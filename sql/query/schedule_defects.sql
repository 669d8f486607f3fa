-- What the real pgAgent gets wrong with each schedule, in plain words: for the report of an adoption and for doctor. A
-- defect that shows on one day only has that day (local); clocks are looked at for a year ahead. One row per defect. $1: the
-- zone of jobs and schedules that name none. It needs pgAgent's own tables only, so that it also answers before an adoption.
WITH schedule AS (
    SELECT j.jobid, j.jobname, s.jscid, s.jscname, s.jscstart, s.jscend,
           coalesce(to_jsonb(s) ->> 'jsctimezone', to_jsonb(j) ->> 'jobtimezone', $1::text) AS zone,
           s.jscminutes AS minutes, s.jschours AS hours, s.jscweekdays AS weekdays, s.jscmonthdays AS monthdays,
           s.jscmonths AS months,
           true = ANY (s.jscminutes) AS has_minutes, true = ANY (s.jschours) AS has_hours,
           true = ANY (s.jscweekdays) AS has_weekdays, true = ANY (s.jscmonthdays) AS has_monthdays,
           true = ANY (s.jscmonths) AS has_months,
           NOT (true = ANY (s.jschours)) OR true = ALL (s.jschours) AS is_running
    FROM pgagent.pga_schedule s
    JOIN pgagent.pga_job j ON j.jobid = s.jscjobid
    WHERE s.jscenabled
), step AS (
    SELECT z.zone, i.instant,
           extract(epoch FROM timezone(z.zone, i.instant) - timezone('UTC', i.instant))::int8 AS seconds
    FROM (SELECT DISTINCT name AS zone FROM pg_catalog.pg_timezone_names
          WHERE name IN (SELECT zone FROM schedule)
            /* What is an abbreviation too has no summer time here. */
            AND (name ~ '/' OR upper(name) NOT IN (SELECT abbrev FROM pg_catalog.pg_timezone_abbrevs))) z
    CROSS JOIN generate_series(to_timestamp(floor(extract(epoch FROM now()) / 1800) * 1800), now() + interval '1 year',
                               interval '30 minutes') i (instant)
), change AS (
    /* Labels from low on and before high do not exist (spring) or come twice (autumn). */
    SELECT zone, seconds > former AS is_spring,
           timezone('UTC', instant) + least(former, seconds) * interval '1 second' AS low,
           timezone('UTC', instant) + greatest(former, seconds) * interval '1 second' AS high,
           abs(seconds - former) * interval '1 second' AS shift
    FROM (SELECT zone, instant, seconds, lag(seconds) OVER (PARTITION BY zone ORDER BY instant) AS former FROM step) c
    WHERE seconds <> former
), touched AS (
    /* The first label of each schedule that is within a change. */
    SELECT s.jscid, c.is_spring, c.shift, min(l.label) AS label
    FROM schedule s
    JOIN change c ON c.zone = s.zone
    CROSS JOIN LATERAL generate_series(c.low, c.high - interval '1 minute', interval '1 minute') l (label)
    WHERE timezone(s.zone, l.label) >= s.jscstart AND (timezone(s.zone, l.label) <= s.jscend) IS NOT FALSE
      AND (NOT s.has_minutes OR s.minutes[extract(minute FROM l.label)::int4 + 1])
      AND (NOT s.has_hours OR s.hours[extract(hour FROM l.label)::int4 + 1])
      AND (NOT s.has_weekdays OR s.weekdays[extract(dow FROM l.label)::int4 + 1])
      AND (NOT s.has_monthdays OR s.monthdays[extract(day FROM l.label)::int4]
           OR (s.monthdays[32] AND extract(day FROM l.label + interval '1 day') = 1))
      AND (NOT s.has_months OR s.months[extract(month FROM l.label)::int4])
      AND NOT EXISTS (SELECT FROM pgagent.pga_exception e
                      WHERE e.jexscid = s.jscid AND (e.jexdate IS NOT NULL OR e.jextime IS NOT NULL)
                        AND coalesce(e.jexdate = l.label::date, true)
                        AND coalesce(date_trunc('minute', e.jextime::interval) = l.label::time::interval, true))
    GROUP BY s.jscid, c.low, c.is_spring, c.shift
), short AS (
    /* The first day that pgAgent makes a date of although the month, a selected one or the one after it, has no such day. */
    SELECT s.jscid, min(d.day) AS day
    FROM schedule s
    CROSS JOIN generate_series(29, 31) d (day)
    CROSS JOIN generate_series(1, 12) m (month)
    WHERE s.monthdays[d.day]
      AND d.day > CASE WHEN m.month = 2 THEN 28 WHEN m.month IN (4, 6, 9, 11) THEN 30 ELSE 31 END
      AND (NOT s.has_months OR s.months[m.month] OR s.months[(m.month + 10) % 12 + 1])
    GROUP BY s.jscid
)
SELECT s.jobid, s.jobname, s.jscid, s.jscname, d.defect, d.on_day, d.description
FROM schedule s
CROSS JOIN LATERAL (
    SELECT 1 AS place, 'short months' AS defect, NULL::date AS on_day,
           format('pgAgent fails in a month without day %s instead of leaving it out, and its job stays frozen', h.day)
               AS description
    FROM short h WHERE h.jscid = s.jscid
    UNION ALL
    SELECT 2, 'last day', NULL, 'pgAgent never runs on the last day of the month if other days are selected too'
    WHERE s.monthdays[32] AND true = ANY (s.monthdays[1:31])
    UNION ALL
    SELECT 3, 'every second minute', NULL,
           CASE WHEN s.has_weekdays
                THEN 'pgAgent runs a schedule of weekdays only from 00:01 on and every second minute, not every minute'
                ELSE 'pgAgent runs a schedule that selects nothing every second minute, not every minute' END
    WHERE NOT (s.has_minutes OR s.has_hours OR s.has_monthdays OR s.has_months)
    UNION ALL
    SELECT 4, 'first minutes', NULL,
           'pgAgent may leave out the first of several minutes of an hour when it plans from another hour or day'
    WHERE (SELECT count(*) FROM unnest(s.minutes) m WHERE m) > 1
      AND ((s.has_hours AND NOT s.is_running) OR s.has_weekdays OR s.has_monthdays OR s.has_months)
    UNION ALL
    SELECT 5, 'all excepted', NULL, 'pgAgent searches for ever when exceptions leave out every time of day'
    WHERE s.jscend IS NULL
      AND NOT EXISTS (
          SELECT FROM generate_series(0, 1439) m (minute)
          WHERE (NOT s.has_hours OR s.hours[m.minute / 60 + 1]) AND (NOT s.has_minutes OR s.minutes[m.minute % 60 + 1])
            AND NOT EXISTS (SELECT FROM pgagent.pga_exception e
                            WHERE e.jexscid = s.jscid AND e.jexdate IS NULL
                              AND floor(extract(epoch FROM e.jextime) / 60) = m.minute))
    UNION ALL
    SELECT 6, 'exception with seconds', NULL,
           'pgAgent heeds no exception whose time has seconds; here it stands for its minute'
    WHERE EXISTS (SELECT FROM pgagent.pga_exception e
                  WHERE e.jexscid = s.jscid AND e.jextime::interval <> date_trunc('minute', e.jextime::interval))
    UNION ALL
    SELECT 7, 'spring', t.label::date,
           format('%s does not exist on %s: pgAgent leaves it out; here it runs at %s',
                  to_char(t.label, 'HH24:MI'), t.label::date, to_char(t.label + t.shift, 'HH24:MI'))
    FROM touched t WHERE t.jscid = s.jscid AND t.is_spring AND NOT s.is_running
    UNION ALL
    SELECT 8, 'autumn', t.label::date,
           CASE WHEN s.is_running
                THEN format('the time from %s on comes twice on %s: pgAgent runs in one of both only',
                            to_char(t.label, 'HH24:MI'), t.label::date)
                ELSE format('%s comes twice on %s: pgAgent runs at the second, here it is the first',
                            to_char(t.label, 'HH24:MI'), t.label::date) END
    FROM touched t WHERE t.jscid = s.jscid AND NOT t.is_spring) d
ORDER BY s.jobid, s.jscid, d.place, d.on_day

-- What has happened since :since, and what comes next: a key that names each event once, and a line to read.
WITH run AS (
    SELECT l.*, j.jobname,
           CASE l.jlgstatus WHEN 's' THEN 'succeeded' WHEN 'f' THEN 'FAILED' WHEN 'd' THEN 'was ended'
                WHEN 'i' THEN 'had nothing to do' END AS outcome
    FROM pgagent.pga_joblog l
    JOIN pgagent.pga_job j ON j.jobid = l.jlgjobid
    WHERE l.jlgstart >= :'since'
), event (jlgid, place, number, key, line) AS (
    SELECT jlgid, 1, 0, 'run ' || jlgid,
           format('%s  %s starts (%s)', to_char(jlgstart, 'HH24:MI:SS'), jobname, coalesce(jlgtrigger, 'stock'))
    FROM run
    UNION ALL
    SELECT run.jlgid, 2, s.jslid, 'step ' || s.jslid,
           format('            %-20s %-6s %s', t.jstname,
                  CASE s.jslstatus WHEN 's' THEN 'ok' WHEN 'f' THEN 'FAILED' WHEN 'd' THEN 'ENDED' ELSE 'failed, ignored' END,
                  regexp_replace(btrim(left(s.jsloutput, 300), E' \r\n'), '[\r\n]+', ' | ', 'g'))
    FROM run
    JOIN pgagent.pga_jobsteplog s ON s.jsljlgid = run.jlgid
    JOIN pgagent.pga_jobstep t ON t.jstid = s.jsljstid
    WHERE s.jslstatus <> 'r'
    UNION ALL
    SELECT jlgid, 3, 0, 'end ' || jlgid,
           format('%s  %s %s after %s s%s', to_char(jlgstart + jlgduration, 'HH24:MI:SS'), jobname, outcome,
                  round(extract(epoch FROM jlgduration)::numeric, 2), ': ' || jlgreason)
    FROM run
    WHERE jlgstatus <> 'r' AND jlgduration IS NOT NULL
    UNION ALL
    SELECT NULL, 4, jobid, format('next %s %s', jobid, jobnextrun),
           format('%s  %s runs next at %s', to_char(now(), 'HH24:MI:SS'), jobname, to_char(jobnextrun, 'HH24:MI:SS'))
    FROM pgagent.pga_job j
    WHERE jobnextrun > now()
      AND NOT EXISTS (SELECT FROM pgagent.pga_joblog l WHERE l.jlgjobid = j.jobid AND l.jlgstatus = 'r')
)
SELECT key || E'\t' || line FROM event ORDER BY jlgid NULLS LAST, place, number

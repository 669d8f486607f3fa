-- What people are told before the tables go back to pgAgent, job by job. Rows of kind disabled name the jobs that are
-- switched off because pgAgent cannot run them.
WITH stopped AS (
    SELECT j.jobid, format('it has rules, which pgAgent does not know: %s', string_agg(
               r.rulkind || coalesce(' ' || quote_literal(left(r.rultext, 60)), '')
               || CASE WHEN r.rulexception THEN ' (exception)' ELSE '' END, ', ' ORDER BY r.rulid)) AS message
    FROM pgagent.pga_job j JOIN pgagent.pga_rule r ON r.ruljobid = j.jobid
    WHERE j.jobenabled AND r.rulenabled
    GROUP BY j.jobid
    UNION ALL
    SELECT j.jobid, format('step "%s" is of a kind that pgAgent does not know: %s', s.jstname,
                           left(substring(s.jstcode FROM '^\s*([^\r\n]*)'), 60))
    FROM pgagent.pga_job j JOIN pgagent.pga_jobstep s ON s.jstjobid = j.jobid
    WHERE j.jobenabled AND s.jstenabled AND s.jstkind = 's' AND s.jstcode ~ '^\s*#!pgalmanac'
), kept_request AS (
    SELECT j.jobid, min(r.reqid) AS reqid
    FROM pgagent.pga_job j JOIN pgagent.pga_request r ON r.reqjobid = j.jobid
    WHERE j.jobenabled AND r.reqkind = 'run' AND r.reqdue = j.jobnextrun
      AND j.jobid NOT IN (SELECT jobid FROM stopped)
    GROUP BY j.jobid
), findings (place, kind, jobid, message) AS (
    SELECT 1, 'disabled', jobid, message FROM stopped
    UNION ALL
    SELECT 2, 'changed', s.jscjobid,
           format('schedule "%s" was read in %s, and is in %s from now on', s.jscname, coalesce(s.jsctimezone, j.jobtimezone),
                  z.setvalue)
    FROM pgagent.pga_schedule s
    JOIN pgagent.pga_job j ON j.jobid = s.jscjobid
    JOIN pgagent.pga_setting z ON z.setname = 'timezone'
    WHERE coalesce(s.jsctimezone, j.jobtimezone) <> z.setvalue
    UNION ALL
    SELECT 3, 'changed', jobid,
           format('it is for "%s": pgAgent takes that for the name of a host, never of an agent', jobhostagent)
    FROM pgagent.pga_job
    WHERE jobhostagent <> ''
      AND jobhostagent NOT IN (SELECT jagstation FROM pgagent.pga_jobagent)
    UNION ALL
    SELECT 4, 'changed', jstjobid,
           format('step "%s" runs in database "%s": pgAgent cannot connect to names with blanks, quotes or backslashes',
                  jstname, jstdbname)
    FROM pgagent.pga_jobstep
    WHERE jstdbname::text ~ '[\s''\\]'
    UNION ALL
    SELECT 5, 'lost', jobid, format('its time limit of %s', jobtimeout) FROM pgagent.pga_job WHERE jobtimeout IS NOT NULL
    UNION ALL
    SELECT 6, 'lost', jstjobid, format('the time limit of %s of step "%s"', jsttimeout, jstname)
    FROM pgagent.pga_jobstep WHERE jsttimeout IS NOT NULL
    UNION ALL
    SELECT 7, 'lost', j.jobid, format('its %s: %s', o.name, to_jsonb(j) ->> o.name)
    FROM pgagent.pga_job j
    CROSS JOIN (VALUES ('jobmissed', 'once'), ('jobgrace', NULL), ('jobbusy', 'skip'), ('jobmaxruns', '1'),
                       ('jobrestart', 'false'), ('jobkeep', NULL)) o (name, stock)
    WHERE coalesce(to_jsonb(j) ->> o.name, o.stock) IS DISTINCT FROM o.stock
    UNION ALL
    SELECT 8, 'lost', ruljobid,
           format('rule %s', jsonb_strip_nulls(to_jsonb(r) - '{rulid,ruljobid,rulproblem,rulorigin,rulruncount,rullastslot}'::text[]))
    FROM pgagent.pga_rule r
    UNION ALL
    SELECT 9, 'lost', reqjobid, format('request of %s: %s, at %s', coalesce(reqby, 'an agent'), reqkind, reqdue)
    FROM pgagent.pga_request
    WHERE reqid NOT IN (SELECT reqid FROM kept_request)
    UNION ALL
    SELECT 10, 'stopped', l.jlgjobid,
           format('run %s, open since %s, is closed as stopped before its end (d)', l.jlgid, l.jlgstart)
    FROM pgagent.pga_joblog l JOIN pgagent.pga_job j ON j.jobid = l.jlgjobid
    WHERE l.jlgstatus = 'r'
      AND NOT (l.jlgepoch IS NULL AND EXISTS (SELECT FROM pgagent.pga_jobagent a
                                              WHERE a.jagpid = j.jobagentid AND a.jaguuid IS NULL))
    UNION ALL
    SELECT 11, 'due', jobid, format('it has been due since %s: the first pgAgent runs it at once', jobnextrun)
    FROM pgagent.pga_job
    WHERE jobenabled AND jobnextrun <= now() AND jobagentid IS NULL AND jobid NOT IN (SELECT jobid FROM stopped)
    UNION ALL
    SELECT 12, 'changed', NULL, format('the pause until %s ends now', pgagent.pga_paused_until())
    WHERE pgagent.pga_paused_until() IS NOT NULL
    UNION ALL
    SELECT 13, 'lost', NULL, format('%s rows of pga_skipped: which slots did not run, and why', count(*))
    FROM pgagent.pga_skipped HAVING count(*) > 0
    UNION ALL
    SELECT 14, 'lost', NULL, format('%s rows of pga_agentlog: what agents complained of', count(*))
    FROM pgagent.pga_agentlog HAVING count(*) > 0
    UNION ALL
    SELECT 15, 'lost', NULL, format('of %s runs, what is not pgAgent''s: slot, label, trigger, agent, reason, error code', count(*))
    FROM pgagent.pga_joblog WHERE jlgepoch IS NOT NULL HAVING count(*) > 0
)
SELECT f.kind, f.jobid, j.jobname, f.message
FROM findings f LEFT JOIN pgagent.pga_job j ON j.jobid = f.jobid
ORDER BY f.place, f.jobid, f.message

-- Rules that an agent could not plan, that are over, or that take nothing away.
SELECT CASE WHEN r.rulproblem IS NOT NULL THEN 'error' ELSE 'note' END AS severity,
       coalesce('the rule does not run: ' || r.rulproblem,
                CASE WHEN r.rulend < now() THEN 'the rule has ended'
                     WHEN r.rulendcount > 0 AND r.rulruncount >= r.rulendcount THEN 'the rule has run as often as it was to'
                     ELSE 'the exception takes nothing away: the job has no enabled schedule or rule' END) AS what,
       'rule' AS place, r.rulid::int8 AS id, r.rulname AS name, j.jobid, j.jobname,
       CASE WHEN r.rulproblem IS NOT NULL THEN 'correct the rule; pgalmanac next shows when a rule runs'
            ELSE 'delete or disable it when it is not needed any more' END AS mend
FROM pgagent.pga_rule r
JOIN pgagent.pga_job j ON j.jobid = r.ruljobid
WHERE r.rulenabled AND j.jobenabled
  AND (r.rulproblem IS NOT NULL
       OR r.rulend < now()
       OR (r.rulendcount > 0 AND r.rulruncount >= r.rulendcount)
       OR (r.rulexception
           AND NOT EXISTS (SELECT FROM pgagent.pga_schedule s WHERE s.jscjobid = j.jobid AND s.jscenabled)
           AND NOT EXISTS (SELECT FROM pgagent.pga_rule o
                           WHERE o.ruljobid = j.jobid AND o.rulenabled AND NOT o.rulexception)))
ORDER BY severity, r.rulid

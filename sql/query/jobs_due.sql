-- Peek: what is due and mine ($1 host name, $2 agent name), without a lock. Jobs whose first step goes to a
-- server in $3 are left for later (an empty text is the agent's own server): the table is the queue. A job that
-- runs is listed only if its plan is due, so that this slot can be skipped; its wishes wait, and so do the slots that
-- were missed before the run if each of them is to be run. A job that may run beside itself counts as running when it
-- does so as often as it may, or a pgAgent runs it. Jobs in $5 are left out. At most $4 may be claimed; at least $6 are listed.
-- During a pause nothing is. Of a slot and a wish that are both due the slot goes first: during a run for the wish it might
-- be skipped. Not so if each slot is to be run (jobmissed all): a slot waits then, and as a job that is slower than its
-- period always has one, a wish goes first that is older, or that was due already when the job began to run the last time.
-- What has waited longest comes first, so that each gets its turn however many are always due; not every wish is shown by
-- the next run.
WITH due AS (
    SELECT either.jobid, min(either.at) AS since
    FROM (SELECT jobid, jobnextrun AS at FROM pgagent.pga_job WHERE jobenabled AND jobnextrun <= now()
          UNION ALL
          SELECT reqjobid, reqdue FROM pgagent.pga_request WHERE reqkind = 'run' AND reqdue <= now()) AS either
    GROUP BY either.jobid
)
SELECT j.jobid, j.jobname, j.jobrevision, use.is_busy,
       j.jobnextrun, CASE WHEN j.jobenabled THEN j.jobplanned END AS jobplanned,
       coalesce(j.jobtimezone, (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone')),
       (least(extract(epoch FROM j.jobtimeout), 1000000000) * 1000000)::int8 AS timeout_us,
       first.server, first.jstdbname,
       EXISTS (SELECT FROM pgagent.pga_rule r WHERE r.ruljobid = j.jobid AND r.rulenabled)
       OR EXISTS (SELECT FROM pgagent.pga_skipped s
                  WHERE s.skpjobid = j.jobid AND s.skpreason = 'skipped'
                    AND s.skpfrom > coalesce(j.joblastslot, '-infinity')) AS has_rules,
       j.jobmissed, (least(extract(epoch FROM j.jobgrace), 1000000000) * 1000000)::int8 AS grace_us,
       j.jobmissed = 'all'
       AND EXISTS (SELECT FROM pgagent.pga_request q
                   WHERE q.reqjobid = j.jobid AND q.reqkind = 'run' AND q.reqdue <= now()
                     AND q.reqdue <= greatest(j.jobplanned, j.joblastrun)) AS is_wish_first
FROM due
JOIN pgagent.pga_job j ON j.jobid = due.jobid
LEFT JOIN LATERAL (
    SELECT CASE WHEN s.jstkind = 's' THEN s.jstconnstr END AS server, s.jstdbname
    FROM pgagent.pga_jobstep s
    WHERE s.jstjobid = j.jobid AND s.jstenabled
    ORDER BY s.jstname, s.jstid LIMIT 1
) first ON true
CROSS JOIN LATERAL (
    SELECT CASE WHEN j.jobbusy = 'parallel'
                     AND NOT EXISTS (SELECT FROM pgagent.pga_jobagent a WHERE a.jagpid = j.jobagentid AND a.jaguuid IS NULL)
                THEN (SELECT count(*) FROM pgagent.pga_joblog l WHERE l.jlgjobid = j.jobid AND l.jlgstatus = 'r') >= j.jobmaxruns
                ELSE j.jobagentid IS NOT NULL END AS is_busy
) use
WHERE pgagent.pga_paused_until() IS NULL
  AND j.jobid <> ALL ($5::int4[])
  AND (j.jobhostagent = '' OR j.jobhostagent IN ($1::text, $2::text))
  AND CASE WHEN NOT use.is_busy
           THEN $4::int4 > 0 AND (first.server IS NULL OR first.server <> ALL ($3::text[]))
           ELSE j.jobenabled AND j.jobplanned <= now() AND (j.jobmissed <> 'all' OR j.jobplanned >= j.joblastrun)
                AND NOT EXISTS (SELECT FROM pgagent.pga_jobagent a
                                WHERE a.jagpid = j.jobagentid AND a.jaguuid IS NULL) END
ORDER BY due.since, j.jobid
LIMIT greatest($4::int4, $6::int4)

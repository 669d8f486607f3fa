-- When the next thing is due for this agent ($1 host name, $2 agent name), and where its first step goes; NULL =
-- nothing is known of. The connection for it is opened a little before. During a pause its end is what comes next. And
-- whether somebody asks for a run to be cancelled. While a wish waits for the end of a run, the next run does not show the
-- slot that may be skipped meanwhile: the plan does.
SELECT coalesce(pause.until, next.due), now(), first.server, first.jstdbname,
       'until ' || pause.until || coalesce(' by ' || pause.who, ''),
       EXISTS (SELECT FROM pgagent.pga_request r WHERE r.reqkind = 'cancel')
FROM (SELECT pgagent.pga_paused_until() AS until,
             (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'paused_by') AS who) AS pause
LEFT JOIN LATERAL (
    SELECT either.jobid, either.due
    FROM ((SELECT j.jobid, j.jobnextrun AS due
           FROM pgagent.pga_job j
           WHERE j.jobenabled AND j.jobnextrun > now()
             AND (j.jobhostagent = '' OR j.jobhostagent IN ($1::text, $2::text))
           ORDER BY j.jobnextrun LIMIT 1)
          UNION ALL
          (SELECT j.jobid, j.jobplanned
           FROM pgagent.pga_job j
           WHERE j.jobenabled AND j.jobnextrun <= now() AND j.jobplanned > now()
             AND (j.jobhostagent = '' OR j.jobhostagent IN ($1::text, $2::text))
           ORDER BY j.jobplanned LIMIT 1)
          UNION ALL
          (SELECT r.reqjobid, r.reqdue
           FROM pgagent.pga_request r
           WHERE r.reqkind = 'run' AND r.reqdue > now()
           ORDER BY r.reqdue LIMIT 1)) AS either
    WHERE pause.until IS NULL
    ORDER BY either.due
    LIMIT 1
) AS next ON true
LEFT JOIN LATERAL (
    SELECT CASE WHEN s.jstkind = 's' THEN s.jstconnstr END AS server, s.jstdbname
    FROM pgagent.pga_jobstep s
    WHERE s.jstjobid = next.jobid AND s.jstenabled
    ORDER BY s.jstname, s.jstid LIMIT 1
) AS first ON true

-- All steps of run $1, in the order in which they began.
SELECT p.jstname AS step,
       CASE s.jslstatus WHEN 'r' THEN 'running' WHEN 's' THEN 'succeeded' WHEN 'f' THEN 'failed' WHEN 'i' THEN 'ignored'
                        ELSE 'stopped' END AS result,
       pgagent.pga_seconds(s.jslduration) AS duration, s.jslresult AS code, s.jslsqlstate AS sqlstate, s.jsloutput AS output
FROM pgagent.pga_jobsteplog s
JOIN pgagent.pga_jobstep p ON p.jstid = s.jsljstid
WHERE s.jsljlgid = $1::int8
ORDER BY s.jslid

-- What is due and has not begun.
SELECT u.jobid, u.job, pgagent.pga_iso(u.next_run, u.zone) AS due,
       CASE WHEN isfinite(u.next_run) THEN pgagent.pga_seconds(now() - u.next_run) END AS late_by, u.because
FROM pgagent.pga_upcoming u
WHERE u.next_run <= now() AND NOT u.is_running
ORDER BY u.next_run, u.jobid

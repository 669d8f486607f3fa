-- What comes next.
SELECT u.jobid, u.job, pgagent.pga_iso(u.next_run, u.zone) AS next_run,
       CASE WHEN isfinite(u.next_run) THEN pgagent.pga_seconds(u.next_run - now()) END AS next_in, u.zone, u.because
FROM pgagent.pga_upcoming u
WHERE u.next_run > now()
ORDER BY u.next_run, u.jobid
LIMIT 5

-- When job $1 (id) runs next, or why not.
SELECT coalesce(pgagent.pga_iso(u.next_run, u.zone), u.why_none) AS next_run
FROM pgagent.pga_upcoming u
WHERE u.jobid = $1::int4

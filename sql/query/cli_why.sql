-- What keeps job $1 (id or name) from running, in a sentence.
SELECT j.jobid, j.jobname AS job, pgagent.why(j.jobid::text) AS why
FROM pgagent.pga_job j
WHERE j.jobid = pgagent.pga_find_job($1::text)

-- Stops job $1 (id): how many runs were asked to stop and requests taken back.
SELECT j.jobid, j.jobname AS job, pgagent.cancel_job(j.jobid::text) AS cancelled
FROM pgagent.pga_job j
WHERE j.jobid = $1::int4

-- Leaves out the next slot of job $1 (id).
SELECT j.jobid, j.jobname AS job,
       pgagent.pga_iso(pgagent.skip_next(j.jobid::text),
                       coalesce(j.jobtimezone, (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone'))) AS skipped
FROM pgagent.pga_job j
WHERE j.jobid = $1::int4

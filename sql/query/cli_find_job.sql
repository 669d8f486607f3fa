-- A job (id or name) and the zone in which its times are written; a clear error if there is none.
SELECT j.jobid, j.jobname,
       coalesce(j.jobtimezone, (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone')) AS zone
FROM pgagent.pga_job j
WHERE j.jobid = pgagent.pga_find_job($1::text)

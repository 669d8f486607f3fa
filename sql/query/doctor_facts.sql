-- What other checks ask for of our own tables: the time zone, whether old history is removed, and the jobs that rules start.
SELECT (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone') AS timezone,
       (SELECT setvalue FROM pgagent.pga_setting
        WHERE setname = 'retention' AND coalesce(setvalue, '') NOT IN ('', 'off')) AS retention,
       (SELECT coalesce(array_agg(DISTINCT ruljobid), '{}') FROM pgagent.pga_rule
        WHERE rulenabled AND NOT rulexception) AS ruled_jobs

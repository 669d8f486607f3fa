-- What runs now.
SELECT r.run, r.jobid, r.job, pgagent.pga_iso(r.since, coalesce(j.jobtimezone, (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone'))) AS since, pgagent.pga_seconds(clock_timestamp() - r.since) AS duration,
       r.step, r.waits_for, r.agent, r.agent_state, r.is_cancelled
FROM pgagent.pga_running r
JOIN pgagent.pga_job j ON j.jobid = r.jobid
ORDER BY r.since, r.run

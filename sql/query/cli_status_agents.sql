-- The agents in the register, and how many runs each has. Two of them may have one name.
SELECT a.agent, a.host, a.state, pgagent.pga_iso(a.lease, z.setvalue) AS alive_until,
       pgagent.pga_seconds(a.lease_left) AS lease_left, pgagent.pga_seconds(a.lease_length) AS lease_length, a.version, a.epoch,
       pgagent.pga_seconds(a.skew) AS clock_ahead, a.runs_as, a.batch,
       CASE WHEN a.epoch IS NOT NULL
            THEN (SELECT count(*) FROM pgagent.pga_joblog l WHERE l.jlgstatus = 'r' AND l.jlgepoch = a.epoch)
            ELSE (SELECT count(*) FROM pgagent.pga_joblog l JOIN pgagent.pga_job j ON j.jobid = l.jlgjobid
                  WHERE l.jlgstatus = 'r' AND l.jlgepoch IS NULL AND j.jobagentid = a.pid) END AS runs
FROM pgagent.pga_agents a
CROSS JOIN (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone') z
ORDER BY a.agent, a.epoch

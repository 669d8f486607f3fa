-- The agents in the register, and how many runs each has.
SELECT a.agent, a.host, a.state, pgagent.pga_iso(a.lease, z.setvalue) AS alive_until, a.version, a.epoch,
       pgagent.pga_seconds(a.skew) AS clock_ahead, a.runs_as, a.batch,
       (SELECT count(*) FROM pgagent.pga_running r WHERE r.agent = a.agent) AS runs
FROM pgagent.pga_agents a
CROSS JOIN (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone') z
ORDER BY a.agent, a.epoch

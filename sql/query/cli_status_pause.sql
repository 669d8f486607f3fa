-- The pause, if there is one.
SELECT 'paused' AS state, pgagent.pga_iso(p.until, z.setvalue) AS paused_until,
       (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'paused_by') AS paused_by
FROM (SELECT pgagent.pga_paused_until() AS until) p
CROSS JOIN (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone') z
WHERE p.until IS NOT NULL

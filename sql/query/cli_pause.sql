-- Pauses all agents until $1.
SELECT pgagent.pga_iso(pgagent.pause($1::timestamptz), setvalue) AS paused_until
FROM pgagent.pga_setting
WHERE setname = 'timezone'

-- How many pgAgents are at work on tables that are ours.
SELECT count(*)
FROM pgagent.pga_jobagent a
JOIN pg_catalog.pg_stat_activity s ON s.pid = a.jagpid
WHERE a.jaguuid IS NULL

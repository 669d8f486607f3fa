-- After a reconnect: what the old connection's row held belongs to the new one.
UPDATE pgagent.pga_job j
SET jobagentid = pg_catalog.pg_backend_pid()
FROM pgagent.pga_jobagent a
WHERE j.jobagentid = a.jagpid AND a.jaguuid = $1::uuid AND a.jagpid <> pg_catalog.pg_backend_pid()

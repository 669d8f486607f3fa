-- After a reconnect, last: rows of this agent's former connections.
DELETE FROM pgagent.pga_jobagent
WHERE jaguuid = $1::uuid AND jagpid <> pg_catalog.pg_backend_pid()

-- The heartbeat. No row: somebody took the lease away.
UPDATE pgagent.pga_jobagent
SET jaglease = now() + $3::int8 * interval '1 microsecond'
WHERE jaguuid = $1::uuid AND jagepoch = $2::int8 AND jagpid = pg_catalog.pg_backend_pid()
RETURNING now()

-- The heartbeat, with what can change while the agent lives: servers that are full ($4), whether it carries out batch steps
-- ($5), its clock ($6). No row: somebody took the lease away.
UPDATE pgagent.pga_jobagent
SET jaglease = now() + $3::int8 * interval '1 microsecond',
    jagrenewed = now(),
    jagfull = $4::text[],
    jagbatch = $5::text,
    jagskew = date_trunc('milliseconds', $6::timestamptz - clock_timestamp())
WHERE jaguuid = $1::uuid AND jagepoch = $2::int8 AND jagpid = pg_catalog.pg_backend_pid()
RETURNING now()

-- The heartbeat, with what can change while the agent lives: servers that are full ($4), whether it carries out batch steps
-- ($5), its clock ($6). Whether the lease was renewed, and whether it is still ours: if it is, somebody has the row locked.
WITH held AS (
    SELECT jagpid
    FROM pgagent.pga_jobagent
    WHERE jaguuid = $1::uuid AND jagepoch = $2::int8 AND jagpid = pg_catalog.pg_backend_pid() AND jagdead IS NULL
    FOR NO KEY UPDATE SKIP LOCKED
), renewed AS (
    UPDATE pgagent.pga_jobagent a
    SET jaglease = now() + $3::int8 * interval '1 microsecond',
        jagrenewed = now(),
        jagfull = $4::text[],
        jagbatch = $5::text,
        jagskew = date_trunc('milliseconds', $6::timestamptz - clock_timestamp())
    FROM held
    WHERE a.jagpid = held.jagpid
    RETURNING a.jagpid
)
SELECT EXISTS (SELECT FROM renewed),
       EXISTS (SELECT FROM pgagent.pga_jobagent
               WHERE jaguuid = $1::uuid AND jagepoch = $2::int8 AND jagpid = pg_catalog.pg_backend_pid() AND jagdead IS NULL),
       now()

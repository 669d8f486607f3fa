-- Agents that are dead. With a lease ($1 its length, microseconds): it ended, and the server has been up for 15 s
-- (after an outage all come back before anyone is buried); or their backend is gone and they have not
-- renewed for 5 s. Without a uuid they are stock agents, whose only sign of life is their backend. A row with
-- our own pid that is not ours was left by a dead one: the pid is taken again.
SELECT a.jagpid, coalesce(a.jagname, a.jagstation), a.jagepoch
FROM pgagent.pga_jobagent a
LEFT JOIN pg_catalog.pg_stat_activity b
    ON b.pid = a.jagpid
   AND coalesce(b.backend_start = a.jagbackendstart, true)
   AND (b.datname IS NULL OR b.datname = pg_catalog.current_database())
WHERE a.jaguuid IS DISTINCT FROM $2::uuid
  AND CASE
        WHEN a.jagpid = pg_catalog.pg_backend_pid() THEN true
        WHEN a.jaguuid IS NULL THEN b.pid IS NULL
        WHEN b.pid IS NULL THEN a.jaglease < now() + ($1::int8 - 5000000) * interval '1 microsecond'
        ELSE a.jaglease < now()
             AND pg_catalog.pg_postmaster_start_time() < now() - interval '15 s'
      END

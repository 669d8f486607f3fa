-- Agents that are dead. With a lease: it ended, or their backend is gone and they have not renewed for a sixth of
-- its length; but nobody is before the server has been up for half of it (after an outage all come back before
-- anyone is buried). Each row has a length of its own. Without a uuid they are stock agents, whose only sign of life is
-- their backend. A row with our own pid that is not ours ($1 is our uuid) was left by a dead one: the pid is taken again.
-- An agent's former connection does not count while it has a newer one.
SELECT a.jagpid, coalesce(a.jagname, a.jagstation), a.jagepoch
FROM pgagent.pga_jobagent a
CROSS JOIN LATERAL (SELECT coalesce(a.jagrenewed, a.jaglease - interval '30 s') AS renewed) sign
CROSS JOIN LATERAL (SELECT a.jaglease - sign.renewed AS length) lease
LEFT JOIN pg_catalog.pg_stat_activity b
    ON b.pid = a.jagpid
   AND coalesce(b.backend_start = a.jagbackendstart, true)
   AND (b.datname IS NULL OR b.datname = pg_catalog.current_database())
WHERE a.jaguuid IS DISTINCT FROM $1::uuid
  AND NOT EXISTS (SELECT FROM pgagent.pga_jobagent n WHERE n.jaguuid = a.jaguuid AND n.jaglease > a.jaglease)
  AND CASE
        WHEN a.jaguuid IS NULL THEN b.pid IS NULL OR a.jagpid = pg_catalog.pg_backend_pid()
        WHEN pg_catalog.pg_postmaster_start_time() > now() - lease.length / 2 THEN false
        WHEN b.pid IS NULL OR a.jagpid = pg_catalog.pg_backend_pid()
            THEN a.jaglease < now() OR sign.renewed < now() - lease.length / 6
        ELSE a.jaglease < now()
      END

-- Agents that are dead. With a lease: it ended, or their backend is gone and they have not renewed for a sixth of
-- its length; but nobody is before the server has served for half of it (after an outage all come back before
-- anyone is buried), or we have been calm for so long ($3, microseconds; -1 = always). Each row has a length of its own.
-- What counts is the time by the database's clock at which our own lease was renewed ($2; NULL = now): until then the clock
-- is known not to have been stepped, which would seem to end all leases.
-- Without a uuid they are stock agents, whose only sign of life is their backend. A row with our own pid that is not ours
-- ($1 is our uuid) was left by a dead one: the pid is taken again.
-- An agent's former connection does not count while it has a newer one.
-- Since when the server serves says its WAL writer: that is started last, also when a standby is promoted. Who may not see
-- it knows by the connections of agents: the server was there at least since the oldest of those that live. What lies
-- in the future (the clock was set back) says nothing; leases then count anew (see agents_rewind).
WITH clock AS (
    SELECT coalesce($2::timestamptz, now()) AS at
), agent AS (
    SELECT a.jagpid, coalesce(a.jagname, a.jagstation) AS name, a.jagepoch, a.jaguuid, a.jaglogintime, a.jaglease, a.jagdead,
           coalesce(a.jagrenewed, a.jaglease - interval '30 s') AS renewed, b.pid IS NOT NULL AS has_backend
    FROM pgagent.pga_jobagent a
    LEFT JOIN pg_catalog.pg_stat_activity b
        ON b.pid = a.jagpid
       AND coalesce(b.backend_start = a.jagbackendstart, true)
       AND (b.datname IS NULL OR b.datname = pg_catalog.current_database())
), server AS (
    SELECT greatest(CASE WHEN pg_catalog.pg_postmaster_start_time() <= now() THEN pg_catalog.pg_postmaster_start_time() END,
                    coalesce((SELECT max(backend_start) FROM pg_catalog.pg_stat_activity
                              WHERE backend_type = 'walwriter' AND backend_start <= now()),
                             min(jaglogintime) FILTER (WHERE has_backend AND jaguuid IS NOT NULL AND jaglogintime <= now())))
               AS serves_since
    FROM agent
)
SELECT a.jagpid, a.name, a.jagepoch
FROM agent a, server, clock
WHERE a.jaguuid IS DISTINCT FROM $1::uuid
  AND NOT EXISTS (SELECT FROM agent n WHERE n.jaguuid = a.jaguuid AND n.jaglease > a.jaglease)
  AND CASE
        WHEN a.jaguuid IS NULL THEN NOT a.has_backend OR a.jagpid = pg_catalog.pg_backend_pid()
        WHEN a.jagdead IS NOT NULL THEN true
        WHEN server.serves_since > clock.at - (a.jaglease - a.renewed) / 2 THEN false
        WHEN $3::int8 >= 0 AND $3::int8 * interval '1 microsecond' < (a.jaglease - a.renewed) / 2 THEN false
        WHEN NOT a.has_backend OR a.jagpid = pg_catalog.pg_backend_pid()
            THEN a.jaglease < clock.at OR a.renewed < clock.at - (a.jaglease - a.renewed) / 6
        ELSE a.jaglease < clock.at
      END

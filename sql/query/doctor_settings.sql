-- Settings of the server and of this database. $1: our setting timezone, empty = no such table. $2: connections that an agent
-- may use for steps on one server.
WITH agents AS (
    SELECT greatest(1, count(*)) AS number
    FROM pgagent.pga_jobagent a
    JOIN pg_catalog.pg_stat_activity s ON s.pid = a.jagpid
), room AS (
    SELECT current_setting('max_connections')::int4 - current_setting('superuser_reserved_connections')::int4 AS connections
)
SELECT 'warning' AS severity,
       format('the server allows %s connections, but %s agent(s) may take %s for steps and 4 for themselves, each',
              room.connections, agents.number, $2::int4) AS what,
       'server' AS place, NULL::int8 AS id, NULL::text AS name, NULL::int8 AS jobid, NULL::text AS jobname,
       'raise max_connections, or give the agents a smaller --max-connections' AS mend
FROM room, agents
WHERE agents.number * ($2::int4 + 4) > room.connections
UNION ALL
SELECT 'note', 'the database''s encoding is SQL_ASCII: what steps print is kept without knowing its characters', 'database', NULL,
       current_database(), NULL, NULL, 'keep the tables in a database of encoding UTF8'
WHERE current_setting('server_encoding') = 'SQL_ASCII'
UNION ALL
SELECT 'note',
       format('the server''s time zone is %s, but jobs run by %s (setting timezone)', s.reset_val, $1::text), 'server', NULL, NULL,
       NULL, NULL, 'nothing, if that is meant; pgalmanac setup --timezone changes it'
FROM pg_catalog.pg_settings s
WHERE s.name = 'TimeZone' AND $1::text <> '' AND lower(s.reset_val) <> lower($1::text)
  AND NOT (s.reset_val IN ('UTC', 'Etc/UTC', 'GMT', 'Etc/GMT') AND $1::text IN ('UTC', 'Etc/UTC', 'GMT', 'Etc/GMT'))

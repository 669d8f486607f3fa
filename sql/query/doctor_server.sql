-- What the server is: its version, its time zone without what this session or role has set, and its clock.
SELECT pg_catalog.current_setting('server_version_num') AS version,
       (SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'TimeZone') AS timezone,
       (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::int8 AS now_us

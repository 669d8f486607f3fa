-- What each of the service's own sessions says first. Triggers know the agent by pgalmanac.agent; a lock that
-- somebody holds on a job must not hold up the log of all others; statements are planned once (from version 12 on), and
-- compiling one takes longer than all of them. The instant when the server was started tells it from others.
SELECT pg_catalog.set_config(name, value, false), pg_catalog.pg_postmaster_start_time() AS server
FROM (VALUES ('pgalmanac.agent', 'on', 0),
             ('synchronous_commit', 'on', 0),
             ('lock_timeout', '2s', 0),
             ('statement_timeout', '60s', 0),
             ('client_min_messages', 'warning', 0),
             ('default_transaction_isolation', 'read committed', 0),
             ('search_path', 'pg_catalog, pg_temp', 0),
             ('standard_conforming_strings', 'on', 0),
             ('idle_in_transaction_session_timeout', '0', 0),
             ('idle_session_timeout', '0', 140000),
             ('jit', 'off', 110000),
             ('transaction_timeout', '0', 170000),
             ('plan_cache_mode', 'force_generic_plan', 120000)) AS setting (name, value, since)
WHERE pg_catalog.current_setting('server_version_num')::int4 >= since

-- What each of the service's own sessions says first. Triggers know the agent by pgalmanac.agent; a lock that
-- somebody holds on a job must not hold up the log of all others.
SELECT pg_catalog.set_config(name, value, false)
FROM (VALUES ('pgalmanac.agent', 'on'),
             ('synchronous_commit', 'on'),
             ('lock_timeout', '2s'),
             ('statement_timeout', '60s'),
             ('client_min_messages', 'warning'),
             ('default_transaction_isolation', 'read committed'),
             ('search_path', 'pg_catalog, pg_temp')) AS setting (name, value)

-- On which timeline the server writes: it grows whenever a standby is promoted. Not in recovery; not everywhere readable.
SELECT pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8) AS timeline

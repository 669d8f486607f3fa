-- What pgAgent says of its tables: 3 (pgAgent 3.4) or 4.
SELECT pgagent.pgagent_schema_version()

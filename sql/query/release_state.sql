-- What release finds: our settings, and whether this server can compute with the time zone.
SELECT
    (SELECT s.setvalue FROM pgagent.pga_setting s WHERE s.setname = 'schema_version') AS schema_version,
    (SELECT s.setvalue FROM pgagent.pga_setting s WHERE s.setname = 'timezone') AS timezone,
    (SELECT pgagent.pga_zone_works(s.setvalue) FROM pgagent.pga_setting s WHERE s.setname = 'timezone') AS zone_works

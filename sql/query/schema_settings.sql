-- The two settings that setup reads before it does anything.
SELECT
    (SELECT s.setvalue FROM pgagent.pga_setting s WHERE s.setname = 'schema_version') AS schema_version,
    (SELECT s.setvalue FROM pgagent.pga_setting s WHERE s.setname = 'timezone') AS timezone

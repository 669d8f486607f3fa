-- Version of the tables, and where they were set up; NULL = not known.
SELECT (SELECT s.setvalue FROM pgagent.pga_setting s WHERE s.setname = 'schema_version') AS schema_version,
       (SELECT s.setvalue FROM pgagent.pga_setting s WHERE s.setname = 'identity') AS identity

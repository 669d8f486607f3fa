-- Part of the transaction of each file of sql/schema.
INSERT INTO pgagent.pga_setting (setname, setvalue, setdesc)
VALUES ('schema_version', $1, 'Number of the newest file of sql/schema that is installed; written by pgalmanac setup.')
ON CONFLICT (setname) DO UPDATE SET setvalue = EXCLUDED.setvalue

-- From now on the jobs belong here: agents run none in a copy of these tables.
INSERT INTO pgagent.pga_setting (setname, setvalue, setdesc)
VALUES ('identity', $1, 'Where the jobs run: system identifier of the server, number and name of the database; no agent runs them in a copy. Written by pgalmanac setup (--accept).')
ON CONFLICT (setname) DO UPDATE SET setvalue = EXCLUDED.setvalue

/* SPDX-License-Identifier: PostgreSQL */
/* A history that somebody may rely on is not cut without being asked. */
INSERT INTO pgagent.pga_setting (setname, setvalue)
VALUES ('retention', 'off')
ON CONFLICT (setname) DO UPDATE SET setvalue = excluded.setvalue;

/* SPDX-License-Identifier: PostgreSQL */
/* A history that somebody may rely on is not cut without being asked. */
INSERT INTO pgagent.pga_setting (setname, setvalue, setdesc)
VALUES ('retention', 'off', 'How long logs of runs are kept; off = for ever, as pgAgent did');

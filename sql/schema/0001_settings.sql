/* SPDX-License-Identifier: PostgreSQL */
/* The schema and its settings: what every agent on these tables must agree on. */

/* CREATE SCHEMA IF NOT EXISTS needs the right to create it even if it is there. */
DO $$
BEGIN
    IF to_regnamespace('pgagent') IS NULL THEN
        CREATE SCHEMA pgagent;
    END IF;
END;
$$;
COMMENT ON SCHEMA pgagent IS 'Jobs, their steps and schedules, and the log of what ran (pgAgent''s tables, served by pgAlmanac)';

CREATE TABLE pgagent.pga_setting (
    setname text NOT NULL PRIMARY KEY,
    setvalue text,
    setdesc text NOT NULL DEFAULT ''
);
COMMENT ON TABLE pgagent.pga_setting IS 'Settings that hold for all agents on these tables';
COMMENT ON COLUMN pgagent.pga_setting.setname IS 'Name of the setting';
COMMENT ON COLUMN pgagent.pga_setting.setvalue IS 'Its value as text';
COMMENT ON COLUMN pgagent.pga_setting.setdesc IS 'What it means';

INSERT INTO pgagent.pga_setting (setname, setvalue, setdesc)
VALUES ('timezone', current_setting('TimeZone'),
        'Time zone (IANA name) of all jobs and schedules that do not name their own');

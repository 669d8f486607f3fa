-- Two databases and two jobs to look at. Run again, it leaves what is there as it is.
SET client_min_messages = warning;
SELECT 'CREATE DATABASE quickstart_shop' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'quickstart_shop') \gexec
SELECT 'CREATE DATABASE quickstart_reports' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'quickstart_reports') \gexec

SELECT current_database() AS home \gset
\c quickstart_shop
SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS orders (id serial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), amount numeric NOT NULL);
\c quickstart_reports
SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS reports (id serial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), note text NOT NULL);
\c :home

-- As pgAdmin creates a job: one block with its steps and schedules.
DO $job$
DECLARE
    job integer;
BEGIN
    IF EXISTS (SELECT FROM pgagent.pga_job WHERE jobname = 'quickstart: every minute') THEN
        RETURN;
    END IF;
    INSERT INTO pgagent.pga_job (jobjclid, jobname, jobdesc)
    VALUES (1, 'quickstart: every minute', 'SQL, a script, and SQL in another database')
    RETURNING jobid INTO job;
    INSERT INTO pgagent.pga_jobstep (jstjobid, jstname, jstkind, jstdbname, jstcode) VALUES
        (job, '1 take orders', 's', 'quickstart_shop',
         'INSERT INTO orders (amount) SELECT round((random() * 100)::numeric, 2) FROM generate_series(1, 3)'),
        (job, '2 look at the disk', 'b', '',
         E'#!/bin/sh\necho "disk: $(df -P . | awk ''NR == 2 { print $5 }'') in use"'),
        (job, '3 write a report', 's', 'quickstart_reports',
         $step$DO $$
DECLARE
    number integer;
BEGIN
    INSERT INTO reports (note) VALUES ('written by a job') RETURNING id INTO number;
    RAISE NOTICE 'this is report %', number;
END $$$step$);
    INSERT INTO pgagent.pga_schedule (jscjobid, jscname) VALUES (job, 'every minute');
END $job$;

INSERT INTO pgagent.pga_job (jobjclid, jobname, jobdesc)
SELECT 1, 'quickstart: on demand', 'has no schedule: it runs when somebody says so'
WHERE NOT EXISTS (SELECT FROM pgagent.pga_job WHERE jobname = 'quickstart: on demand');
INSERT INTO pgagent.pga_jobstep (jstjobid, jstname, jstkind, jstdbname, jstcode)
SELECT j.jobid, 'say hello', 's', current_database(), 'DO $$BEGIN RAISE NOTICE ''hello from %'', current_database(); END$$'
FROM pgagent.pga_job j
WHERE j.jobname = 'quickstart: on demand'
  AND NOT EXISTS (SELECT FROM pgagent.pga_jobstep s WHERE s.jstjobid = j.jobid);

-- pgAdmin's "Run now".
UPDATE pgagent.pga_job SET jobnextrun = now() WHERE jobname = 'quickstart: on demand';

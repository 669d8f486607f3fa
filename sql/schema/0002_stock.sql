/* SPDX-License-Identifier: PostgreSQL */
/* pgAgent 4.2's eight tables: names, order, types, defaults, constraints and indexes are what pgAdmin, stock agents
 * and people's scripts rely on, and never change. What is ours is appended by the files that follow.
 *
 * IF NOT EXISTS, OR REPLACE: setup also runs this where a pgAgent has been, after it has looked that all is as here. */

CREATE TABLE IF NOT EXISTS pgagent.pga_jobagent (
    jagpid int4 NOT NULL PRIMARY KEY,
    jaglogintime timestamptz NOT NULL DEFAULT current_timestamp,
    jagstation text NOT NULL
);
COMMENT ON TABLE pgagent.pga_jobagent IS 'Agents that are at work';
COMMENT ON COLUMN pgagent.pga_jobagent.jagpid IS 'Process id of the server process behind the agent''s control connection';
COMMENT ON COLUMN pgagent.pga_jobagent.jaglogintime IS 'When the agent registered';
COMMENT ON COLUMN pgagent.pga_jobagent.jagstation IS 'Host that the agent runs on';

CREATE TABLE IF NOT EXISTS pgagent.pga_jobclass (
    jclid serial NOT NULL PRIMARY KEY,
    jclname text NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS pga_jobclass_name ON pgagent.pga_jobclass (jclname);
COMMENT ON TABLE pgagent.pga_jobclass IS 'Kinds of jobs, for people to sort them by';
COMMENT ON COLUMN pgagent.pga_jobclass.jclid IS 'Id of the class; 1 is what pgAdmin offers first';
COMMENT ON COLUMN pgagent.pga_jobclass.jclname IS 'Name of the class';

INSERT INTO pgagent.pga_jobclass (jclname)
SELECT name
FROM unnest(ARRAY['Routine Maintenance', 'Data Import', 'Data Export', 'Data Summarisation', 'Miscellaneous'])
    WITH ORDINALITY c (name, place)
WHERE NOT EXISTS (SELECT FROM pgagent.pga_jobclass)
ORDER BY place;

CREATE TABLE IF NOT EXISTS pgagent.pga_job (
    jobid serial NOT NULL PRIMARY KEY,
    jobjclid int4 NOT NULL REFERENCES pgagent.pga_jobclass (jclid) ON DELETE RESTRICT ON UPDATE RESTRICT,
    jobname text NOT NULL,
    jobdesc text NOT NULL DEFAULT '',
    jobhostagent text NOT NULL DEFAULT '',
    jobenabled bool NOT NULL DEFAULT true,
    jobcreated timestamptz NOT NULL DEFAULT current_timestamp,
    jobchanged timestamptz NOT NULL DEFAULT current_timestamp,
    jobagentid int4 NULL REFERENCES pgagent.pga_jobagent (jagpid) ON DELETE SET NULL ON UPDATE RESTRICT,
    jobnextrun timestamptz NULL,
    joblastrun timestamptz NULL
);
COMMENT ON TABLE pgagent.pga_job IS 'Jobs';
COMMENT ON COLUMN pgagent.pga_job.jobid IS 'Id of the job';
COMMENT ON COLUMN pgagent.pga_job.jobjclid IS 'Class of the job';
COMMENT ON COLUMN pgagent.pga_job.jobname IS 'Name of the job; need not be unique';
COMMENT ON COLUMN pgagent.pga_job.jobdesc IS 'Comment';
COMMENT ON COLUMN pgagent.pga_job.jobhostagent IS 'Host name or agent name that alone may run the job; empty = any agent';
COMMENT ON COLUMN pgagent.pga_job.jobenabled IS 'Whether the schedules start the job; a disabled job still runs when somebody asks for it';
COMMENT ON COLUMN pgagent.pga_job.jobcreated IS 'When the job was created';
COMMENT ON COLUMN pgagent.pga_job.jobchanged IS 'When its definition was last changed';
COMMENT ON COLUMN pgagent.pga_job.jobagentid IS 'Agent that runs the job now (jagpid); NULL = it is not running';
COMMENT ON COLUMN pgagent.pga_job.jobnextrun IS 'When the job runs next: by plan or because somebody asked. Setting it to a time asks for one run then; setting it to NULL plans anew';
COMMENT ON COLUMN pgagent.pga_job.joblastrun IS 'When the job was last started';

CREATE TABLE IF NOT EXISTS pgagent.pga_jobstep (
    jstid serial NOT NULL PRIMARY KEY,
    jstjobid int4 NOT NULL REFERENCES pgagent.pga_job (jobid) ON DELETE CASCADE ON UPDATE RESTRICT,
    jstname text NOT NULL,
    jstdesc text NOT NULL DEFAULT '',
    jstenabled bool NOT NULL DEFAULT true,
    jstkind char NOT NULL CONSTRAINT pga_jobstep_jstkind_check CHECK (jstkind IN ('b', 's')),
    jstcode text NOT NULL,
    jstconnstr text NOT NULL DEFAULT '' CONSTRAINT pga_jobstep_check
        CHECK ((jstconnstr != '' AND jstkind = 's') OR (jstconnstr = '' AND (jstkind = 'b' OR jstdbname != ''))),
    jstdbname name NOT NULL DEFAULT '' CONSTRAINT pga_jobstep_check1
        CHECK ((jstdbname != '' AND jstkind = 's') OR (jstdbname = '' AND (jstkind = 'b' OR jstconnstr != ''))),
    jstonerror char NOT NULL DEFAULT 'f' CONSTRAINT pga_jobstep_jstonerror_check CHECK (jstonerror IN ('f', 's', 'i')),
    jscnextrun timestamptz NULL
);
CREATE INDEX IF NOT EXISTS pga_jobstep_jobid ON pgagent.pga_jobstep (jstjobid);
COMMENT ON TABLE pgagent.pga_jobstep IS 'Steps of jobs, carried out in the order of their names';
COMMENT ON COLUMN pgagent.pga_jobstep.jstid IS 'Id of the step';
COMMENT ON COLUMN pgagent.pga_jobstep.jstjobid IS 'Job that the step belongs to';
COMMENT ON COLUMN pgagent.pga_jobstep.jstname IS 'Name of the step; steps run in the text order of their names';
COMMENT ON COLUMN pgagent.pga_jobstep.jstdesc IS 'Comment';
COMMENT ON COLUMN pgagent.pga_jobstep.jstenabled IS 'Whether the step is carried out';
COMMENT ON COLUMN pgagent.pga_jobstep.jstkind IS 'Kind of step: s = SQL, b = batch (a script on the agent''s host)';
COMMENT ON COLUMN pgagent.pga_jobstep.jstcode IS 'The SQL or the script';
COMMENT ON COLUMN pgagent.pga_jobstep.jstconnstr IS 'SQL: connection string of the database to run in, if it is on another server';
COMMENT ON COLUMN pgagent.pga_jobstep.jstdbname IS 'SQL: database of the agent''s own server to run in';
COMMENT ON COLUMN pgagent.pga_jobstep.jstonerror IS 'When the step fails: f = the job fails, s = count it as a success and go on, i = ignore it and go on';
COMMENT ON COLUMN pgagent.pga_jobstep.jscnextrun IS 'Not used';

CREATE TABLE IF NOT EXISTS pgagent.pga_schedule (
    jscid serial NOT NULL PRIMARY KEY,
    jscjobid int4 NOT NULL REFERENCES pgagent.pga_job (jobid) ON DELETE CASCADE ON UPDATE RESTRICT,
    jscname text NOT NULL,
    jscdesc text NOT NULL DEFAULT '',
    jscenabled bool NOT NULL DEFAULT true,
    jscstart timestamptz NOT NULL DEFAULT current_timestamp,
    jscend timestamptz NULL,
    jscminutes bool[60] NOT NULL DEFAULT '{f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f}',
    jschours bool[24] NOT NULL DEFAULT '{f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f}',
    jscweekdays bool[7] NOT NULL DEFAULT '{f,f,f,f,f,f,f}',
    jscmonthdays bool[32] NOT NULL DEFAULT '{f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f}',
    jscmonths bool[12] NOT NULL DEFAULT '{f,f,f,f,f,f,f,f,f,f,f,f}',
    CONSTRAINT pga_schedule_jscminutes_size CHECK (array_upper(jscminutes, 1) = 60),
    CONSTRAINT pga_schedule_jschours_size CHECK (array_upper(jschours, 1) = 24),
    CONSTRAINT pga_schedule_jscweekdays_size CHECK (array_upper(jscweekdays, 1) = 7),
    CONSTRAINT pga_schedule_jscmonthdays_size CHECK (array_upper(jscmonthdays, 1) = 32),
    CONSTRAINT pga_schedule_jscmonths_size CHECK (array_upper(jscmonths, 1) = 12)
);
CREATE INDEX IF NOT EXISTS pga_jobschedule_jobid ON pgagent.pga_schedule (jscjobid);
COMMENT ON TABLE pgagent.pga_schedule IS 'Schedules of jobs: a job runs at every minute that all five lists allow; a list without any true allows everything';
COMMENT ON COLUMN pgagent.pga_schedule.jscid IS 'Id of the schedule';
COMMENT ON COLUMN pgagent.pga_schedule.jscjobid IS 'Job that the schedule belongs to';
COMMENT ON COLUMN pgagent.pga_schedule.jscname IS 'Name of the schedule';
COMMENT ON COLUMN pgagent.pga_schedule.jscdesc IS 'Comment';
COMMENT ON COLUMN pgagent.pga_schedule.jscenabled IS 'Whether the schedule counts';
COMMENT ON COLUMN pgagent.pga_schedule.jscstart IS 'No run before this instant';
COMMENT ON COLUMN pgagent.pga_schedule.jscend IS 'No run after this instant; NULL = for ever';
COMMENT ON COLUMN pgagent.pga_schedule.jscminutes IS 'Minutes of the hour, 0 to 59';
COMMENT ON COLUMN pgagent.pga_schedule.jschours IS 'Hours of the day, 0 to 23';
COMMENT ON COLUMN pgagent.pga_schedule.jscweekdays IS 'Days of the week, from Sunday on';
COMMENT ON COLUMN pgagent.pga_schedule.jscmonthdays IS 'Days of the month, 1 to 31; the 32nd stands for the last day, whatever its number';
COMMENT ON COLUMN pgagent.pga_schedule.jscmonths IS 'Months, from January on';

CREATE TABLE IF NOT EXISTS pgagent.pga_exception (
    jexid serial NOT NULL PRIMARY KEY,
    jexscid int4 NOT NULL REFERENCES pgagent.pga_schedule (jscid) ON DELETE CASCADE ON UPDATE RESTRICT,
    jexdate date NULL,
    jextime time NULL
);
CREATE INDEX IF NOT EXISTS pga_exception_jexscid ON pgagent.pga_exception (jexscid);
CREATE UNIQUE INDEX IF NOT EXISTS pga_exception_datetime ON pgagent.pga_exception (jexdate, jextime);
COMMENT ON TABLE pgagent.pga_exception IS 'When a schedule does not run its job: a day, a time of every day, or a time of one day';
COMMENT ON COLUMN pgagent.pga_exception.jexid IS 'Id of the exception';
COMMENT ON COLUMN pgagent.pga_exception.jexscid IS 'Schedule that the exception belongs to';
COMMENT ON COLUMN pgagent.pga_exception.jexdate IS 'Local date; NULL = every day';
COMMENT ON COLUMN pgagent.pga_exception.jextime IS 'Local time, to the minute; NULL = the whole day';

CREATE TABLE IF NOT EXISTS pgagent.pga_joblog (
    jlgid serial NOT NULL PRIMARY KEY,
    jlgjobid int4 NOT NULL REFERENCES pgagent.pga_job (jobid) ON DELETE CASCADE ON UPDATE RESTRICT,
    jlgstatus char NOT NULL DEFAULT 'r' CONSTRAINT pga_joblog_jlgstatus_check CHECK (jlgstatus IN ('r', 's', 'f', 'i', 'd')),
    jlgstart timestamptz NOT NULL DEFAULT current_timestamp,
    jlgduration interval NULL
);
CREATE INDEX IF NOT EXISTS pga_joblog_jobid ON pgagent.pga_joblog (jlgjobid);
COMMENT ON TABLE pgagent.pga_joblog IS 'Runs of jobs';
COMMENT ON COLUMN pgagent.pga_joblog.jlgid IS 'Id of the run';
COMMENT ON COLUMN pgagent.pga_joblog.jlgjobid IS 'Job that ran';
COMMENT ON COLUMN pgagent.pga_joblog.jlgstatus IS 'How it ended: r = still running, s = success, f = failed, i = nothing to do or it could not be started, d = stopped before its end (it may have done part of its work)';
COMMENT ON COLUMN pgagent.pga_joblog.jlgstart IS 'When it started';
COMMENT ON COLUMN pgagent.pga_joblog.jlgduration IS 'How long it took';

CREATE TABLE IF NOT EXISTS pgagent.pga_jobsteplog (
    jslid serial NOT NULL PRIMARY KEY,
    jsljlgid int4 NOT NULL REFERENCES pgagent.pga_joblog (jlgid) ON DELETE CASCADE ON UPDATE RESTRICT,
    jsljstid int4 NOT NULL REFERENCES pgagent.pga_jobstep (jstid) ON DELETE CASCADE ON UPDATE RESTRICT,
    jslstatus char NOT NULL DEFAULT 'r' CONSTRAINT pga_jobsteplog_jslstatus_check CHECK (jslstatus IN ('r', 's', 'i', 'f', 'd')),
    jslresult int4 NULL,
    jslstart timestamptz NOT NULL DEFAULT current_timestamp,
    jslduration interval NULL,
    jsloutput text
);
CREATE INDEX IF NOT EXISTS pga_jobsteplog_jslid ON pgagent.pga_jobsteplog (jsljlgid);
COMMENT ON TABLE pgagent.pga_jobsteplog IS 'Steps of runs';
COMMENT ON COLUMN pgagent.pga_jobsteplog.jslid IS 'Id of the entry';
COMMENT ON COLUMN pgagent.pga_jobsteplog.jsljlgid IS 'Run that the step was part of';
COMMENT ON COLUMN pgagent.pga_jobsteplog.jsljstid IS 'Step that was carried out';
COMMENT ON COLUMN pgagent.pga_jobsteplog.jslstatus IS 'How it ended: r = still running, s = success, f = failed and stopped the job, i = failed and was ignored, d = stopped before its end';
COMMENT ON COLUMN pgagent.pga_jobsteplog.jslresult IS 'SQL: rows that the last command touched, -1 = error; batch: exit code';
COMMENT ON COLUMN pgagent.pga_jobsteplog.jslstart IS 'When it started';
COMMENT ON COLUMN pgagent.pga_jobsteplog.jslduration IS 'How long it took';
COMMENT ON COLUMN pgagent.pga_jobsteplog.jsloutput IS 'What it printed or why it failed';

CREATE OR REPLACE FUNCTION pgagent.pgagent_schema_version() RETURNS int2
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN 4;
END;
$$;
COMMENT ON FUNCTION pgagent.pgagent_schema_version() IS 'Version of pgAgent''s tables, which its agents ask for: 4';

CREATE OR REPLACE FUNCTION pgagent.pga_is_leap_year(int2) RETURNS bool
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN ($1 % 4 = 0 AND $1 % 100 <> 0) OR $1 % 400 = 0;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_is_leap_year(int2) IS 'Whether a year has a 29th of February';

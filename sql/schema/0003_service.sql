/* SPDX-License-Identifier: PostgreSQL */
/* What pgAlmanac appends to pgAgent's tables and sets beside them. Every default means what pgAgent does. */

ALTER TABLE pgagent.pga_jobagent
    ADD COLUMN jaguuid uuid,
    ADD COLUMN jagname text,
    ADD COLUMN jagversion text,
    ADD COLUMN jagepoch int8,
    ADD COLUMN jaglease timestamptz,
    ADD COLUMN jagrenewed timestamptz,
    ADD COLUMN jagdead timestamptz,
    ADD COLUMN jagbackendstart timestamptz;
COMMENT ON COLUMN pgagent.pga_jobagent.jaguuid IS 'Identity of the agent for as long as it lives; NULL = a pgAgent';
COMMENT ON COLUMN pgagent.pga_jobagent.jagname IS 'Name of the agent, by default its host''s';
COMMENT ON COLUMN pgagent.pga_jobagent.jagversion IS 'Version of the agent''s program';
COMMENT ON COLUMN pgagent.pga_jobagent.jagepoch IS 'Number that grows whenever an agent begins anew; what an older one still writes is refused';
COMMENT ON COLUMN pgagent.pga_jobagent.jaglease IS 'The agent counts as alive until then, by the database''s clock';
COMMENT ON COLUMN pgagent.pga_jobagent.jagrenewed IS 'Its last sign of life; the time from here to jaglease is the length of its lease';
COMMENT ON COLUMN pgagent.pga_jobagent.jagdead IS 'Declared dead then: what it still writes is refused. The row goes when all that it left is closed';
COMMENT ON COLUMN pgagent.pga_jobagent.jagbackendstart IS 'When the server process jagpid was started; tells it from a later one with the same number';

ALTER TABLE pgagent.pga_job
    ADD COLUMN jobtimezone text,
    ADD COLUMN jobtimeout interval CONSTRAINT pga_job_jobtimeout_check CHECK (jobtimeout > interval '0'),
    ADD COLUMN jobreplan bool NOT NULL DEFAULT true,
    ADD COLUMN jobplanned timestamptz,
    ADD COLUMN joblastslot timestamptz,
    ADD COLUMN jobrevision int4 NOT NULL DEFAULT 0;
COMMENT ON COLUMN pgagent.pga_job.jobtimezone IS 'Time zone (IANA name) of the job''s schedules; NULL = the setting timezone';
COMMENT ON COLUMN pgagent.pga_job.jobtimeout IS 'A run that takes longer is stopped; NULL = no limit';
COMMENT ON COLUMN pgagent.pga_job.jobreplan IS 'Its plan is out of date; an agent plans it anew (service)';
COMMENT ON COLUMN pgagent.pga_job.jobplanned IS 'When the schedules ask for the next run; NULL = never, or not planned yet (service)';
COMMENT ON COLUMN pgagent.pga_job.joblastslot IS 'Plans are later than this (service)';
COMMENT ON COLUMN pgagent.pga_job.jobrevision IS 'Grows with each change that may alter the plan or whether the job runs (service)';

ALTER TABLE pgagent.pga_jobstep
    ADD COLUMN jsttimeout interval CONSTRAINT pga_jobstep_jsttimeout_check CHECK (jsttimeout > interval '0');
COMMENT ON COLUMN pgagent.pga_jobstep.jsttimeout IS 'A step that takes longer is stopped; NULL = no limit';

ALTER TABLE pgagent.pga_schedule
    ADD COLUMN jsctimezone text,
    ADD COLUMN jsclastslot timestamptz;
COMMENT ON COLUMN pgagent.pga_schedule.jsctimezone IS 'Time zone (IANA name) of this schedule; NULL = the job''s';
COMMENT ON COLUMN pgagent.pga_schedule.jsclastslot IS 'Last slot of this schedule that was taken (service)';

ALTER TABLE pgagent.pga_joblog
    ADD COLUMN jlgscheduled timestamptz,
    ADD COLUMN jlglabel text,
    ADD COLUMN jlgtrigger text,
    ADD COLUMN jlgslots int4 NOT NULL DEFAULT 1,
    ADD COLUMN jlgjscid int4,
    ADD COLUMN jlgrulid int4,
    ADD COLUMN jlgattempt int4 NOT NULL DEFAULT 1,
    ADD COLUMN jlgagent text,
    ADD COLUMN jlgepoch int8,
    ADD COLUMN jlgbatch uuid,
    ADD COLUMN jlgby name,
    ADD COLUMN jlgreason text;
COMMENT ON COLUMN pgagent.pga_joblog.jlgscheduled IS 'Slot that the run is for: when it was due';
COMMENT ON COLUMN pgagent.pga_joblog.jlglabel IS 'The slot''s local date, time and zone';
COMMENT ON COLUMN pgagent.pga_joblog.jlgtrigger IS 'Why it ran: schedule, manual, missed, queue, startup, restart (again, its agent died) ...; NULL = run by a pgAgent';
COMMENT ON COLUMN pgagent.pga_joblog.jlgslots IS 'How many slots the run stands for; more than 1 after nobody could run them';
COMMENT ON COLUMN pgagent.pga_joblog.jlgjscid IS 'Schedule that asked for it (need not exist any more)';
COMMENT ON COLUMN pgagent.pga_joblog.jlgrulid IS 'Rule that asked for it (need not exist any more)';
COMMENT ON COLUMN pgagent.pga_joblog.jlgattempt IS '1 = the first attempt, more = retries';
COMMENT ON COLUMN pgagent.pga_joblog.jlgagent IS 'Name of the agent that ran it';
COMMENT ON COLUMN pgagent.pga_joblog.jlgepoch IS 'The agent''s epoch when it started';
COMMENT ON COLUMN pgagent.pga_joblog.jlgbatch IS 'Claim that opened this row (service)';
COMMENT ON COLUMN pgagent.pga_joblog.jlgby IS 'Login that asked for the run; NULL = the schedule';
COMMENT ON COLUMN pgagent.pga_joblog.jlgreason IS 'Why it ended as it did, in plain words, unless its steps tell';

ALTER TABLE pgagent.pga_jobsteplog
    ADD COLUMN jslattempt int4 NOT NULL DEFAULT 1,
    ADD COLUMN jslsqlstate char(5),
    ADD COLUMN jslpid int4,
    ADD COLUMN jslpidstart timestamptz,
    ADD COLUMN jslhost text;
COMMENT ON COLUMN pgagent.pga_jobsteplog.jslattempt IS '1 = the first attempt of this step, more = retries';
COMMENT ON COLUMN pgagent.pga_jobsteplog.jslsqlstate IS 'SQL: code of the error, as in the PostgreSQL manual';
COMMENT ON COLUMN pgagent.pga_jobsteplog.jslpid IS 'Process that carried it out: of the server (SQL) or on the agent''s host (batch)';
COMMENT ON COLUMN pgagent.pga_jobsteplog.jslpidstart IS 'When that process was started; tells it from a later one with the same number';
COMMENT ON COLUMN pgagent.pga_jobsteplog.jslhost IS 'Host of that process';

CREATE TABLE pgagent.pga_request (
    reqid bigserial NOT NULL PRIMARY KEY,
    reqkind text NOT NULL CONSTRAINT pga_request_reqkind_check CHECK (reqkind IN ('run', 'cancel', 'skip')),
    reqjobid int4 NOT NULL REFERENCES pgagent.pga_job (jobid) ON DELETE CASCADE ON UPDATE RESTRICT,
    reqjlgid int8,
    reqat timestamptz NOT NULL DEFAULT now(),
    reqdue timestamptz NOT NULL DEFAULT now(),
    reqby name DEFAULT session_user,
    reqparams jsonb
);
COMMENT ON TABLE pgagent.pga_request IS 'What people ask of the agents and no agent has taken yet; a row goes when it is taken';
COMMENT ON COLUMN pgagent.pga_request.reqid IS 'Id of the request';
COMMENT ON COLUMN pgagent.pga_request.reqkind IS 'run = run the job once, cancel = stop it, skip = leave out its next slot';
COMMENT ON COLUMN pgagent.pga_request.reqjobid IS 'Job that it is about';
COMMENT ON COLUMN pgagent.pga_request.reqjlgid IS 'cancel: the run to stop; NULL = all runs of the job';
COMMENT ON COLUMN pgagent.pga_request.reqat IS 'When it was asked for';
COMMENT ON COLUMN pgagent.pga_request.reqdue IS 'When it is to be done';
COMMENT ON COLUMN pgagent.pga_request.reqby IS 'Login that asked for it; NULL = an agent itself';
COMMENT ON COLUMN pgagent.pga_request.reqparams IS 'run: parameters for this run';

CREATE TABLE pgagent.pga_skipped (
    skpid bigserial NOT NULL PRIMARY KEY,
    skpjobid int4 NOT NULL REFERENCES pgagent.pga_job (jobid) ON DELETE CASCADE ON UPDATE RESTRICT,
    skpfrom timestamptz NOT NULL,
    skpto timestamptz NOT NULL,
    skpslots int4 NOT NULL DEFAULT 1,
    skpreason text NOT NULL,
    skpdetail text,
    skpat timestamptz NOT NULL DEFAULT now(),
    skpagent text
);
COMMENT ON TABLE pgagent.pga_skipped IS 'Slots that were due and did not run: one row for each stretch of them';
COMMENT ON COLUMN pgagent.pga_skipped.skpid IS 'Id of the entry';
COMMENT ON COLUMN pgagent.pga_skipped.skpjobid IS 'Job that did not run';
COMMENT ON COLUMN pgagent.pga_skipped.skpfrom IS 'First slot that was skipped';
COMMENT ON COLUMN pgagent.pga_skipped.skpto IS 'Last slot that was skipped, or the instant up to which all were';
COMMENT ON COLUMN pgagent.pga_skipped.skpslots IS 'How many slots; skpdetail says so if it is only a lower bound';
COMMENT ON COLUMN pgagent.pga_skipped.skpreason IS 'Why, in one word: busy (still running), missed (nobody could run it), disabled, replanned (edited while it was due), no-agent ...';
COMMENT ON COLUMN pgagent.pga_skipped.skpdetail IS 'Why, in a sentence';
COMMENT ON COLUMN pgagent.pga_skipped.skpat IS 'When this was written';
COMMENT ON COLUMN pgagent.pga_skipped.skpagent IS 'Agent that wrote it; NULL = a trigger did';

CREATE TABLE pgagent.pga_agentlog (
    aglid bigserial NOT NULL PRIMARY KEY,
    aglat timestamptz NOT NULL DEFAULT now(),
    aglagent text,
    agllevel text NOT NULL,
    agljobid int4,
    aglmessage text NOT NULL,
    aglkey uuid
);
COMMENT ON TABLE pgagent.pga_agentlog IS 'Warnings and errors of agents, so that nobody has to look for a log file; old ones are removed';
COMMENT ON COLUMN pgagent.pga_agentlog.aglid IS 'Id of the message';
COMMENT ON COLUMN pgagent.pga_agentlog.aglat IS 'When it was written';
COMMENT ON COLUMN pgagent.pga_agentlog.aglagent IS 'Agent that says so';
COMMENT ON COLUMN pgagent.pga_agentlog.agllevel IS 'error, warning or info';
COMMENT ON COLUMN pgagent.pga_agentlog.agljobid IS 'Job that it is about (need not exist any more); NULL = the agent itself';
COMMENT ON COLUMN pgagent.pga_agentlog.aglmessage IS 'The message';
COMMENT ON COLUMN pgagent.pga_agentlog.aglkey IS 'By which it is written once only, also if it is sent again after a lost connection (service)';

CREATE SEQUENCE pgagent.pga_epoch_seq;
COMMENT ON SEQUENCE pgagent.pga_epoch_seq IS 'Epochs of agents (jagepoch)';

/* The same holiday may be an exception of many schedules. */
DROP INDEX pgagent.pga_exception_datetime;
CREATE UNIQUE INDEX pga_exception_datetime ON pgagent.pga_exception (jexscid, jexdate, jextime);

CREATE INDEX pga_job_nextrun ON pgagent.pga_job (jobnextrun) WHERE jobnextrun IS NOT NULL;
CREATE INDEX pga_job_replan ON pgagent.pga_job (jobid) WHERE jobreplan;
CREATE INDEX pga_joblog_running ON pgagent.pga_joblog (jlgjobid) WHERE jlgstatus = 'r';
CREATE INDEX pga_jobsteplog_jstid ON pgagent.pga_jobsteplog (jsljstid, jslid);
CREATE INDEX pga_request_due ON pgagent.pga_request (reqdue);
CREATE INDEX pga_request_jobid ON pgagent.pga_request (reqjobid);
CREATE INDEX pga_skipped_jobid ON pgagent.pga_skipped (skpjobid, skpid);
CREATE INDEX pga_skipped_left_out ON pgagent.pga_skipped (skpjobid, skpfrom) WHERE skpreason = 'skipped';
CREATE UNIQUE INDEX pga_agentlog_key ON pgagent.pga_agentlog (aglkey);
CREATE INDEX pga_agentlog_at ON pgagent.pga_agentlog (aglat);

/* Rows of these tables are rewritten at each run: room for HOT updates, and autovacuum long before a fifth is dead. */
ALTER TABLE pgagent.pga_job SET
    (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
ALTER TABLE pgagent.pga_jobagent SET
    (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100);
ALTER TABLE pgagent.pga_request SET
    (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
ALTER TABLE pgagent.pga_joblog SET
    (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
     autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE pgagent.pga_jobsteplog SET
    (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
     autovacuum_analyze_scale_factor = 0.02);

/* The first statement of every transaction in which an agent writes: nobody can declare it dead until that ends, and one
 * that was writes nothing. */
CREATE FUNCTION pgagent.pga_fence(uuid, int8) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM pgagent.pga_jobagent
    WHERE jaguuid = $1 AND jagepoch = $2 AND jagdead IS NULL
    FOR KEY SHARE SKIP LOCKED;
    IF FOUND THEN
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM pgagent.pga_jobagent WHERE jaguuid = $1 AND jagepoch = $2 AND jagdead IS NULL) THEN
        RAISE EXCEPTION 'somebody has locked the row of this agent in the register' USING ERRCODE = 'lock_not_available';
    END IF;
    RAISE EXCEPTION 'this agent was declared dead' USING ERRCODE = 'PGA01';
END;
$$;
COMMENT ON FUNCTION pgagent.pga_fence(uuid, int8)
IS 'Fails unless that agent (jaguuid, jagepoch) is in the register; until the transaction ends it cannot be declared dead (service)';

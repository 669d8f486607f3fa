/* SPDX-License-Identifier: PostgreSQL */
/* Third part of the transaction in which the tables go back to pgAgent: its own triggers, on the corrected planning. */

/* The zone is that of the setting, whatever session asks: pgAgent reads schedules in the zone of whoever edits them. */
CREATE OR REPLACE FUNCTION pgagent.pga_next_schedule(int4, timestamptz, timestamptz, bool[], bool[], bool[], bool[], bool[])
RETURNS timestamptz
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET timezone FROM CURRENT AS $$
DECLARE
    dates date[];
    times time[];
BEGIN
    SELECT array_agg(jexdate), array_agg(jextime) INTO dates, times FROM pgagent.pga_exception WHERE jexscid = $1;
    RETURN pgagent.pga_schedule_after(now(), current_setting('TimeZone'), $2, $3, $4, $5, $6, $7, $8, dates, times);
END;
$$;
COMMENT ON FUNCTION pgagent.pga_next_schedule(int4, timestamptz, timestamptz, bool[], bool[], bool[], bool[], bool[])
IS 'Next run of a schedule, read in the time zone that this function is set to (ALTER FUNCTION); NULL = never';

CREATE OR REPLACE FUNCTION pgagent.pga_job_trigger() RETURNS trigger
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT NEW.jobenabled THEN
        NEW.jobnextrun := NULL;
    ELSIF NEW.jobnextrun IS NULL THEN
        SELECT min(pgagent.pga_next_schedule(jscid, jscstart, jscend, jscminutes, jschours, jscweekdays, jscmonthdays, jscmonths))
        INTO NEW.jobnextrun
        FROM pgagent.pga_schedule
        WHERE jscjobid = OLD.jobid AND jscenabled;
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_job_trigger() IS 'Plans an enabled job that has no next run';

CREATE OR REPLACE FUNCTION pgagent.pga_schedule_trigger() RETURNS trigger
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    job int4;
BEGIN
    IF TG_OP = 'DELETE' THEN
        job := OLD.jscjobid;
    ELSE
        job := NEW.jscjobid;
    END IF;
    UPDATE pgagent.pga_job SET jobnextrun = NULL WHERE jobenabled AND jobid = job;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_schedule_trigger() IS 'Plans the job anew when a schedule changes';

CREATE OR REPLACE FUNCTION pgagent.pga_exception_trigger() RETURNS trigger
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    schedule int4;
BEGIN
    IF TG_OP = 'DELETE' THEN
        schedule := OLD.jexscid;
    ELSE
        schedule := NEW.jexscid;
    END IF;
    UPDATE pgagent.pga_job SET jobnextrun = NULL
    WHERE jobenabled AND jobid = (SELECT jscjobid FROM pgagent.pga_schedule WHERE jscid = schedule);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_exception_trigger() IS 'Plans the job anew when an exception changes';

CREATE TRIGGER pga_job_trigger BEFORE UPDATE ON pgagent.pga_job
FOR EACH ROW EXECUTE PROCEDURE pgagent.pga_job_trigger();
COMMENT ON TRIGGER pga_job_trigger ON pgagent.pga_job IS 'Plans an enabled job that has no next run';
CREATE TRIGGER pga_schedule_trigger AFTER INSERT OR UPDATE OR DELETE ON pgagent.pga_schedule
FOR EACH ROW EXECUTE PROCEDURE pgagent.pga_schedule_trigger();
COMMENT ON TRIGGER pga_schedule_trigger ON pgagent.pga_schedule IS 'Plans the job anew when a schedule changes';
CREATE TRIGGER pga_exception_trigger AFTER INSERT OR UPDATE OR DELETE ON pgagent.pga_exception
FOR EACH ROW EXECUTE PROCEDURE pgagent.pga_exception_trigger();
COMMENT ON TRIGGER pga_exception_trigger ON pgagent.pga_exception IS 'Plans the job anew when an exception changes';

COMMENT ON COLUMN pgagent.pga_job.jobhostagent IS 'Host name that alone may run the job; empty = any';
COMMENT ON COLUMN pgagent.pga_job.jobenabled IS 'Whether the job runs';
COMMENT ON COLUMN pgagent.pga_job.jobnextrun IS 'When the job runs next; setting it to NULL plans anew';

ALTER TABLE pgagent.pga_job RESET
    (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
ALTER TABLE pgagent.pga_jobagent RESET
    (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
ALTER TABLE pgagent.pga_joblog RESET
    (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_analyze_scale_factor);
ALTER TABLE pgagent.pga_jobsteplog RESET
    (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_analyze_scale_factor);

UPDATE pgagent.pga_job SET jobnextrun = NULL WHERE jobenabled AND jobnextrun IS NULL AND jobagentid IS NULL;

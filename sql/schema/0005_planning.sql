/* SPDX-License-Identifier: PostgreSQL */
/* Plans, and the triggers that keep them while people edit. The agents write their own columns and are left alone:
 * their sessions set pgalmanac.agent = 'on'.
 *
 * Planning never raises and is always bounded: what cannot be planned here is NULL, and an agent looks into it. No
 * trigger writes within a subtransaction or touches other jobs' rows, because pgAdmin finds what it created by xmin.
 *
 * OR REPLACE: these functions stay when the tables are given back to pgAgent, and are found when they are taken again. */

/* ---- Jobs ---- */

CREATE FUNCTION pgagent.pga_job_before_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.jobtimezone IS NOT NULL THEN
        PERFORM pgagent.pga_check_zone(NEW.jobtimezone, format('job "%s"', NEW.jobname));
    END IF;
    /* There is nothing to plan yet: its schedules come later, and each of them plans. */
    NEW.jobplanned := NULL;
    NEW.joblastslot := NULL;
    NEW.jobreplan := false;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_job_before_insert() IS 'A new job has no plan';

/* A next run set by hand is a wish to run once then. It can be written down only now that the job is there. */
CREATE FUNCTION pgagent.pga_job_after_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    agent text := current_setting('pgalmanac.agent', true);
BEGIN
    PERFORM pg_notify('pgalmanac', '');
    IF NEW.jobnextrun IS NOT NULL THEN
        PERFORM set_config('pgalmanac.agent', 'on', true);
        INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqdue) VALUES ('run', NEW.jobid, NEW.jobnextrun);
        UPDATE pgagent.pga_job SET jobnextrun = NULL WHERE jobid = NEW.jobid AND NOT jobenabled;
        PERFORM set_config('pgalmanac.agent', coalesce(agent, ''), true);
    END IF;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_job_after_insert() IS 'A next run given with a new job is a request to run it then';

CREATE OR REPLACE FUNCTION pgagent.pga_job_trigger() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    agent text := current_setting('pgalmanac.agent', true);
    is_replanned bool;
    is_wish bool := NEW.jobnextrun IS NOT NULL AND NEW.jobnextrun IS DISTINCT FROM OLD.jobnextrun;
BEGIN
    /* A pgAgent's claim. It looks every few seconds and claims later: perhaps what another agent has run meanwhile. The
     * next run stays as it is, because a pgAgent clears it itself at the end. */
    IF OLD.jobagentid IS NULL AND NEW.jobagentid IS NOT NULL THEN
        IF NOT OLD.jobenabled OR OLD.jobnextrun IS NULL OR OLD.jobnextrun > now() THEN
            RETURN NULL;
        END IF;
        PERFORM set_config('pgalmanac.agent', 'on', true);
        DELETE FROM pgagent.pga_request WHERE reqjobid = OLD.jobid AND reqkind = 'run' AND reqdue <= now();
        PERFORM set_config('pgalmanac.agent', coalesce(agent, ''), true);
        RETURN NEW;
    END IF;

    IF NEW.jobtimezone IS DISTINCT FROM OLD.jobtimezone AND NEW.jobtimezone IS NOT NULL THEN
        PERFORM pgagent.pga_check_zone(NEW.jobtimezone, format('job "%s"', NEW.jobname));
    END IF;
    IF NEW.jobchanged IS NOT DISTINCT FROM OLD.jobchanged
       AND (NEW.jobjclid, NEW.jobname, NEW.jobdesc, NEW.jobhostagent, NEW.jobenabled, NEW.jobtimezone, NEW.jobtimeout)
           IS DISTINCT FROM
           (OLD.jobjclid, OLD.jobname, OLD.jobdesc, OLD.jobhostagent, OLD.jobenabled, OLD.jobtimezone, OLD.jobtimeout) THEN
        NEW.jobchanged := now();
    END IF;

    /* pgAgent's rule, that an enabled job without a next run is planned, plus what else changes the plan. One that waits for an
     * agent to plan it is left waiting if its schedules have not changed (that counts its revision on). */
    is_replanned := NEW.jobenabled
        AND (NOT OLD.jobenabled OR NEW.jobtimezone IS DISTINCT FROM OLD.jobtimezone
             OR (NEW.jobnextrun IS NULL AND NOT (OLD.jobreplan AND NEW.jobrevision = OLD.jobrevision)));
    IF is_replanned OR NEW.jobenabled <> OLD.jobenabled
       OR (NEW.jobtimezone, NEW.jobhostagent) IS DISTINCT FROM (OLD.jobtimezone, OLD.jobhostagent) THEN
        NEW.jobrevision := OLD.jobrevision + 1;
    END IF;

    /* What was due is passed over, but not silently. While a pgAgent runs the job, its plan is the slot that runs. */
    IF (is_replanned OR NOT NEW.jobenabled) AND OLD.jobplanned <= now()
       AND (OLD.jobagentid IS NULL OR EXISTS (SELECT FROM pgagent.pga_jobagent
                                              WHERE jagpid = OLD.jobagentid AND jaguuid IS NOT NULL)) THEN
        INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpreason, skpdetail)
        VALUES (OLD.jobid, OLD.jobplanned, now(),
                CASE WHEN OLD.jobagentid IS NOT NULL THEN 'busy' WHEN NEW.jobenabled THEN 'replanned' ELSE 'disabled' END,
                CASE WHEN OLD.jobagentid IS NOT NULL THEN 'the job was still running when it was edited'
                     WHEN NEW.jobenabled THEN 'the job was edited while it was due'
                     ELSE 'the job was disabled while it was due' END || '; at least one slot');
    ELSIF (is_replanned OR NOT NEW.jobenabled) AND OLD.jobenabled AND OLD.jobreplan AND OLD.jobplanned IS NULL
          AND OLD.joblastslot < now() - interval '1 s' THEN
        /* No agent was there to plan it: what its former schedules asked for meanwhile nobody will ever work out. */
        INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpslots, skpreason, skpdetail)
        VALUES (OLD.jobid, OLD.joblastslot + interval '1 microsecond', now(), 0,
                CASE WHEN NEW.jobenabled THEN 'replanned' ELSE 'disabled' END,
                'the job was ' || CASE WHEN NEW.jobenabled THEN 'edited' ELSE 'disabled' END
                || ' again before an agent had planned it; slots that were due meanwhile, if any, are not known');
    END IF;

    IF OLD.jobenabled AND NOT NEW.jobenabled THEN
        /* So is a slot that waits for the end of the run before it. A run whose agent died is not repeated. */
        PERFORM set_config('pgalmanac.agent', 'on', true);
        WITH gone AS (
            DELETE FROM pgagent.pga_request
            WHERE reqjobid = OLD.jobid AND reqkind = 'run' AND reqtrigger IN ('queue', 'restart') RETURNING reqdue, reqtrigger
        )
        INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpreason, skpdetail)
        SELECT OLD.jobid, reqdue, reqdue, 'disabled',
               'the job was disabled while this slot waited for the end of the run before it'
        FROM gone WHERE reqtrigger = 'queue';
        PERFORM set_config('pgalmanac.agent', coalesce(agent, ''), true);
    END IF;
    IF NOT NEW.jobenabled THEN
        NEW.jobplanned := NULL;
        NEW.jobreplan := false;
    ELSIF is_replanned THEN
        NEW.joblastslot := greatest(OLD.joblastslot, now());
        NEW.jobplanned := pgagent.pga_plan_after(NEW.joblastslot, NEW.jobid, NEW.jobtimezone);
        NEW.jobreplan := NEW.jobplanned IS NULL
            AND (EXISTS (SELECT FROM pgagent.pga_schedule WHERE jscjobid = NEW.jobid AND jscenabled)
                 OR EXISTS (SELECT FROM pgagent.pga_rule WHERE ruljobid = NEW.jobid AND rulenabled));
    END IF;

    /* A next run set by hand is a wish to run once then, also for a disabled job. */
    IF is_wish THEN
        PERFORM set_config('pgalmanac.agent', 'on', true);
        INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqdue) VALUES ('run', NEW.jobid, NEW.jobnextrun);
        PERFORM set_config('pgalmanac.agent', coalesce(agent, ''), true);
    END IF;
    IF NOT NEW.jobenabled THEN
        NEW.jobnextrun := NULL;
    ELSIF is_wish OR is_replanned THEN
        NEW.jobnextrun := least(NEW.jobplanned, (SELECT min(reqdue) FROM pgagent.pga_request
                                                 WHERE reqjobid = NEW.jobid AND reqkind = 'run'));
    END IF;
    PERFORM pg_notify('pgalmanac', '');
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_job_trigger() IS 'Keeps a job''s plan and takes a next run set by hand as a request to run it then';

CREATE FUNCTION pgagent.pga_notify() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('pgalmanac', '');
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_notify() IS 'Wakes the agents';

CREATE TRIGGER pga_job_before_insert BEFORE INSERT ON pgagent.pga_job FOR EACH ROW
WHEN (current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_job_before_insert();
COMMENT ON TRIGGER pga_job_before_insert ON pgagent.pga_job IS 'A new job has no plan';

CREATE TRIGGER pga_job_after_insert AFTER INSERT ON pgagent.pga_job FOR EACH ROW
WHEN (current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_job_after_insert();
COMMENT ON TRIGGER pga_job_after_insert ON pgagent.pga_job IS 'A next run given with a new job is a request to run it then';

CREATE TRIGGER pga_job_trigger
BEFORE UPDATE OF jobjclid, jobname, jobdesc, jobhostagent, jobenabled, jobtimezone, jobtimeout, jobnextrun, jobagentid
ON pgagent.pga_job FOR EACH ROW
WHEN (current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_job_trigger();
COMMENT ON TRIGGER pga_job_trigger ON pgagent.pga_job IS 'Keeps the job''s plan';

CREATE TRIGGER pga_job_after_delete AFTER DELETE ON pgagent.pga_job FOR EACH STATEMENT
WHEN (current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_notify();
COMMENT ON TRIGGER pga_job_after_delete ON pgagent.pga_job IS 'Wakes the agents';

/* ---- Schedules and exceptions: whatever changes them plans their job anew ---- */

CREATE FUNCTION pgagent.pga_schedule_before() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    /* pgAdmin used to leave out the last day's flag. */
    IF array_upper(NEW.jscmonthdays, 1) = 31 THEN
        NEW.jscmonthdays := NEW.jscmonthdays || false;
    END IF;
    IF NEW.jsctimezone IS NOT NULL THEN
        IF TG_OP = 'UPDATE' THEN
            IF NEW.jsctimezone IS NOT DISTINCT FROM OLD.jsctimezone THEN
                RETURN NEW;
            END IF;
        END IF;
        PERFORM pgagent.pga_check_zone(NEW.jsctimezone, format('schedule "%s"', NEW.jscname));
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_schedule_before() IS 'Completes a list of 31 month days and refuses unknown time zones';

CREATE OR REPLACE FUNCTION pgagent.pga_schedule_trigger() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    jobs int4[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        jobs := ARRAY[NEW.jscjobid];
    ELSIF TG_OP = 'DELETE' THEN
        jobs := ARRAY[OLD.jscjobid];
    ELSIF (NEW.jscid, NEW.jscjobid, NEW.jscenabled, NEW.jscstart, NEW.jscend, NEW.jscminutes, NEW.jschours,
           NEW.jscweekdays, NEW.jscmonthdays, NEW.jscmonths, NEW.jsctimezone)
          IS NOT DISTINCT FROM
          (OLD.jscid, OLD.jscjobid, OLD.jscenabled, OLD.jscstart, OLD.jscend, OLD.jscminutes, OLD.jschours,
           OLD.jscweekdays, OLD.jscmonthdays, OLD.jscmonths, OLD.jsctimezone) THEN
        RETURN NULL;
    ELSE
        jobs := ARRAY[OLD.jscjobid, NEW.jscjobid];
    END IF;
    UPDATE pgagent.pga_job SET jobnextrun = NULL, jobrevision = jobrevision + 1 WHERE jobid = ANY (jobs);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_schedule_trigger() IS 'Plans the job anew when a schedule changes';

CREATE OR REPLACE FUNCTION pgagent.pga_exception_trigger() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    schedules int4[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        schedules := ARRAY[NEW.jexscid];
    ELSIF TG_OP = 'DELETE' THEN
        schedules := ARRAY[OLD.jexscid];
    ELSE
        schedules := ARRAY[OLD.jexscid, NEW.jexscid];
    END IF;
    UPDATE pgagent.pga_job SET jobnextrun = NULL, jobrevision = jobrevision + 1
    WHERE jobid IN (SELECT jscjobid FROM pgagent.pga_schedule WHERE jscid = ANY (schedules));
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_exception_trigger() IS 'Plans the job anew when an exception changes';

CREATE TRIGGER pga_schedule_before BEFORE INSERT OR UPDATE ON pgagent.pga_schedule FOR EACH ROW
WHEN (current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_schedule_before();
COMMENT ON TRIGGER pga_schedule_before ON pgagent.pga_schedule IS 'Completes a list of 31 month days and refuses unknown time zones';

CREATE TRIGGER pga_schedule_trigger AFTER INSERT OR UPDATE OR DELETE ON pgagent.pga_schedule FOR EACH ROW
WHEN (current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_schedule_trigger();
COMMENT ON TRIGGER pga_schedule_trigger ON pgagent.pga_schedule IS 'Plans the job anew when a schedule changes';

CREATE TRIGGER pga_exception_trigger AFTER INSERT OR UPDATE OR DELETE ON pgagent.pga_exception FOR EACH ROW
WHEN (current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_exception_trigger();
COMMENT ON TRIGGER pga_exception_trigger ON pgagent.pga_exception IS 'Plans the job anew when an exception changes';

/* ---- Requests ---- */

/* An enabled job's next run shows the earliest request to run it. */
CREATE FUNCTION pgagent.pga_request_trigger() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    agent text := current_setting('pgalmanac.agent', true);
    job int4;
    jobs int4[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        jobs := ARRAY[NEW.reqjobid];
    ELSIF TG_OP = 'DELETE' THEN
        jobs := ARRAY[OLD.reqjobid];
    ELSE
        jobs := ARRAY(SELECT DISTINCT unnest(ARRAY[OLD.reqjobid, NEW.reqjobid]));
    END IF;

    PERFORM set_config('pgalmanac.agent', 'on', true);
    FOREACH job IN ARRAY jobs LOOP
        /* The lock comes first, so that the next statement sees what others have asked for meanwhile. */
        PERFORM FROM pgagent.pga_job WHERE jobid = job FOR NO KEY UPDATE;
        UPDATE pgagent.pga_job j SET jobnextrun = least(j.jobplanned, r.due)
        FROM (SELECT min(reqdue) AS due FROM pgagent.pga_request WHERE reqjobid = job AND reqkind = 'run') r
        WHERE j.jobid = job AND j.jobenabled AND j.jobnextrun IS DISTINCT FROM least(j.jobplanned, r.due);
    END LOOP;
    PERFORM set_config('pgalmanac.agent', coalesce(agent, ''), true);
    PERFORM pg_notify('pgalmanac', '');
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_request_trigger() IS 'Shows a request to run a job in its next run, and wakes the agents';

CREATE TRIGGER pga_request_trigger AFTER INSERT OR UPDATE OR DELETE ON pgagent.pga_request FOR EACH ROW
WHEN (current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_request_trigger();
COMMENT ON TRIGGER pga_request_trigger ON pgagent.pga_request IS 'Shows a request to run a job in its next run, and wakes the agents';

/* ---- Settings ---- */

CREATE FUNCTION pgagent.pga_setting_before() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.setname = 'timezone' THEN
            RAISE EXCEPTION 'the setting timezone cannot be removed, only changed' USING ERRCODE = 'not_null_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF OLD.setname = 'timezone' AND NEW.setname <> 'timezone' THEN
            RAISE EXCEPTION 'the setting timezone cannot be removed, only changed' USING ERRCODE = 'not_null_violation';
        END IF;
    END IF;
    IF NEW.setname = 'timezone' THEN
        IF NEW.setvalue IS NULL THEN
            RAISE EXCEPTION 'the setting timezone cannot be NULL: it must be an IANA name such as Europe/Berlin or UTC'
                USING ERRCODE = 'not_null_violation';
        END IF;
        PERFORM pgagent.pga_check_zone(NEW.setvalue, 'the setting timezone');
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_setting_before() IS 'Refuses a time zone that is not known';

CREATE FUNCTION pgagent.pga_setting_after() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    /* An agent plans them all; a trigger over thousands of jobs would hold their locks for long. */
    UPDATE pgagent.pga_job
    SET jobreplan = jobenabled, joblastslot = greatest(joblastslot, now()), jobrevision = jobrevision + 1;
    PERFORM pg_notify('pgalmanac', '');
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_setting_after() IS 'Has all jobs planned anew when the time zone changes';

CREATE TRIGGER pga_setting_before BEFORE INSERT OR UPDATE OR DELETE ON pgagent.pga_setting FOR EACH ROW
WHEN (current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_setting_before();
COMMENT ON TRIGGER pga_setting_before ON pgagent.pga_setting IS 'Refuses a time zone that is not known';

CREATE TRIGGER pga_setting_insert AFTER INSERT ON pgagent.pga_setting FOR EACH ROW
WHEN (NEW.setname = 'timezone' AND current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_setting_after();
COMMENT ON TRIGGER pga_setting_insert ON pgagent.pga_setting IS 'Has all jobs planned anew when the time zone changes';

CREATE TRIGGER pga_setting_update AFTER UPDATE ON pgagent.pga_setting FOR EACH ROW
WHEN (NEW.setname = 'timezone' AND NEW.setvalue IS DISTINCT FROM OLD.setvalue
      AND current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_setting_after();
COMMENT ON TRIGGER pga_setting_update ON pgagent.pga_setting IS 'Has all jobs planned anew when the time zone changes';

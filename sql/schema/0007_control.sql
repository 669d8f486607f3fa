/* SPDX-License-Identifier: PostgreSQL */
/* By what people steer: functions that ask for a run, stop one, leave one out and pause all, and the columns in which
 * the agents say what holds things up. */

ALTER TABLE pgagent.pga_jobsteplog ADD COLUMN jslwaiting text;
COMMENT ON COLUMN pgagent.pga_jobsteplog.jslwaiting IS 'What the step waits for before it can begin, such as a free connection; NULL = nothing (service)';

ALTER TABLE pgagent.pga_joblog ADD COLUMN jlgreqid int8, ADD COLUMN jlgrepeats int8;
COMMENT ON COLUMN pgagent.pga_joblog.jlgreqid IS 'The newest of the requests (pga_request.reqid) that the run answers; NULL = nobody asked for it';
COMMENT ON COLUMN pgagent.pga_joblog.jlgrepeats IS 'The run (jlgid) that it repeats, because that one''s agent died; the slot stays that one''s. NULL = none';
COMMENT ON COLUMN pgagent.pga_joblog.jlgattempt IS '1 = the first attempt, more = it repeats the run jlgrepeats';
COMMENT ON COLUMN pgagent.pga_request.reqjlgid IS 'cancel: the run to stop, NULL = all runs of the job; run: the run that is repeated because its agent died, else NULL';

ALTER TABLE pgagent.pga_jobagent
    ADD COLUMN jagfull text[] NOT NULL DEFAULT '{}',
    ADD COLUMN jaguser text,
    ADD COLUMN jagbatch text,
    ADD COLUMN jagskew interval,
    ADD COLUMN jagprocess text;
COMMENT ON COLUMN pgagent.pga_jobagent.jagfull IS 'Servers for which the agent has no free connection: connection strings, empty = its own server. It leaves jobs that begin there in the table (service)';
COMMENT ON COLUMN pgagent.pga_jobagent.jaguser IS 'Operating system user that the agent runs as';
COMMENT ON COLUMN pgagent.pga_jobagent.jagbatch IS 'Whether it carries out batch steps: off, on, or as NAME (of an operating system user)';
COMMENT ON COLUMN pgagent.pga_jobagent.jagprocess IS 'The agent''s own process: start of the machine, name space of processes, number, start. By that an agent on the same machine knows at once that it is gone (service)';
COMMENT ON COLUMN pgagent.pga_jobagent.jagskew IS 'How far the agent''s clock is ahead of the database''s, at its last sign of life (service)';

/* A slot is left out by pgagent.skip_next at once: that needs no agent. */
ALTER TABLE pgagent.pga_request DROP CONSTRAINT pga_request_reqkind_check;
ALTER TABLE pgagent.pga_request ADD CONSTRAINT pga_request_reqkind_check CHECK (reqkind IN ('run', 'cancel'));
COMMENT ON COLUMN pgagent.pga_request.reqkind IS 'run = run the job once, cancel = stop it; a cancel goes when what it is to stop is over';
COMMENT ON COLUMN pgagent.pga_skipped.skpreason IS 'Why, in one word: busy (still running), missed (nobody could run it), disabled, replanned (edited while it was due), skipped (somebody asked for that), no-agent ...';
COMMENT ON COLUMN pgagent.pga_skipped.skpagent IS 'Agent that wrote it; NULL = a trigger or function did';
CREATE INDEX pga_request_cancel ON pgagent.pga_request (reqjobid) WHERE reqkind = 'cancel';

/* ---- Who and which ---- */

/* The functions below write tables that people need no rights on. Whoever may edit jobs may steer them; inside a SECURITY
 * DEFINER function the caller is the role that was set, or the login. */
CREATE FUNCTION pgagent.pga_check_may_steer() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    caller text := coalesce(nullif(current_setting('role'), 'none'), session_user);
BEGIN
    IF NOT has_table_privilege(caller, 'pgagent.pga_job', 'UPDATE') THEN
        RAISE EXCEPTION 'permission denied: to steer jobs, role "%" needs the UPDATE privilege on table pgagent.pga_job', caller
            USING ERRCODE = 'insufficient_privilege';
    END IF;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_check_may_steer() IS 'Raises an error unless the caller may edit jobs';

CREATE FUNCTION pgagent.pga_find_job(job text) RETURNS int4
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    is_id bool := job ~ '^[0-9]+$';
    ids int4[];
BEGIN
    IF job IS NULL THEN
        RAISE EXCEPTION 'no job was named: its id or its name is needed' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF NOT is_id THEN
        SELECT array_agg(jobid ORDER BY jobid) INTO ids FROM pgagent.pga_job WHERE jobname = job;
    ELSIF length(ltrim(job, '0')) <= 10 THEN
        SELECT array_agg(jobid) INTO ids FROM pgagent.pga_job
        WHERE jobid = CASE WHEN job::int8 <= 2147483647 THEN job::int8::int4 END;
    END IF;
    IF ids IS NULL THEN
        RAISE EXCEPTION 'job % does not exist', CASE WHEN is_id THEN left(job, 60) ELSE format('"%s"', left(job, 200)) END
            USING ERRCODE = 'no_data_found';
    ELSIF cardinality(ids) > 1 THEN
        RAISE EXCEPTION 'job name "%" is not unique: the jobs % have it; name one by its id', left(job, 200),
            array_to_string(ids[1:20], ', ') || CASE WHEN cardinality(ids) > 20 THEN ' and more' ELSE '' END
            USING ERRCODE = 'cardinality_violation';
    END IF;
    RETURN ids[1];
END;
$$;
COMMENT ON FUNCTION pgagent.pga_find_job(text) IS 'Id of a job, which is given by its id (all digits) or its name, which must be unique then; an error if there is none';

/* ---- Running and stopping ---- */

CREATE FUNCTION pgagent.run_job(job text, at timestamptz DEFAULT now(), params jsonb DEFAULT NULL) RETURNS int8
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    id int8;
BEGIN
    PERFORM pgagent.pga_check_may_steer();
    IF isfinite(at) IS NOT TRUE THEN
        RAISE EXCEPTION 'cannot run a job at %: a date and time is needed', coalesce(at::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqdue, reqparams)
    VALUES ('run', pgagent.pga_find_job(job), at, params)
    RETURNING reqid INTO id;
    RETURN id;
END;
$$;
COMMENT ON FUNCTION pgagent.run_job(text, timestamptz, jsonb) IS 'Asks for one run of a job (id or name), now or later, beside its schedules and also if it is disabled; returns the number of the request, which the run''s jlgreqid then shows';

/* The lock comes first: a claim that is under way is over then, and its run is seen. */
CREATE FUNCTION pgagent.cancel_job(job text) RETURNS int4
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    id int4;
    taken_back int4;
    asked int4;
BEGIN
    PERFORM pgagent.pga_check_may_steer();
    id := pgagent.pga_find_job(job);
    PERFORM FROM pgagent.pga_job WHERE jobid = id FOR NO KEY UPDATE;
    WITH gone AS (
        DELETE FROM pgagent.pga_request WHERE reqjobid = id AND reqkind = 'run' RETURNING reqdue, reqtrigger
    ), noted AS (
        /* A slot that waited for the end of the run before it. */
        INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpreason, skpdetail)
        SELECT id, reqdue, reqdue, 'skipped',
               format('taken back at the request of %s while it waited for the end of the run before it', session_user)
        FROM gone WHERE reqtrigger = 'queue'
    )
    SELECT count(*) INTO taken_back FROM gone;
    INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqjlgid)
    SELECT 'cancel', id, l.jlgid
    FROM pgagent.pga_joblog l
    WHERE l.jlgjobid = id AND l.jlgstatus = 'r' AND l.jlgepoch IS NOT NULL
      AND NOT EXISTS (SELECT FROM pgagent.pga_request r
                      WHERE r.reqjobid = id AND r.reqkind = 'cancel' AND r.reqjlgid = l.jlgid);
    GET DIAGNOSTICS asked = ROW_COUNT;
    IF taken_back + asked = 0
       AND EXISTS (SELECT FROM pgagent.pga_joblog WHERE jlgjobid = id AND jlgstatus = 'r' AND jlgepoch IS NULL) THEN
        RAISE EXCEPTION 'cannot cancel job %: it is run by a pgAgent, which nobody can ask to stop', id
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN taken_back + asked;
END;
$$;
COMMENT ON FUNCTION pgagent.cancel_job(text) IS 'Stops a job (id or name): asks the agents to cancel its runs and takes requests to run it back; returns how many these were. Its schedules stay as they are';

/* Whoever asks without naming a run means those that run now, not later ones. */
CREATE FUNCTION pgagent.pga_request_cancel() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM pgagent.pga_job WHERE jobid = NEW.reqjobid FOR NO KEY UPDATE;
    INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqjlgid, reqat, reqby)
    SELECT 'cancel', l.jlgjobid, l.jlgid, NEW.reqat, NEW.reqby
    FROM pgagent.pga_joblog l
    WHERE l.jlgjobid = NEW.reqjobid AND l.jlgstatus = 'r' AND l.jlgepoch IS NOT NULL;
    DELETE FROM pgagent.pga_request WHERE reqid = NEW.reqid;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_request_cancel() IS 'A request to cancel all runs of a job becomes one for each';

CREATE TRIGGER pga_request_cancel AFTER INSERT ON pgagent.pga_request FOR EACH ROW
WHEN (NEW.reqkind = 'cancel' AND NEW.reqjlgid IS NULL)
EXECUTE PROCEDURE pgagent.pga_request_cancel();
COMMENT ON TRIGGER pga_request_cancel ON pgagent.pga_request IS 'A request to cancel all runs of a job becomes one for each';

CREATE FUNCTION pgagent.cancel_run(id int8) RETURNS bool
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    run record;
BEGIN
    PERFORM pgagent.pga_check_may_steer();
    SELECT l.jlgjobid, l.jlgstatus, l.jlgepoch INTO run FROM pgagent.pga_joblog l WHERE l.jlgid = id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'run % does not exist', coalesce(id::text, 'NULL') USING ERRCODE = 'no_data_found';
    ELSIF run.jlgstatus <> 'r' THEN
        RAISE EXCEPTION 'cannot cancel run % of job %: it is over', id, run.jlgjobid
            USING ERRCODE = 'object_not_in_prerequisite_state';
    ELSIF run.jlgepoch IS NULL THEN
        RAISE EXCEPTION 'cannot cancel run % of job %: it is run by a pgAgent, which nobody can ask to stop', id, run.jlgjobid
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqjlgid)
    SELECT 'cancel', run.jlgjobid, id
    WHERE NOT EXISTS (SELECT FROM pgagent.pga_request r
                      WHERE r.reqjobid = run.jlgjobid AND r.reqkind = 'cancel' AND r.reqjlgid = id);
    RETURN FOUND;
END;
$$;
COMMENT ON FUNCTION pgagent.cancel_run(int8) IS 'Asks the agent to stop a run (pga_joblog.jlgid); false = somebody has asked for that already';

/* ---- Leaving out ---- */

/* Slots that are past and unclaimed would be one run, for the newest of them: they are left out together, unless each of
 * them is to be run (jobmissed, which a later file adds). The new revision makes a claim that has looked before lose.
 * One that is to come stays the plans' business: who plans leaves out what pga_skipped says, so that slots that are asked for
 * later, but come before it, are not lost. A job with rules is planned by the agents; "so long after the last run" is
 * counted from what is left out, else nothing would ever come after it. */
CREATE FUNCTION pgagent.skip_next(job text) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    agent text := current_setting('pgalmanac.agent', true);
    id int4;
    old record;
    up_to timestamptz;
    planned timestamptz;
    has_rules bool;
    has_after bool;
    is_for_agents bool;
BEGIN
    PERFORM pgagent.pga_check_may_steer();
    id := pgagent.pga_find_job(job);
    SELECT j.jobenabled, j.jobreplan, j.jobplanned, j.jobtimezone, j.jobmissed INTO old
    FROM pgagent.pga_job j WHERE j.jobid = id FOR NO KEY UPDATE;
    IF NOT old.jobenabled THEN
        RAISE EXCEPTION 'job % has no next slot that could be left out: it is disabled', id
            USING ERRCODE = 'object_not_in_prerequisite_state';
    ELSIF old.jobreplan THEN
        RAISE EXCEPTION 'the next slot of job % is not known yet: it is being planned; try again', id
            USING ERRCODE = 'object_not_in_prerequisite_state';
    ELSIF old.jobplanned IS NULL THEN
        RAISE EXCEPTION 'job % has no next slot that could be left out: none of its schedules and rules asks for one', id
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;

    up_to := CASE WHEN old.jobmissed = 'all' THEN old.jobplanned ELSE greatest(old.jobplanned, clock_timestamp()) END;
    SELECT count(*) > 0, coalesce(bool_or(rulkind = 'after'), false) INTO has_rules, has_after
    FROM pgagent.pga_rule WHERE ruljobid = id AND rulenabled;
    planned := pgagent.pga_plan_after(up_to, id, old.jobtimezone);
    is_for_agents := planned IS NULL
        AND (has_rules OR EXISTS (SELECT FROM pgagent.pga_schedule WHERE jscjobid = id AND jscenabled));

    INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpreason, skpdetail)
    VALUES (id, old.jobplanned, up_to, 'skipped',
            format('left out at the request of %s', session_user)
            || CASE WHEN up_to > old.jobplanned THEN '; at least one slot' ELSE '' END);
    PERFORM set_config('pgalmanac.agent', 'on', true);
    UPDATE pgagent.pga_job
    SET joblastslot = CASE WHEN up_to <= clock_timestamp() THEN greatest(joblastslot, up_to) ELSE joblastslot END,
        joblastend = CASE WHEN has_after AND jobagentid IS NULL THEN greatest(joblastend, up_to) ELSE joblastend END,
        jobplanned = planned,
        jobreplan = is_for_agents,
        jobrevision = jobrevision + 1,
        jobnextrun = least(planned, (SELECT min(reqdue) FROM pgagent.pga_request
                                     WHERE reqjobid = id AND reqkind = 'run'))
    WHERE jobid = id;
    PERFORM set_config('pgalmanac.agent', coalesce(agent, ''), true);
    PERFORM pg_notify('pgalmanac', '');
    RETURN old.jobplanned;
END;
$$;
COMMENT ON FUNCTION pgagent.skip_next(text) IS 'Leaves out the next slot of a job (id or name) and returns it; called twice, it leaves out two. Requests to run the job stay';

/* ---- Pausing ---- */

CREATE FUNCTION pgagent.pga_paused_until() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.until
    FROM (SELECT setvalue::timestamptz AS until FROM pgagent.pga_setting WHERE setname = 'paused_until' OFFSET 0) p
    WHERE p.until > now()
$$;
COMMENT ON FUNCTION pgagent.pga_paused_until() IS 'When the pause of all agents ends (infinity = when somebody ends it); NULL = there is none';

CREATE FUNCTION pgagent.pause(until timestamptz DEFAULT 'infinity') RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pgagent.pga_check_may_steer();
    IF (until > clock_timestamp()) IS NOT TRUE THEN
        RAISE EXCEPTION 'cannot pause until %: that must be a time to come, or infinity', coalesce(until::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO pgagent.pga_setting (setname, setvalue, setdesc)
    VALUES ('paused_until',
            CASE WHEN isfinite(until) THEN to_char(timezone('UTC', until), 'YYYY-MM-DD"T"HH24:MI:SS.US"+00"') ELSE 'infinity' END,
            'No agent claims anything until then; infinity = until somebody ends the pause'),
           ('paused_by', session_user, 'Login that asked for the pause')
    ON CONFLICT (setname) DO UPDATE SET setvalue = excluded.setvalue, setdesc = excluded.setdesc;
    RETURN until;
END;
$$;
COMMENT ON FUNCTION pgagent.pause(timestamptz) IS 'Pauses all agents: what runs goes on, nothing else is started before that time or pgagent.resume(). What becomes due meanwhile runs afterwards, once for each job';

CREATE FUNCTION pgagent.resume() RETURNS bool
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was_paused bool;
BEGIN
    PERFORM pgagent.pga_check_may_steer();
    was_paused := pgagent.pga_paused_until() IS NOT NULL;
    DELETE FROM pgagent.pga_setting WHERE setname IN ('paused_until', 'paused_by');
    PERFORM pg_notify('pgalmanac', '');
    RETURN was_paused;
END;
$$;
COMMENT ON FUNCTION pgagent.resume() IS 'Ends the pause of all agents; false = there was none';

/* Every agent must be able to read it, whatever its session's settings: written with an offset, whoever writes it. */
CREATE FUNCTION pgagent.pga_setting_pause() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    until timestamptz := NEW.setvalue::timestamptz;
BEGIN
    IF isfinite(until) THEN
        NEW.setvalue := to_char(timezone('UTC', until), 'YYYY-MM-DD"T"HH24:MI:SS.US"+00"');
    END IF;
    PERFORM pg_notify('pgalmanac', '');
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_setting_pause() IS 'Refuses an end of the pause that is no instant, and wakes the agents';

CREATE TRIGGER pga_setting_pause BEFORE INSERT OR UPDATE ON pgagent.pga_setting FOR EACH ROW
WHEN (NEW.setname = 'paused_until')
EXECUTE PROCEDURE pgagent.pga_setting_pause();
COMMENT ON TRIGGER pga_setting_pause ON pgagent.pga_setting IS 'Refuses an end of the pause that is no instant, and wakes the agents';

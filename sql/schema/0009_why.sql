/* SPDX-License-Identifier: PostgreSQL */
/* pgagent.why(job): why a job does not run, or when it runs next, in a plain sentence.
 *
 * Each function below looks at one reason and gives the end of a sentence that begins with the job ("is disabled"), or
 * NULL if it is not the reason; pga_why asks them in the order of their strength. None of them raises, whatever is in the
 * tables. */

/* ---- What they share ---- */

CREATE FUNCTION pgagent.pga_check_may_look() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    caller text := coalesce(nullif(current_setting('role'), 'none'), session_user);
    hidden text;
BEGIN
    SELECT min(c.relname) INTO hidden
    FROM pg_class c
    WHERE c.relnamespace = 'pgagent'::regnamespace
      AND c.relname IN ('pga_job', 'pga_jobstep', 'pga_schedule', 'pga_exception', 'pga_joblog', 'pga_jobsteplog')
      AND NOT has_table_privilege(caller, c.oid, 'SELECT');
    IF hidden IS NOT NULL THEN
        RAISE EXCEPTION 'permission denied: to be told of jobs, role "%" needs the SELECT privilege on table pgagent.%', caller, hidden
            USING ERRCODE = 'insufficient_privilege';
    END IF;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_check_may_look() IS 'Raises an error unless the caller may read jobs and their log';

CREATE FUNCTION pgagent.pga_job_zone(job pgagent.pga_job) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN coalesce(job.jobtimezone, (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone'), 'UTC');
END;
$$;
COMMENT ON FUNCTION pgagent.pga_job_zone(pgagent.pga_job) IS 'Time zone of a job: its own, else that of the settings';

CREATE FUNCTION pgagent.pga_first_words(words text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    line text := btrim(regexp_replace(words, E'\\s*[\\r\\n]+\\s*', ' ', 'g'));
BEGIN
    RETURN CASE WHEN length(line) > 2000 THEN left(line, 500) || ' ... ' || right(line, 1500) ELSE line END;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_first_words(text) IS 'A text in one line; of a long one its beginning and its end';

CREATE FUNCTION pgagent.pga_rule_words(rule pgagent.pga_rule) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE WHEN rule.rulname = '' THEN format('rule %s', rule.rulid) ELSE format('rule "%s"', rule.rulname) END;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_rule_words(pgagent.pga_rule) IS 'A rule by its name, or by its id if it has none';

CREATE FUNCTION pgagent.pga_who(request pgagent.pga_request) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE WHEN request.reqby IS NOT NULL THEN format('by %s', request.reqby)
                WHEN request.reqtrigger = 'restart' THEN format('by an agent (to repeat run %s, whose agent died)', request.reqjlgid)
                ELSE format('by an agent (%s)', request.reqtrigger) END;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_who(pgagent.pga_request) IS 'Who asked';

/* ---- Agents and the pause ---- */

CREATE FUNCTION pgagent.pga_why_no_agent(only_host text, zone text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    living text[];
    last_one pgagent.pga_agents;
    last_run record;
BEGIN
    IF EXISTS (SELECT FROM pgagent.pga_agents a WHERE a.state IN ('alive', 'pgAgent')
               AND (only_host = '' OR only_host IN (a.host, a.agent))) THEN
        RETURN NULL;
    END IF;
    SELECT array_agg(DISTINCT format('"%s" on host "%s"', a.agent, a.host)) INTO living
    FROM pgagent.pga_agents a WHERE a.state IN ('alive', 'pgAgent');
    IF living IS NOT NULL THEN
        RETURN format('host "%s" is served by no living agent (there is %s)', only_host,
                      array_to_string(living[1:3], ', ') || CASE WHEN cardinality(living) > 3 THEN ' and more' ELSE '' END);
    END IF;
    SELECT * INTO last_one FROM pgagent.pga_agents a ORDER BY a.lease DESC NULLS LAST LIMIT 1;
    IF last_one.state = 'lost' THEN
        RETURN format('no agent is alive: "%s" on host "%s" has lost its connection, and is dead at %s unless it comes back',
                      last_one.agent, last_one.host, pgagent.pga_local(last_one.lease, zone));
    ELSIF last_one.lease IS NOT NULL THEN
        RETURN format('no agent is alive: "%s" on host "%s" died, its lease ended at %s',
                      last_one.agent, last_one.host, pgagent.pga_local(last_one.lease, zone));
    ELSIF last_one.agent IS NOT NULL THEN
        RETURN format('no agent is alive: a pgAgent on host "%s" is gone', last_one.host);
    END IF;
    SELECT l.jlgagent, l.jlgstart INTO last_run FROM pgagent.pga_joblog l ORDER BY l.jlgid DESC LIMIT 1;
    RETURN 'no agent is alive' || CASE WHEN last_run.jlgagent IS NULL THEN ''
        ELSE format(': the last one that started a run was "%s", at %s', last_run.jlgagent,
                    pgagent.pga_local(last_run.jlgstart, zone)) END;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_why_no_agent(text, text) IS 'Why no agent runs jobs of a host (empty = any); NULL = one does';

CREATE FUNCTION pgagent.pga_why_paused(zone text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    until timestamptz := pgagent.pga_paused_until();
BEGIN
    RETURN (SELECT CASE WHEN isfinite(until) THEN format('all jobs are paused until %s', pgagent.pga_local(until, zone))
                        ELSE 'all jobs are paused until somebody calls pgagent.resume()' END
                   || coalesce((SELECT format(' by %s', setvalue) FROM pgagent.pga_setting WHERE setname = 'paused_by'), '')
            WHERE until IS NOT NULL);
END;
$$;
COMMENT ON FUNCTION pgagent.pga_why_paused(text) IS 'The pause, if there is one; NULL = there is none';

/* The connection string is not shown: it may hold a password. */
CREATE FUNCTION pgagent.pga_why_full(job pgagent.pga_job) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    step pgagent.pga_jobstep;
BEGIN
    SELECT * INTO step FROM pgagent.pga_jobstep
    WHERE jstjobid = job.jobid AND jstenabled ORDER BY jstname, jstid LIMIT 1;
    IF step.jstkind IS DISTINCT FROM 's'
       OR EXISTS (SELECT FROM pgagent.pga_agents a
                  WHERE a.state IN ('alive', 'pgAgent') AND (job.jobhostagent = '' OR job.jobhostagent IN (a.host, a.agent))
                    AND step.jstconnstr <> ALL (a.full_servers)) THEN
        RETURN NULL;
    END IF;
    RETURN format('it waits for a free connection to %s, for its first step "%s"',
                  CASE WHEN step.jstconnstr = '' THEN format('database "%s"', step.jstdbname)
                       ELSE 'another server' END, step.jstname);
END;
$$;
COMMENT ON FUNCTION pgagent.pga_why_full(pgagent.pga_job) IS 'That all agents wait for a connection to where the job''s first step runs; NULL = one has it';

/* ---- It runs ---- */

CREATE FUNCTION pgagent.pga_why_running(job pgagent.pga_job) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    zone text := pgagent.pga_job_zone(job);
    run pgagent.pga_running;
    holder text;
BEGIN
    SELECT * INTO run FROM pgagent.pga_running r WHERE r.jobid = job.jobid ORDER BY r.since DESC LIMIT 1;
    IF run.run IS NULL THEN
        IF job.jobagentid IS NULL THEN
            RETURN NULL;
        END IF;
        SELECT format('agent "%s" (%s)', a.agent, a.state) INTO holder FROM pgagent.pga_agents a WHERE a.pid = job.jobagentid;
        RETURN format('is held by %s without any run', coalesce(holder, 'an agent that is not registered any more'));
    END IF;
    holder := CASE WHEN run.because <> 'pgAgent' THEN format('agent "%s"', run.agent)
                   WHEN run.host IS NULL THEN 'a pgAgent'
                   ELSE format('a pgAgent on host "%s"', run.host) END;
    IF run.agent_state NOT IN ('alive', 'pgAgent') THEN
        RETURN format('began a run at %s with %s, which is %s; a living agent will close this run%s',
                      pgagent.pga_local(run.since, zone), holder, run.agent_state,
                      coalesce(', at the latest when its lease has ended at ' || pgagent.pga_local(
                          (SELECT max(a.lease) FROM pgagent.pga_agents a
                           WHERE a.agent = run.agent AND a.lease > now() AND run.agent_state = 'lost'), zone), '')
                      || coalesce(', but ' || pgagent.pga_why_no_agent('', zone), ''));
    END IF;
    RETURN format('is running since %s (for %s) with %s: ', pgagent.pga_local(run.since, zone),
                  pgagent.pga_how_long(run.duration), holder)
        || CASE WHEN run.step IS NULL THEN 'it is between two steps'
                WHEN run.waits_for IS NOT NULL THEN format('step "%s" waits for %s', run.step, run.waits_for)
                ELSE format('step "%s" since %s', run.step, pgagent.pga_local(run.step_since, zone)) END
        || CASE WHEN run.asked_by IS NOT NULL THEN format(', asked for by %s', run.asked_by) ELSE '' END
        || CASE WHEN run.is_cancelled THEN '; it has been asked to stop' ELSE '' END
        || CASE WHEN EXISTS (SELECT FROM pgagent.pga_request
                             WHERE reqjobid = job.jobid AND reqkind = 'run' AND reqdue <= now())
                THEN '; that it was asked to run again waits for its end' ELSE '' END;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_why_running(pgagent.pga_job) IS 'That the job runs, and how far it is; NULL = it does not run';

/* ---- It is due and waits ---- */

CREATE FUNCTION pgagent.pga_why_waiting(job pgagent.pga_job) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    zone text := pgagent.pga_job_zone(job);
    wish pgagent.pga_request;
    due_at timestamptz;
    trouble text;
BEGIN
    SELECT * INTO wish FROM pgagent.pga_request
    WHERE reqjobid = job.jobid AND reqkind = 'run' AND reqdue <= now() ORDER BY reqdue, reqid LIMIT 1;
    due_at := least(wish.reqdue, CASE WHEN job.jobenabled AND job.jobnextrun <= now() THEN job.jobnextrun END);
    IF due_at IS NULL THEN
        RETURN NULL;
    END IF;
    trouble := coalesce(pgagent.pga_why_no_agent(job.jobhostagent, zone), pgagent.pga_why_paused(zone),
                        pgagent.pga_why_full(job));
    IF trouble IS NULL AND due_at > now() - interval '5 s' THEN
        trouble := 'an agent is about to take it';
    ELSIF trouble IS NULL THEN
        /* That nothing can be written is said once, maybe before this job was due. */
        SELECT format('the newest error, of agent "%s" at %s, is: %s', aglagent, pgagent.pga_local(aglat, zone),
                      pgagent.pga_first_words(aglmessage)) INTO trouble
        FROM pgagent.pga_agentlog
        WHERE agllevel = 'error' AND coalesce(agljobid, job.jobid) = job.jobid AND aglat > least(due_at, now() - interval '1 h')
        ORDER BY aglid DESC LIMIT 1;
        trouble := 'no agent has taken it: '
            || coalesce(trouble, 'somebody may have locked its row, or the agents have their hands full');
    END IF;
    RETURN CASE WHEN wish.reqid IS NOT NULL
                THEN format('was asked %s to run at %s', pgagent.pga_who(wish), pgagent.pga_local(wish.reqdue, zone))
                ELSE format('is due since %s', pgagent.pga_local(due_at, zone)) END || ', but ' || trouble;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_why_waiting(pgagent.pga_job) IS 'That the job is due, and what it waits for; NULL = it is not due';

/* ---- It is never due ---- */

CREATE FUNCTION pgagent.pga_why_wish(job pgagent.pga_job) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT format('; but it was asked %s to run at %s', pgagent.pga_who(r),
                          pgagent.pga_local(r.reqdue, pgagent.pga_job_zone(job)))
            FROM pgagent.pga_request r
            WHERE r.reqjobid = job.jobid AND r.reqkind = 'run' ORDER BY r.reqdue, r.reqid LIMIT 1);
END;
$$;
COMMENT ON FUNCTION pgagent.pga_why_wish(pgagent.pga_job) IS 'The next run that somebody asked for; NULL = nobody did';

/* Days that no month has: 31 February. */
CREATE FUNCTION pgagent.pga_no_such_day(monthdays bool[], months bool[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    days int4[] := ARRAY(SELECT n FROM generate_series(1, 31) n WHERE monthdays[n]);
    some_months int4[] := ARRAY(SELECT n FROM generate_series(1, 12) n WHERE months[n]);
BEGIN
    IF monthdays[32] IS TRUE OR cardinality(days) = 0 OR cardinality(some_months) = 0
       OR days[1] <= (SELECT max(CASE WHEN n = 2 THEN 29 WHEN n IN (4, 6, 9, 11) THEN 30 ELSE 31 END) FROM unnest(some_months) n) THEN
        RETURN NULL;
    END IF;
    RETURN format('day %s of %s, which does not exist', array_to_string(days, ' or '),
                  (SELECT string_agg((ARRAY['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August',
                                            'September', 'October', 'November', 'December'])[n], ' or ' ORDER BY n)
                   FROM unnest(some_months) n));
END;
$$;
COMMENT ON FUNCTION pgagent.pga_no_such_day(bool[], bool[]) IS 'Days of months that do not exist, if a schedule asks for nothing else; NULL = it does';

CREATE FUNCTION pgagent.pga_why_schedule(schedule pgagent.pga_schedule, job pgagent.pga_job) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    zone text := coalesce(schedule.jsctimezone, pgagent.pga_job_zone(job));
    after_at timestamptz := greatest(job.joblastslot, now(), (SELECT max(skpto) FROM pgagent.pga_skipped
                                                              WHERE skpjobid = job.jobid AND skpreason = 'skipped'));
    dates date[];
    times time[];
    reason text;
BEGIN
    IF NOT pgagent.pga_zone_works(zone) THEN
        reason := format('is in time zone "%s", which this server does not know', zone);
    ELSIF schedule.jscend < schedule.jscstart THEN
        reason := 'ends before it begins';
    ELSIF schedule.jscend <= after_at THEN
        reason := format('ended at %s', pgagent.pga_local(schedule.jscend, zone));
    ELSIF pgagent.pga_no_such_day(schedule.jscmonthdays, schedule.jscmonths) IS NOT NULL THEN
        reason := 'asks for ' || pgagent.pga_no_such_day(schedule.jscmonthdays, schedule.jscmonths);
    ELSE
        SELECT array_agg(jexdate), array_agg(jextime) INTO dates, times FROM pgagent.pga_exception WHERE jexscid = schedule.jscid;
        IF pgagent.pga_schedule_after(after_at, zone, schedule.jscstart, schedule.jscend, schedule.jscminutes, schedule.jschours,
               schedule.jscweekdays, schedule.jscmonthdays, schedule.jscmonths, dates, times) IS NOT NULL THEN
            reason := 'asks for nothing that the job''s exceptions leave';
        ELSIF pgagent.pga_schedule_after(after_at, zone, schedule.jscstart, schedule.jscend, schedule.jscminutes,
               schedule.jschours, schedule.jscweekdays, schedule.jscmonthdays, schedule.jscmonths, NULL, NULL) IS NOT NULL THEN
            reason := 'asks for nothing that its exceptions leave';
        ELSE
            reason := 'asks for nothing more before its end'
                || coalesce(', ' || pgagent.pga_local(schedule.jscend, zone), '');
        END IF;
    END IF;
    RETURN format('schedule "%s" %s', schedule.jscname, reason);
END;
$$;
COMMENT ON FUNCTION pgagent.pga_why_schedule(pgagent.pga_schedule, pgagent.pga_job) IS 'Why a schedule asks for no run of its job any more';

/* What the agents found wrong with the exceptions comes first: it holds back all others. */
CREATE FUNCTION pgagent.pga_why_sources(job pgagent.pga_job) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    reasons text[];
BEGIN
    reasons := ARRAY(
        SELECT reason
        FROM (SELECT 1 AS place, r.rulid AS id,
                     format('exception %s cannot be read: %s', pgagent.pga_rule_words(r), split_part(r.rulproblem, E'\n', 1)) AS reason
              FROM pgagent.pga_rule r
              WHERE r.ruljobid = job.jobid AND r.rulenabled AND r.rulexception AND r.rulproblem LIKE '%job is not run%'
              UNION ALL
              SELECT 2, s.jscid, pgagent.pga_why_schedule(s, job)
              FROM (SELECT * FROM pgagent.pga_schedule WHERE jscjobid = job.jobid AND jscenabled ORDER BY jscid LIMIT 4) s
              UNION ALL
              SELECT 3, r.rulid,
                     format('%s: %s', pgagent.pga_rule_words(r), coalesce(split_part(r.rulproblem, E'\n', 1),
                            'it asks for nothing more'))
              FROM pgagent.pga_rule r
              WHERE r.ruljobid = job.jobid AND r.rulenabled AND NOT r.rulexception AND r.rulkind <> 'startup') f
        ORDER BY place, id LIMIT 4);
    RETURN array_to_string(reasons[1:3], '; ') || CASE WHEN cardinality(reasons) > 3 THEN '; and so on' ELSE '' END;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_why_sources(pgagent.pga_job) IS 'Why none of the enabled schedules and rules of a job asks for a run';

CREATE FUNCTION pgagent.pga_why_never(job pgagent.pga_job) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    source record;
BEGIN
    IF NOT job.jobenabled THEN
        RETURN 'is disabled: its schedules do not start it';
    END IF;
    SELECT count(*) AS number, count(*) FILTER (WHERE enabled) AS enabled,
           count(*) FILTER (WHERE enabled AND kind = 'slots') AS slots,
           string_agg(words, ', ') FILTER (WHERE enabled AND kind = 'startup') AS startup
    INTO source
    FROM (SELECT jscenabled AS enabled, 'slots' AS kind, '' AS words FROM pgagent.pga_schedule WHERE jscjobid = job.jobid
          UNION ALL
          SELECT rulenabled, CASE WHEN rulexception THEN 'exception' WHEN rulkind = 'startup' THEN 'startup' ELSE 'slots' END,
                 pgagent.pga_rule_words(r)
          FROM pgagent.pga_rule r WHERE ruljobid = job.jobid) s;
    IF source.number = 0 THEN
        RETURN 'has no schedule and no rule: it runs only when somebody asks for it';
    ELSIF source.enabled = 0 THEN
        RETURN CASE WHEN source.number = 1 THEN 'never runs by itself: its only schedule or rule is disabled'
                    ELSE format('never runs by itself: all %s schedules and rules are disabled', source.number) END;
    ELSIF job.jobreplan THEN
        RETURN 'is not planned yet: ' || coalesce(pgagent.pga_why_no_agent('', pgagent.pga_job_zone(job)),
            (SELECT g.aglmessage FROM pgagent.pga_agentlog g
             WHERE g.agljobid = job.jobid AND g.aglat > now() - interval '1 hour' ORDER BY g.aglat DESC LIMIT 1),
            'an agent will do so in a moment');
    ELSIF job.jobplanned IS NOT NULL THEN
        RETURN NULL;
    ELSIF source.slots = 0 AND source.startup IS NOT NULL THEN
        RETURN format('runs only when an agent starts (%s)', source.startup);
    ELSIF source.slots = 0 THEN
        RETURN 'has only exceptions, and no schedule or rule that asks for a run';
    END IF;
    RETURN 'never runs by itself: ' || pgagent.pga_why_sources(job);
END;
$$;
COMMENT ON FUNCTION pgagent.pga_why_never(pgagent.pga_job) IS 'Why a job has no plan; NULL = it has one';

/* ---- It runs later ---- */

CREATE FUNCTION pgagent.pga_why_then(job pgagent.pga_job) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    zone text := pgagent.pga_job_zone(job);
    names text[];
BEGIN
    IF job.jobplanned IS DISTINCT FROM job.jobnextrun THEN
        RETURN coalesce((SELECT format('it was asked %s to do so', pgagent.pga_who(r)) FROM pgagent.pga_request r
                         WHERE r.reqjobid = job.jobid AND r.reqkind = 'run' ORDER BY r.reqdue, r.reqid LIMIT 1),
                        'that is what is written in jobnextrun');
    END IF;
    names := ARRAY(
        SELECT format('schedule "%s"', s.jscname)
        FROM (SELECT * FROM pgagent.pga_schedule WHERE jscjobid = job.jobid AND jscenabled ORDER BY jscid LIMIT 20) s
        WHERE pgagent.pga_schedule_after(job.jobplanned - interval '1 s', coalesce(s.jsctimezone, zone), s.jscstart, s.jscend,
                  s.jscminutes, s.jschours, s.jscweekdays, s.jscmonthdays, s.jscmonths,
                  (SELECT array_agg(jexdate ORDER BY jexid) FROM pgagent.pga_exception WHERE jexscid = s.jscid),
                  (SELECT array_agg(jextime ORDER BY jexid) FROM pgagent.pga_exception WHERE jexscid = s.jscid))
              = job.jobplanned
        LIMIT 3);
    IF names = '{}' THEN
        names := ARRAY(SELECT pgagent.pga_rule_words(r) FROM pgagent.pga_rule r
                       WHERE r.ruljobid = job.jobid AND r.rulenabled AND NOT r.rulexception AND r.rulkind <> 'startup'
                       ORDER BY r.rulid LIMIT 2);
    END IF;
    RETURN CASE WHEN names = '{}' THEN 'that is its plan'
                WHEN cardinality(names) = 1 OR names[1] LIKE 'schedule %' THEN array_to_string(names, ' and ') || ' says so'
                ELSE 'one of its rules says so' END;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_why_then(pgagent.pga_job) IS 'What asks for the next run of a job';

CREATE FUNCTION pgagent.pga_why_next(job pgagent.pga_job) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    zone text := pgagent.pga_job_zone(job);
    until timestamptz := pgagent.pga_paused_until();
    trouble text := pgagent.pga_why_no_agent(job.jobhostagent, zone);
BEGIN
    IF job.jobnextrun IS NULL THEN
        RETURN format('has a plan for %s but no next run: UPDATE pgagent.pga_job SET jobnextrun = NULL has it planned anew',
                      pgagent.pga_local(job.jobplanned, zone));
    END IF;
    IF until > job.jobnextrun THEN
        trouble := coalesce(trouble, pgagent.pga_why_paused(zone));
    END IF;
    RETURN format('%s next at %s, because %s', CASE WHEN trouble IS NULL THEN 'runs' ELSE 'would run' END,
                  pgagent.pga_local(job.jobnextrun, zone), pgagent.pga_why_then(job))
        || coalesce('; but ' || trouble, '');
END;
$$;
COMMENT ON FUNCTION pgagent.pga_why_next(pgagent.pga_job) IS 'When a job that has a next run runs, and why then';

/* ---- What was ---- */

CREATE FUNCTION pgagent.pga_why_failed(job pgagent.pga_job) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    run pgagent.pga_joblog;
    step record;
BEGIN
    SELECT * INTO run FROM pgagent.pga_joblog l
    WHERE l.jlgjobid = job.jobid AND l.jlgstatus <> 'r' ORDER BY l.jlgstart DESC LIMIT 1;
    IF run.jlgstatus IS NULL OR run.jlgstatus = 's' THEN
        RETURN NULL;
    END IF;
    SELECT p.jstname, nullif(btrim(s.jsloutput), '') AS output INTO step
    FROM pgagent.pga_jobsteplog s JOIN pgagent.pga_jobstep p ON p.jstid = s.jsljstid
    WHERE s.jsljlgid = run.jlgid AND s.jslstatus IN ('f', 'd') ORDER BY s.jslid DESC LIMIT 1;
    RETURN format('Its last run, at %s, %s', pgagent.pga_local(run.jlgstart, pgagent.pga_job_zone(job)),
                  CASE run.jlgstatus WHEN 'f' THEN 'failed' WHEN 'd' THEN 'was stopped before its end' ELSE 'did nothing' END)
        || CASE WHEN step.output IS NOT NULL THEN format(': step "%s": %s', step.jstname, pgagent.pga_first_words(step.output))
                WHEN run.jlgreason IS NOT NULL THEN ': ' || pgagent.pga_first_words(run.jlgreason)
                WHEN step.jstname IS NOT NULL THEN format(' at step "%s"', step.jstname)
                ELSE '' END;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_why_failed(pgagent.pga_job) IS 'How the last run of a job ended, if not well; NULL = it succeeded, or there is none';

/* What was skipped after the last run began. */
CREATE FUNCTION pgagent.pga_why_skipped(job pgagent.pga_job) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    zone text := pgagent.pga_job_zone(job);
    skipped pgagent.pga_skipped;
    run pgagent.pga_joblog;
BEGIN
    SELECT * INTO skipped FROM pgagent.pga_skipped s
    WHERE s.skpjobid = job.jobid AND s.skpat > now() - interval '30 days' ORDER BY s.skpat DESC, s.skpid DESC LIMIT 1;
    SELECT * INTO run FROM pgagent.pga_joblog l WHERE l.jlgjobid = job.jobid ORDER BY l.jlgstart DESC LIMIT 1;
    IF skipped.skpid IS NULL OR skipped.skpat < run.jlgstart THEN
        RETURN NULL;
    END IF;
    RETURN CASE WHEN skipped.skpslots = 1
                THEN format('Its slot of %s was skipped', pgagent.pga_local(skipped.skpfrom, zone))
                WHEN skipped.skpslots = 0
                THEN format('Slots between %s and %s, if there were any, were skipped',
                            pgagent.pga_local(skipped.skpfrom, zone), pgagent.pga_local(skipped.skpto, zone))
                ELSE format('Its last %s slots, %s to %s, were skipped', skipped.skpslots,
                            pgagent.pga_local(skipped.skpfrom, zone), pgagent.pga_local(skipped.skpto, zone)) END
        || CASE WHEN skipped.skpreason = 'busy' AND run.jlgid IS NOT NULL
                THEN format(' because the run of %s %s', pgagent.pga_local(coalesce(run.jlgscheduled, run.jlgstart), zone),
                            CASE run.jlgstatus WHEN 'r' THEN 'still runs' ELSE 'still ran' END)
                ELSE ': ' || coalesce(replace(skipped.skpdetail, '; at least one slot', ''), skipped.skpreason) END;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_why_skipped(pgagent.pga_job) IS 'The slots of a job that were skipped since its last run began; NULL = none';

/* ---- All of it ---- */

/* It reads what people with pgAgent's grants cannot read, so it asks for those grants itself. */
CREATE FUNCTION pgagent.pga_why(id int4) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    job pgagent.pga_job;
    running text;
    reason text;
BEGIN
    PERFORM pgagent.pga_check_may_look();
    SELECT * INTO job FROM pgagent.pga_job WHERE jobid = id;
    IF job.jobid IS NULL THEN
        RETURN NULL;
    END IF;
    running := pgagent.pga_why_running(job);
    reason := coalesce(running, pgagent.pga_why_waiting(job),
                       pgagent.pga_why_never(job) || coalesce(pgagent.pga_why_wish(job), ''), pgagent.pga_why_next(job));
    RETURN format('Job "%s" %s', job.jobname, reason)
        || CASE WHEN EXISTS (SELECT FROM pgagent.pga_jobstep WHERE jstjobid = id AND jstenabled) THEN ''
                ELSE '. It has no enabled steps: its runs end with status i' END
        || coalesce('. ' || pgagent.pga_why_skipped(job), '')
        || '.' || coalesce(' ' || pgagent.pga_why_failed(job), '');
END;
$$;
COMMENT ON FUNCTION pgagent.pga_why(int4) IS 'As why(), for the id of a job; NULL = there is no such job';

CREATE FUNCTION pgagent.why(job text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN pgagent.pga_why(pgagent.pga_find_job(job));
END;
$$;
COMMENT ON FUNCTION pgagent.why(text) IS 'Why a job (id or name) does not run, or when it runs next, in a plain sentence; then what was skipped, and how its last run ended if not well';

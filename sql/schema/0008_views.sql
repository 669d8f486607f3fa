/* SPDX-License-Identifier: PostgreSQL */
/* What is going on, for people to look at: in pgAdmin's grid, in psql, by the commands.
 *
 * The views show names, times and the output of failed steps, but no code. Nobody is granted them: who may read the tables
 * may be given them by GRANT SELECT ON ALL TABLES IN SCHEMA pgagent. They read the tables with their owner's rights, so row
 * security on the tables, were there any, would have to be repeated in them. */

/* ---- Words ---- */

/* Never raises: a zone that the server cannot compute with gives UTC, and says so. */
CREATE FUNCTION pgagent.pga_local(at timestamptz, zone text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    is_ordinary bool := at BETWEEN timestamptz '0001-01-03 00:00+00' AND timestamptz '9999-12-29 00:00+00';
    name text := CASE WHEN is_ordinary AND pgagent.pga_zone_works(zone) THEN zone ELSE 'UTC' END;
BEGIN
    IF is_ordinary IS NOT TRUE THEN
        RETURN at::text;
    END IF;
    RETURN to_char(timezone(name, at), CASE WHEN extract(second FROM at) < 1 THEN 'YYYY-MM-DD HH24:MI '
                                            ELSE 'YYYY-MM-DD HH24:MI:SS ' END) || name;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_local(timestamptz, text) IS 'An instant as local date, time and zone: 2026-11-22 02:00 Europe/Berlin';

CREATE FUNCTION pgagent.pga_how_long(length interval) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    seconds int8 := greatest(extract(epoch FROM length), 0)::int8;
BEGIN
    RETURN CASE
        WHEN seconds < 60 THEN format('%s s', seconds)
        WHEN seconds < 3600 THEN format('%s min %s s', seconds / 60, seconds % 60)
        WHEN seconds < 86400 THEN format('%s h %s min', seconds / 3600, seconds / 60 % 60)
        ELSE format('%s days %s h', seconds / 86400, seconds / 3600 % 24) END;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_how_long(interval) IS 'A length of time in its two greatest units: 2 h 5 min';

/* ---- Agents ---- */

/* As the agents themselves see each other (agents_dead.sql): a lease that has ended, or a backend that is gone. */
CREATE VIEW pgagent.pga_agents AS
SELECT coalesce(a.jagname, a.jagstation) AS agent,
       a.jagstation AS host,
       CASE WHEN a.jaguuid IS NULL THEN CASE WHEN b.pid IS NULL THEN 'dead' ELSE 'pgAgent' END
            WHEN a.jagdead IS NOT NULL OR a.jaglease <= now() THEN 'dead'
            WHEN b.pid IS NULL THEN 'lost'
            ELSE 'alive' END AS state,
       a.jaglease AS lease,
       CASE WHEN isfinite(a.jaglease) THEN a.jaglease - now() END AS lease_left,
       CASE WHEN isfinite(a.jaglease) THEN a.jaglease - a.jagrenewed END AS lease_length,
       a.jaglogintime AS since,
       a.jagpid AS pid,
       a.jagepoch AS epoch,
       a.jagversion AS version,
       a.jaguser AS runs_as,
       a.jagbatch AS batch,
       a.jagskew AS skew,
       a.jagfull AS full_servers
FROM pgagent.pga_jobagent a
LEFT JOIN pg_catalog.pg_stat_activity b
    ON b.pid = a.jagpid
   AND coalesce(b.backend_start = a.jagbackendstart, true)
   AND (b.datname IS NULL OR b.datname = current_database())
WHERE NOT EXISTS (SELECT FROM pgagent.pga_jobagent n WHERE n.jaguuid = a.jaguuid AND n.jaglease > a.jaglease);
COMMENT ON VIEW pgagent.pga_agents IS 'Agents in the register, and whether they live';
COMMENT ON COLUMN pgagent.pga_agents.agent IS 'Name of the agent';
COMMENT ON COLUMN pgagent.pga_agents.host IS 'Host that it runs on';
COMMENT ON COLUMN pgagent.pga_agents.state IS 'alive; lost = its connection is gone, it may come back until its lease ends; dead = its lease has ended, it was declared dead, or it is a pgAgent whose connection is gone; pgAgent = a pgAgent that lives';
COMMENT ON COLUMN pgagent.pga_agents.lease IS 'It counts as alive until then unless it says more; NULL for a pgAgent';
COMMENT ON COLUMN pgagent.pga_agents.lease_left IS 'How long until then; negative = its lease has ended';
COMMENT ON COLUMN pgagent.pga_agents.lease_length IS 'How long it counts as alive after each sign of life';
COMMENT ON COLUMN pgagent.pga_agents.since IS 'When it registered';
COMMENT ON COLUMN pgagent.pga_agents.pid IS 'Server process behind its control connection';
COMMENT ON COLUMN pgagent.pga_agents.epoch IS 'Its epoch, which its runs have in pga_joblog.jlgepoch; NULL for a pgAgent';
COMMENT ON COLUMN pgagent.pga_agents.version IS 'Version of its program';
COMMENT ON COLUMN pgagent.pga_agents.runs_as IS 'Operating system user that it runs as';
COMMENT ON COLUMN pgagent.pga_agents.batch IS 'Whether it carries out batch steps: off, on, or as NAME';
COMMENT ON COLUMN pgagent.pga_agents.skew IS 'How far its clock is ahead of the database''s';
COMMENT ON COLUMN pgagent.pga_agents.full_servers IS 'Servers for which it has no free connection; empty = its own server';

/* ---- What runs now ---- */

CREATE VIEW pgagent.pga_running AS
SELECT j.jobid,
       j.jobname AS job,
       l.jlgid AS run,
       l.jlgstart AS since,
       CASE WHEN isfinite(l.jlgstart) THEN date_trunc('second', clock_timestamp() - l.jlgstart) END AS duration,
       s.jstname AS step,
       s.jslstart AS step_since,
       s.jslwaiting AS waits_for,
       coalesce(l.jlgagent, a.agent) AS agent,
       coalesce(s.jslhost, a.host) AS host,
       s.jslpid AS pid,
       CASE WHEN a.state IN ('alive', 'pgAgent') THEN a.state ELSE coalesce(a.state, 'gone') END AS agent_state,
       coalesce(l.jlgtrigger, 'pgAgent') AS because,
       l.jlgby AS asked_by,
       l.jlgscheduled AS slot,
       l.jlglabel AS local_slot,
       EXISTS (SELECT FROM pgagent.pga_request r
               WHERE r.reqjobid = j.jobid AND r.reqkind = 'cancel'
                 AND (r.reqjlgid IS NULL OR r.reqjlgid = l.jlgid)) AS is_cancelled
FROM pgagent.pga_joblog l
JOIN pgagent.pga_job j ON j.jobid = l.jlgjobid
LEFT JOIN pgagent.pga_agents a ON CASE WHEN l.jlgepoch IS NULL THEN a.pid = j.jobagentid ELSE a.epoch = l.jlgepoch END
LEFT JOIN LATERAL (
    SELECT p.jstname, o.jslstart, o.jslwaiting, o.jslhost, o.jslpid
    FROM pgagent.pga_jobsteplog o
    JOIN pgagent.pga_jobstep p ON p.jstid = o.jsljstid
    WHERE o.jsljlgid = l.jlgid AND o.jslstatus = 'r'
    ORDER BY o.jslid DESC LIMIT 1
) s ON true
WHERE l.jlgstatus = 'r'
ORDER BY l.jlgstart;
COMMENT ON VIEW pgagent.pga_running IS 'Runs that are going on, oldest first';
COMMENT ON COLUMN pgagent.pga_running.jobid IS 'Id of the job';
COMMENT ON COLUMN pgagent.pga_running.job IS 'Name of the job';
COMMENT ON COLUMN pgagent.pga_running.run IS 'Id of the run (pga_joblog.jlgid)';
COMMENT ON COLUMN pgagent.pga_running.since IS 'When the run started';
COMMENT ON COLUMN pgagent.pga_running.duration IS 'How long it has been running';
COMMENT ON COLUMN pgagent.pga_running.step IS 'Step that is being carried out; NULL = between two steps';
COMMENT ON COLUMN pgagent.pga_running.step_since IS 'When that step started';
COMMENT ON COLUMN pgagent.pga_running.waits_for IS 'What the step waits for before it can begin, such as a free connection; NULL = nothing';
COMMENT ON COLUMN pgagent.pga_running.agent IS 'Agent that runs it';
COMMENT ON COLUMN pgagent.pga_running.host IS 'Host of the process that carries out the step';
COMMENT ON COLUMN pgagent.pga_running.pid IS 'That process: of the server (SQL) or on the agent''s host (batch)';
COMMENT ON COLUMN pgagent.pga_running.agent_state IS 'Whether that agent lives: alive, lost, dead, pgAgent (see pga_agents), or gone from the register';
COMMENT ON COLUMN pgagent.pga_running.because IS 'Why it runs: schedule, manual, missed, retry, startup ..., or pgAgent for its runs';
COMMENT ON COLUMN pgagent.pga_running.asked_by IS 'Login that asked for the run; NULL = the schedule';
COMMENT ON COLUMN pgagent.pga_running.slot IS 'When it was due; NULL = it was asked for';
COMMENT ON COLUMN pgagent.pga_running.local_slot IS 'The slot''s local date, time and zone';
COMMENT ON COLUMN pgagent.pga_running.is_cancelled IS 'Somebody has asked to stop it';

/* ---- What comes ---- */

CREATE VIEW pgagent.pga_upcoming AS
SELECT j.jobid,
       j.jobname AS job,
       n.next_run,
       pgagent.pga_local(n.next_run, n.zone) AS local_time,
       n.zone,
       CASE WHEN n.next_run IS NULL THEN NULL
            WHEN w.reqdue <= n.next_run THEN coalesce('asked by ' || w.reqby, w.reqtrigger)
            ELSE 'plan' END AS because,
       j.jobplanned AS planned,
       j.jobagentid IS NOT NULL AS is_running,
       CASE WHEN n.next_run IS NOT NULL THEN NULL
            WHEN NOT j.jobenabled THEN 'the job is disabled'
            WHEN j.jobreplan THEN 'not planned yet'
            WHEN j.jobplanned IS NOT NULL THEN 'its plan was lost: set jobnextrun to NULL to have it planned anew'
            WHEN NOT c.has_any THEN 'no schedule and no rule'
            WHEN NOT c.has_enabled THEN 'all schedules and rules are disabled'
            ELSE coalesce(c.problem, 'the schedules ask for nothing more') END AS why_none
FROM pgagent.pga_job j
LEFT JOIN LATERAL (
    SELECT r.reqdue, r.reqby, r.reqtrigger
    FROM pgagent.pga_request r
    WHERE r.reqjobid = j.jobid AND r.reqkind = 'run'
    ORDER BY r.reqdue, r.reqid LIMIT 1
) w ON true
CROSS JOIN LATERAL (
    SELECT CASE WHEN j.jobenabled THEN j.jobnextrun ELSE w.reqdue END AS next_run,
           coalesce(j.jobtimezone, (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone')) AS zone
) n
LEFT JOIN LATERAL (
    SELECT count(*) > 0 AS has_any, coalesce(bool_or(s.enabled), false) AS has_enabled, min(s.problem) AS problem
    FROM (SELECT jscenabled AS enabled, NULL AS problem FROM pgagent.pga_schedule WHERE jscjobid = j.jobid
          UNION ALL
          SELECT rulenabled, CASE WHEN rulenabled THEN 'a rule: ' || split_part(rulproblem, E'\n', 1) END
          FROM pgagent.pga_rule WHERE ruljobid = j.jobid) s
) c ON n.next_run IS NULL
ORDER BY n.next_run, j.jobname, j.jobid;
COMMENT ON VIEW pgagent.pga_upcoming IS 'When each job runs next, soonest first, and why not; pgagent.why(job) tells more';
COMMENT ON COLUMN pgagent.pga_upcoming.jobid IS 'Id of the job';
COMMENT ON COLUMN pgagent.pga_upcoming.job IS 'Name of the job';
COMMENT ON COLUMN pgagent.pga_upcoming.next_run IS 'When it runs next; in the past = it is due and waits';
COMMENT ON COLUMN pgagent.pga_upcoming.local_time IS 'That instant as date and time in the job''s zone';
COMMENT ON COLUMN pgagent.pga_upcoming.zone IS 'Time zone of the job';
COMMENT ON COLUMN pgagent.pga_upcoming.because IS 'plan = its schedules and rules; else who or what asked for the run';
COMMENT ON COLUMN pgagent.pga_upcoming.planned IS 'When its schedules and rules ask for the next run';
COMMENT ON COLUMN pgagent.pga_upcoming.is_running IS 'It is running now';
COMMENT ON COLUMN pgagent.pga_upcoming.why_none IS 'Why there is no next run; NULL = there is one';

/* ---- What was ---- */

/* Newest first by itself: with a LIMIT, two short walks along an index. Who also says ORDER BY has all of it sorted. */
CREATE INDEX pga_joblog_start ON pgagent.pga_joblog (jlgstart);
CREATE INDEX pga_joblog_job_start ON pgagent.pga_joblog (jlgjobid, jlgstart);
CREATE INDEX pga_skipped_at ON pgagent.pga_skipped (skpat);
CREATE INDEX pga_skipped_job_at ON pgagent.pga_skipped (skpjobid, skpat);

CREATE VIEW pgagent.pga_history AS
SELECT h.at,
       h.jobid,
       j.jobname AS job,
       h.result,
       h.duration,
       (SELECT p.jstname FROM pgagent.pga_jobsteplog s JOIN pgagent.pga_jobstep p ON p.jstid = s.jsljstid
        WHERE s.jsljlgid = h.stopped_run AND s.jslstatus IN ('f', 'd')
        ORDER BY s.jslid DESC LIMIT 1) AS failed_step,
       coalesce(CASE WHEN h.result = 'stopped' THEN h.reason END,
                (SELECT nullif(left(s.jsloutput, 500), '') FROM pgagent.pga_jobsteplog s
                 WHERE s.jsljlgid = h.stopped_run AND s.jslstatus IN ('f', 'd')
                 ORDER BY s.jslid DESC LIMIT 1), h.reason) AS message,
       h.because,
       h.asked_by,
       h.slot,
       h.local_slot,
       h.late_by,
       h.slots,
       h.agent,
       h.id
FROM (SELECT l.jlgstart AS at, l.jlgjobid AS jobid,
             CASE l.jlgstatus WHEN 'r' THEN 'running' WHEN 's' THEN 'succeeded' WHEN 'f' THEN 'failed'
                              WHEN 'i' THEN 'nothing done' ELSE 'stopped' END AS result,
             l.jlgduration AS duration, CASE WHEN l.jlgstatus IN ('f', 'd') THEN l.jlgid END AS stopped_run,
             l.jlgreason AS reason, coalesce(l.jlgtrigger, 'pgAgent') AS because, l.jlgby AS asked_by,
             l.jlgscheduled AS slot, l.jlglabel AS local_slot, CASE WHEN isfinite(l.jlgstart) AND isfinite(l.jlgscheduled) THEN l.jlgstart - l.jlgscheduled END AS late_by,
             l.jlgslots AS slots, l.jlgagent AS agent, l.jlgid::int8 AS id
      FROM pgagent.pga_joblog l
      UNION ALL
      SELECT s.skpat, s.skpjobid, 'skipped', NULL::interval, NULL::int4, s.skpdetail, s.skpreason, NULL::name,
             s.skpfrom, NULL::text, NULL::interval, s.skpslots, s.skpagent, s.skpid
      FROM pgagent.pga_skipped s) h
JOIN pgagent.pga_job j ON j.jobid = h.jobid
ORDER BY h.at DESC;
COMMENT ON VIEW pgagent.pga_history IS 'Runs and skipped slots in one list, newest first';
COMMENT ON COLUMN pgagent.pga_history.at IS 'When the run started, or when it was noted that slots are skipped';
COMMENT ON COLUMN pgagent.pga_history.jobid IS 'Id of the job';
COMMENT ON COLUMN pgagent.pga_history.job IS 'Name of the job';
COMMENT ON COLUMN pgagent.pga_history.result IS 'running, succeeded, failed, nothing done (nothing to do, or it could not be started), stopped (it may have done part of its work); or skipped';
COMMENT ON COLUMN pgagent.pga_history.duration IS 'How long the run took';
COMMENT ON COLUMN pgagent.pga_history.failed_step IS 'Step at which the run failed or was stopped';
COMMENT ON COLUMN pgagent.pga_history.message IS 'The first part of what that step printed, or why the run ended as it did, or why slots were skipped';
COMMENT ON COLUMN pgagent.pga_history.because IS 'Why it ran: schedule, manual, missed, retry, startup ..., pgAgent; or why it did not: busy, missed, disabled, replanned, skipped ...';
COMMENT ON COLUMN pgagent.pga_history.asked_by IS 'Login that asked for the run; NULL = the schedule';
COMMENT ON COLUMN pgagent.pga_history.slot IS 'When the run was due; NULL = it was asked for. Skipped: the first of the slots';
COMMENT ON COLUMN pgagent.pga_history.local_slot IS 'That slot''s local date, time and zone';
COMMENT ON COLUMN pgagent.pga_history.late_by IS 'How much later than its slot the run started';
COMMENT ON COLUMN pgagent.pga_history.slots IS 'How many slots the run stands for, or were skipped';
COMMENT ON COLUMN pgagent.pga_history.agent IS 'Agent that ran it or noted it';
COMMENT ON COLUMN pgagent.pga_history.id IS 'Id of the run (pga_joblog.jlgid), or of the entry in pga_skipped';

/* ---- What is wrong ---- */

CREATE VIEW pgagent.pga_health AS
WITH agent AS (
    SELECT * FROM pgagent.pga_agents
), zone AS (
    SELECT setvalue AS name FROM pgagent.pga_setting WHERE setname = 'timezone'
), due AS (
    SELECT j.jobid, j.jobnextrun AS at FROM pgagent.pga_job j
    WHERE j.jobenabled AND j.jobagentid IS NULL AND j.jobnextrun < now() - interval '30 s'
    UNION
    SELECT r.reqjobid, r.reqdue FROM pgagent.pga_request r
    JOIN pgagent.pga_job j ON j.jobid = r.reqjobid
    WHERE r.reqkind = 'run' AND r.reqdue < now() - interval '30 s' AND j.jobagentid IS NULL
), found (place, kind, name, state, detail) AS (
    SELECT 1, 'agent', 'none', 'problem', 'no agent is alive: nothing is run'
    WHERE NOT EXISTS (SELECT FROM agent WHERE state IN ('alive', 'pgAgent'))
    UNION ALL
    SELECT 2, 'agent', agent, CASE WHEN state IN ('lost', 'dead') THEN 'problem' ELSE 'fine' END,
           concat_ws(', ', state, 'on host ' || host, 'as user ' || runs_as, 'version ' || version,
                     'since ' || pgagent.pga_local(since, zone.name), 'lease until ' || pgagent.pga_local(lease, zone.name),
                     (SELECT count(*) FROM pgagent.pga_joblog l WHERE l.jlgstatus = 'r' AND l.jlgepoch = epoch) || ' runs',
                     'batch steps ' || batch,
                     CASE WHEN abs(extract(epoch FROM skew)) >= 1 THEN format('clock off by %s', skew) END,
                     CASE WHEN full_servers <> '{}' THEN format('no free connection to %s servers', cardinality(full_servers)) END)
    FROM agent, zone
    UNION ALL
    SELECT 3, 'pause', coalesce((SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'paused_by'), ''), 'paused',
           'nothing is started until ' || CASE WHEN isfinite(p.until) THEN pgagent.pga_local(p.until, zone.name)
                                               ELSE 'somebody calls pgagent.resume()' END
    FROM (SELECT pgagent.pga_paused_until() AS until) p, zone
    WHERE p.until IS NOT NULL
    UNION ALL
    SELECT 4, 'host', j.jobhostagent, 'problem',
           format('served by no living agent; %s jobs are for it alone, such as "%s"', count(*), min(j.jobname))
    FROM pgagent.pga_job j
    WHERE j.jobhostagent <> '' AND j.jobenabled
      AND NOT EXISTS (SELECT FROM agent a
                      WHERE a.state IN ('alive', 'pgAgent') AND j.jobhostagent IN (a.agent, a.host))
    GROUP BY j.jobhostagent
    UNION ALL
    SELECT 5, 'job', j.jobname, 'late',
           format('due since %s and not taken; SELECT pgagent.why(''%s'') tells more',
                  pgagent.pga_local(min(d.at), min(coalesce(j.jobtimezone, zone.name))), j.jobid)
    FROM due d JOIN pgagent.pga_job j ON j.jobid = d.jobid, zone
    GROUP BY j.jobid, j.jobname
    UNION ALL
    SELECT 6, 'job', j.jobname, 'not planned', 'no agent has planned it yet'
    FROM pgagent.pga_job j
    WHERE j.jobreplan AND j.jobenabled
    UNION ALL
    SELECT 7, 'job', j.jobname, 'never', u.why_none
    FROM pgagent.pga_job j
    JOIN pgagent.pga_upcoming u ON u.jobid = j.jobid
    WHERE j.jobenabled AND j.jobnextrun IS NULL AND NOT j.jobreplan AND j.jobagentid IS NULL
      AND (EXISTS (SELECT FROM pgagent.pga_schedule WHERE jscjobid = j.jobid AND jscenabled)
           OR EXISTS (SELECT FROM pgagent.pga_rule
                      WHERE ruljobid = j.jobid AND rulenabled AND rulkind <> 'startup' AND NOT rulexception))
    UNION ALL
    SELECT 8, 'rule', format('%s: %s', j.jobname, coalesce(nullif(r.rulname, ''), r.rulid::text)), 'problem', r.rulproblem
    FROM pgagent.pga_rule r
    JOIN pgagent.pga_job j ON j.jobid = r.ruljobid
    WHERE r.rulproblem IS NOT NULL AND r.rulenabled AND j.jobenabled
    UNION ALL
    SELECT 9, 'run', j.jobname, 'orphaned', format('run %s is open, but its agent is %s', r.run, r.agent_state)
    FROM pgagent.pga_running r JOIN pgagent.pga_job j ON j.jobid = r.jobid
    WHERE r.agent_state NOT IN ('alive', 'pgAgent')
    UNION ALL
    SELECT 10, 'runs', CASE l.jlgstatus WHEN 'f' THEN 'failed' ELSE 'stopped' END, 'last day',
           format('%s runs of %s jobs', count(*), count(DISTINCT l.jlgjobid))
    FROM pgagent.pga_joblog l
    WHERE l.jlgstart > now() - interval '1 day' AND l.jlgstatus IN ('f', 'd')
    GROUP BY l.jlgstatus
    UNION ALL
    SELECT 11, 'skipped', s.skpreason, 'last day', format('%s slots of %s jobs', sum(s.skpslots), count(DISTINCT s.skpjobid))
    FROM pgagent.pga_skipped s
    WHERE s.skpat > now() - interval '1 day'
    GROUP BY s.skpreason
    UNION ALL
    SELECT 12, 'log', coalesce(g.aglagent, ''), 'last day',
           format('%s errors and warnings, the newest at %s: %s', count(*),
                  pgagent.pga_local((array_agg(g.aglat ORDER BY g.aglid DESC))[1], min(zone.name)),
                  (array_agg(g.aglmessage ORDER BY g.aglid DESC))[1])
    FROM pgagent.pga_agentlog g, zone
    /* Warnings about a job are how its runs ended: counted above. */
    WHERE g.aglat > now() - interval '1 day' AND (g.agllevel = 'error' OR g.agllevel = 'warning' AND g.agljobid IS NULL)
    GROUP BY g.aglagent
    UNION ALL
    SELECT 13, 'ids', i.name, CASE WHEN i.used > 0.5 THEN 'problem' ELSE 'fine' END,
           format('%s%% of the numbers are used up', round(100 * i.used, 1))
    FROM (SELECT 'pga_joblog' AS name,
                 last_value::numeric / CASE (SELECT atttypid FROM pg_catalog.pg_attribute
                                            WHERE attrelid = 'pgagent.pga_joblog'::regclass AND attname = 'jlgid')
                     WHEN 'int8'::regtype THEN 9223372036854775807 ELSE 2147483647 END AS used
          FROM pgagent.pga_joblog_jlgid_seq
          UNION ALL
          SELECT 'pga_jobsteplog',
                 last_value::numeric / CASE (SELECT atttypid FROM pg_catalog.pg_attribute
                                            WHERE attrelid = 'pgagent.pga_jobsteplog'::regclass AND attname = 'jslid')
                     WHEN 'int8'::regtype THEN 9223372036854775807 ELSE 2147483647 END
          FROM pgagent.pga_jobsteplog_jslid_seq) i
)
SELECT kind, name, state, detail
FROM found
ORDER BY place, name;
COMMENT ON VIEW pgagent.pga_health IS 'How the agents are and what is wrong, most important first';
COMMENT ON COLUMN pgagent.pga_health.kind IS 'What the row is about: agent, pause, host, job, rule, run; runs, skipped, log (sums of the last day); ids (of log rows)';
COMMENT ON COLUMN pgagent.pga_health.name IS 'Its name: of the agent, host, job, rule, reason or table; pause: the login that asked for it';
COMMENT ON COLUMN pgagent.pga_health.state IS 'fine, problem, paused, late, not planned, never, orphaned; last day = a sum of the last day';
COMMENT ON COLUMN pgagent.pga_health.detail IS 'The particulars, in words';

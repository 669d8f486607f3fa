-- What becomes of each job of a pgAgent when its tables are taken over, and why, before any of it is done. $1: the defects of
-- its schedules (schedule_defects.sql, as JSON); $2: the pgAgents that are at work (jagpid).
--
-- state: disabled; running (a living pgAgent has it: it plans itself at the end); frozen (its pgAgent is gone); overdue
-- (since before today, in the zone of schedules); due (today: it runs by the rule of missed slots); wish (set by hand: a
-- pgAgent plans whole minutes, and nothing without a schedule); planned. Frozen and overdue jobs are planned into the
-- future, and what they lost is one episode from skipped_from on.
WITH setting AS (
    SELECT s.zone, pgagent.pga_zone_works(s.zone) AS works,
           timezone(s.zone, date_trunc('day', timezone(s.zone, now()))) AS today
    FROM (SELECT setvalue AS zone FROM pgagent.pga_setting WHERE setname = 'timezone') s
), other_zone AS (
    /* Where pgAgent may have planned: in the zone of whatever session edited a job or ended its run. */
    SELECT z.name
    FROM (SELECT substr(c.line, strpos(c.line, '=') + 1) AS name
          FROM pg_catalog.pg_db_role_setting d CROSS JOIN LATERAL unnest(d.setconfig) c (line)
          WHERE lower(c.line) LIKE 'timezone=%'
          UNION SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'TimeZone'
          UNION SELECT 'UTC') z
    WHERE z.name IN (SELECT name FROM pg_catalog.pg_timezone_names) AND pgagent.pga_zone_works(z.name)
), known AS (
    SELECT j.jobid, j.jobname, j.jobdesc, j.jobenabled, j.jobnextrun AS old_next_run, j.joblastrun, s.zone, s.works, s.today,
           EXISTS (SELECT FROM pgagent.pga_schedule c WHERE c.jscjobid = j.jobid AND c.jscenabled) AS has_schedule,
           j.jobagentid IS NOT NULL AND j.jobagentid = ANY ($2::int4[]) AS is_running,
           j.jobagentid IS NOT NULL AND j.jobagentid <> ALL ($2::int4[]) AS is_frozen
    FROM pgagent.pga_job j CROSS JOIN setting s
), planned AS (
    SELECT k.*,
           k.old_next_run >= k.today AND (NOT k.has_schedule OR k.old_next_run <> date_trunc('minute', k.old_next_run))
               AS is_wish,
           CASE WHEN k.jobenabled THEN pgagent.pga_plan_after(now(), k.jobid, k.zone) END AS future,
           CASE WHEN k.jobenabled AND k.old_next_run IS NOT NULL
                THEN pgagent.pga_plan_after(k.old_next_run - interval '1 second', k.jobid, k.zone) END AS first_slot
    FROM known k
), judged AS (
    SELECT p.*,
           CASE WHEN NOT p.jobenabled THEN 'disabled'
                WHEN p.is_running THEN 'running'
                WHEN p.is_frozen THEN 'frozen'
                WHEN p.old_next_run < p.today THEN 'overdue'
                WHEN p.is_wish THEN 'wish'
                WHEN p.first_slot <= now() THEN 'due'
                ELSE 'planned' END AS state,
           CASE WHEN p.is_frozen
                THEN pgagent.pga_plan_after(greatest(p.old_next_run, p.joblastrun), p.jobid, p.zone) END AS slot_after_freeze
    FROM planned p
), decided AS (
    SELECT d.*,
           CASE d.state WHEN 'disabled' THEN NULL
                        WHEN 'running' THEN d.old_next_run
                        WHEN 'wish' THEN least(d.old_next_run, d.future)
                        WHEN 'due' THEN d.first_slot
                        ELSE d.future END AS new_next_run,
           CASE d.state WHEN 'disabled' THEN NULL
                        WHEN 'running' THEN d.old_next_run
                        WHEN 'due' THEN d.first_slot
                        ELSE d.future END AS plan,
           CASE d.state WHEN 'disabled' THEN NULL
                        WHEN 'due' THEN d.old_next_run - interval '1 second'
                        ELSE now() END AS last_slot,
           CASE d.state WHEN 'wish' THEN d.old_next_run END AS wish,
           CASE WHEN d.state = 'overdue' THEN d.old_next_run
                WHEN d.slot_after_freeze <= now() AND d.jobenabled THEN d.slot_after_freeze END AS skipped_from,
           d.jobenabled AND d.has_schedule AND NOT d.works AS is_left_to_agent
    FROM judged d
)
SELECT d.jobid, d.jobname, d.state, d.old_next_run, d.new_next_run, d.skipped_from, d.plan, d.last_slot, d.wish,
       d.is_left_to_agent,
       coalesce(nullif(ARRAY(
           SELECT r.reason
           FROM (
               SELECT 1, format('a pgAgent that is gone left it running%s: it is free again and planned into the future',
                                ' since ' || to_char(d.joblastrun, 'YYYY-MM-DD HH24:MI'))
               WHERE d.state = 'frozen'
               UNION ALL
               SELECT 2, 'overdue since before today: it is planned into the future, and does not run for what it missed'
               WHERE d.state = 'overdue'
               UNION ALL
               SELECT 3, 'due today: it runs once as soon as an agent of pgAlmanac is there' WHERE d.state = 'due'
               UNION ALL
               SELECT 4, 'somebody asked for a run then: it stays a request' WHERE d.state = 'wish'
               UNION ALL
               SELECT 5, 'a pgAgent runs it now, and plans it at the end' WHERE d.state = 'running'
               UNION ALL
               SELECT 6, 'it is disabled, but pgAgent kept a next run'
               WHERE d.state = 'disabled' AND d.old_next_run IS NOT NULL
               UNION ALL
               SELECT 7, format('the first agent plans it: PostgreSQL reads %s as an abbreviation', d.zone)
               WHERE d.is_left_to_agent
               UNION ALL
               SELECT 8, 'pgAgent had not planned it'
               WHERE d.state = 'planned' AND d.old_next_run IS NULL AND d.new_next_run IS NOT NULL
               UNION ALL
               SELECT 9, w.reason
               FROM (SELECT DISTINCT format('schedule "%s": %s', f.jscname, f.description) AS reason
                     FROM json_to_recordset($1::json) AS f (jobid int4, jscname text, on_day date, description text)
                     WHERE f.jobid = d.jobid
                       AND (f.on_day IS NULL OR f.on_day IN (timezone(d.zone, d.old_next_run)::date,
                                                             timezone(d.zone, d.new_next_run)::date))) w
               WHERE d.state NOT IN ('disabled', 'running')
                 AND d.new_next_run IS DISTINCT FROM d.old_next_run AND NOT d.is_left_to_agent
               UNION ALL
               SELECT 10, format('pgAgent read its schedule in the time zone of a session, %s; from now on it is %s',
                                 z.name, d.zone)
               FROM (SELECT o.name FROM other_zone o
                     WHERE d.state = 'planned' AND d.first_slot IS DISTINCT FROM d.old_next_run AND d.works
                       AND d.old_next_run IS NOT NULL
                       AND pgagent.pga_plan_after(d.old_next_run - interval '1 second', d.jobid, o.name) = d.old_next_run
                     ORDER BY o.name = 'UTC', o.name LIMIT 1) z
               UNION ALL
               SELECT 11, format('its comment is left alone, but has a line "%s": when the comment is edited it %s',
                                 left(l.line, 60),
                                 CASE WHEN pgagent.pga_line_mistake(l.word, l.rest, d.zone) IS NULL THEN 'counts'
                                      ELSE 'must go, for pgAlmanac reads lines that begin with @ and cannot read this one' END)
               FROM pgagent.pga_comment_lines(d.jobdesc) l
           ) r (place, reason)
           ORDER BY r.place, r.reason), '{}'),
           CASE WHEN d.new_next_run IS DISTINCT FROM d.old_next_run
                THEN ARRAY['pgAgent''s next run was none of its schedules'' any more, or not the first one'] ELSE '{}' END)
           AS reasons
FROM decided d
ORDER BY d.jobid

-- Removes history that need not be kept any longer. $1: jobs with a greater id are looked at, $2: so many of them, but not the
-- first $6, $3: so many runs (and skipped slots, and messages) go at once, $4: the agent, $5: its epoch. One agent at a time,
-- and only where its control connection is: a pooled connection may lead to another of several servers. Rows that somebody
-- has locked, or whose steps somebody has locked, stay. Gives whether it was our turn, how much has gone, and the id to go
-- on after; NULL = all is looked at.
WITH self AS (
    /* Only while we are not declared dead. */
    SELECT a.jagpid
    FROM pgagent.pga_jobagent a
    JOIN pg_catalog.pg_stat_activity s ON s.pid = a.jagpid AND s.backend_start = a.jagbackendstart
    WHERE a.jaguuid = $4::uuid AND a.jagepoch = $5::int8 AND a.jagdead IS NULL
    FOR KEY SHARE OF a SKIP LOCKED
), turn AS (
    SELECT CASE WHEN EXISTS (SELECT FROM self)
                THEN pg_catalog.pg_try_advisory_xact_lock(1885824364, 2) ELSE false END AS is_ours
), policy AS (
    SELECT keep, runs FROM pgagent.pga_retention()
), job AS (
    SELECT j.jobid, coalesce(j.jobkeep, p.keep) AS keep, p.runs
    FROM turn t CROSS JOIN policy p CROSS JOIN pgagent.pga_job j
    WHERE t.is_ours AND j.jobid > $1::int4 AND coalesce(j.jobkeep, p.keep) IS NOT NULL
    ORDER BY j.jobid LIMIT $2::int4 OFFSET $6::int4
), old_run AS (
    SELECT r.jlgid AS id
    FROM job j
    CROSS JOIN LATERAL pgagent.pga_old_runs(j.jobid, j.keep, j.runs, $3::int4) o (id)
    CROSS JOIN LATERAL (SELECT l.jlgid FROM pgagent.pga_joblog l WHERE l.jlgid = o.id FOR UPDATE SKIP LOCKED) r
    CROSS JOIN LATERAL (SELECT count(*) AS steps
                        FROM (SELECT FROM pgagent.pga_jobsteplog s WHERE s.jsljlgid = r.jlgid FOR UPDATE SKIP LOCKED) f) free
    WHERE free.steps = (SELECT count(*) FROM pgagent.pga_jobsteplog s WHERE s.jsljlgid = r.jlgid)
    LIMIT $3::int4
), old_skip AS (
    SELECT s.skpid AS id
    FROM job j
    CROSS JOIN LATERAL pgagent.pga_old_skips(j.jobid, j.keep, j.runs, $3::int4) o (id)
    CROSS JOIN LATERAL (SELECT k.skpid FROM pgagent.pga_skipped k WHERE k.skpid = o.id FOR UPDATE SKIP LOCKED) s
    LIMIT $3::int4
), old_message AS (
    SELECT m.aglid AS id
    FROM pgagent.pga_agentlog m
    WHERE (SELECT is_ours FROM turn) AND m.aglat < (SELECT now() - keep FROM policy)
    ORDER BY m.aglat LIMIT $3::int4 FOR UPDATE SKIP LOCKED
), old_note AS (
    SELECT n.prnid AS id
    FROM pgagent.pga_pruned n
    WHERE (SELECT is_ours FROM turn) AND n.prnat < now() - interval '1 day'
    ORDER BY n.prnid LIMIT $3::int4 FOR UPDATE SKIP LOCKED
), run_gone AS (
    DELETE FROM pgagent.pga_joblog WHERE jlgid = ANY (ARRAY(SELECT id FROM old_run)) RETURNING jlgid
), skip_gone AS (
    DELETE FROM pgagent.pga_skipped WHERE skpid = ANY (ARRAY(SELECT id FROM old_skip)) RETURNING skpid
), message_gone AS (
    DELETE FROM pgagent.pga_agentlog WHERE aglid = ANY (ARRAY(SELECT id FROM old_message)) RETURNING aglid
), note_gone AS (
    DELETE FROM pgagent.pga_pruned WHERE prnid = ANY (ARRAY(SELECT id FROM old_note))
), gone AS (
    SELECT (SELECT count(*) FROM run_gone) AS runs, (SELECT count(*) FROM skip_gone) AS skipped,
           (SELECT count(*) FROM message_gone) AS messages
), noted AS (
    INSERT INTO pgagent.pga_pruned (prnagent, prnruns, prnskipped, prnmessages)
    SELECT (SELECT jagname FROM pgagent.pga_jobagent WHERE jaguuid = $4::uuid LIMIT 1), runs, skipped, messages FROM gone WHERE runs + skipped + messages > 0
)
SELECT t.is_ours, g.runs + g.skipped + g.messages AS removed,
       CASE WHEN greatest(g.runs, g.skipped, g.messages) >= $3::int4 THEN $1::int4
            ELSE (SELECT max(jobid) FROM job HAVING count(*) = $2::int4) END AS go_on_after
FROM turn t CROSS JOIN gone g

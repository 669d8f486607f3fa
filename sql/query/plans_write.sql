-- Writes plans that were computed outside the transaction: $1 jobs, $2 the revisions they were computed for,
-- $3 the plans (NULL = never), $4 the instants they are strictly after; $5 who writes; $6 true: the job is left to
-- another agent, only its rules' problems are written. These are $7 jobs, $8 rules, $9 what is wrong (NULL = nothing).
-- $10, $11: plan and last slot as they were; a claim moves them on without a new revision.
-- Rows that somebody has locked are left, and with a rule its job: whoever waits for a job may hold its rule.
WITH self AS (
    /* Only while we are not declared dead. */
    SELECT jagpid
    FROM pgagent.pga_jobagent
    WHERE jaguuid = $12::uuid AND jagepoch = $13::int8 AND jagpid = pg_catalog.pg_backend_pid() AND jagdead IS NULL
    FOR KEY SHARE SKIP LOCKED
), wanted AS (
    SELECT *
    FROM unnest($1::int4[], $2::int4[], $3::timestamptz[], $4::timestamptz[], $6::bool[],
                $10::timestamptz[], $11::timestamptz[])
        AS w (jobid, revision, planned, lastslot, is_left, seen_planned, seen_lastslot)
    WHERE EXISTS (SELECT FROM self)
), problem AS (
    SELECT * FROM unnest($7::int4[], $8::int4[], $9::text[]) AS p (jobid, ruleid, problem)
), held AS (
    SELECT r.rulid
    FROM pgagent.pga_rule r
    JOIN problem p ON p.ruleid = r.rulid
    FOR NO KEY UPDATE OF r SKIP LOCKED
), locked AS (
    SELECT j.jobid, j.jobplanned AS passed, j.jobagentid IS NULL AS unclaimed,
           w.revision, w.planned, w.lastslot, w.is_left, w.seen_lastslot
    FROM pgagent.pga_job j
    JOIN wanted w ON w.jobid = j.jobid AND w.revision = j.jobrevision
    WHERE j.jobreplan
      AND j.jobplanned IS NOT DISTINCT FROM w.seen_planned AND j.joblastslot IS NOT DISTINCT FROM w.seen_lastslot
      AND j.jobid NOT IN (SELECT p.jobid FROM problem p WHERE p.ruleid NOT IN (SELECT h.rulid FROM held h))
    FOR NO KEY UPDATE OF j SKIP LOCKED
), noted AS (
    UPDATE pgagent.pga_rule r
    SET rulproblem = p.problem
    FROM problem p
    JOIN locked l ON l.jobid = p.jobid
    WHERE r.rulid = p.ruleid
), skipped AS (
    INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpslots, skpreason, skpdetail, skpagent)
    SELECT l.jobid, l.passed, greatest(l.passed, l.seen_lastslot), 1, 'replanned',
           'the schedules were changed around this slot; at least one slot', $5::text
    FROM locked l
    WHERE l.passed <= now() AND l.unclaimed AND NOT l.is_left AND l.passed IS DISTINCT FROM l.planned
)
UPDATE pgagent.pga_job j
SET jobreplan = false,
    joblastslot = greatest(j.joblastslot, l.lastslot),
    jobplanned = CASE WHEN j.jobenabled THEN l.planned END,
    jobnextrun = CASE WHEN j.jobenabled
                      THEN least(l.planned, (SELECT min(r.reqdue) FROM pgagent.pga_request r
                                             WHERE r.reqjobid = j.jobid AND r.reqkind = 'run')) END,
    jobrevision = j.jobrevision + 1
FROM locked l
WHERE j.jobid = l.jobid AND j.jobrevision = l.revision AND j.jobreplan AND NOT l.is_left

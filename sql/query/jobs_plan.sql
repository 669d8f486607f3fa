-- Writes plans that were computed outside the transaction: $1 jobs, $2 the revisions they were computed for,
-- $3 the plans (NULL = never), $4 the instants they are strictly after; $5 who writes.
WITH wanted AS (
    SELECT *
    FROM unnest($1::int4[], $2::int4[], $3::timestamptz[], $4::timestamptz[])
        AS w (jobid, revision, planned, lastslot)
), locked AS (
    SELECT j.jobid, j.jobplanned AS passed, j.jobagentid IS NULL AS unclaimed
    FROM pgagent.pga_job j
    JOIN wanted w ON w.jobid = j.jobid AND w.revision = j.jobrevision
    WHERE j.jobreplan
    FOR NO KEY UPDATE OF j SKIP LOCKED
), skipped AS (
    INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpslots, skpreason, skpdetail, skpagent)
    SELECT l.jobid, l.passed, l.passed, 1, 'replanned', 'the schedules were changed around this slot', $5::text
    FROM locked l
    WHERE l.passed <= now() AND l.unclaimed
)
UPDATE pgagent.pga_job j
SET jobreplan = false,
    joblastslot = greatest(j.joblastslot, w.lastslot),
    jobplanned = CASE WHEN j.jobenabled THEN w.planned END,
    jobnextrun = CASE WHEN j.jobenabled
                      THEN least(w.planned, (SELECT min(r.reqdue) FROM pgagent.pga_request r
                                             WHERE r.reqjobid = j.jobid AND r.reqkind = 'run')) END,
    jobrevision = j.jobrevision + 1
FROM wanted w
JOIN locked l ON l.jobid = w.jobid
WHERE j.jobid = w.jobid AND j.jobrevision = w.revision AND j.jobreplan

-- Slots that are not run: they came while the job still ran ($10 true), or nobody ran them in time and they are too old.
-- One row for each stretch says so. $1 jobs, $2 and $3 the jobnextrun and jobrevision that the peek saw, $5 the newest
-- slot, $4 and $13 the first and the last of the older ones, $6 how many these are, $7 the plan after them, $11 why. What
-- the job's busy policy says: queue lets the newest slot wait for the end of the run, unless one waits
-- already; replace cancels the run besides. $15: the rules that ask for the newest slots, which count the run if there is
-- one. A pause may have begun since the peek. Jobs that somebody has locked, or that have changed meanwhile, do not come back:
-- $14, the plan that the peek saw, tells that another agent has skipped the slot, also if the next run that it left is the same.
WITH self AS (
    /* Only while we are not declared dead. */
    SELECT jagpid
    FROM pgagent.pga_jobagent
    WHERE jaguuid = $16::uuid AND jagepoch = $17::int8 AND jagpid = pg_catalog.pg_backend_pid() AND jagdead IS NULL
    FOR KEY SHARE SKIP LOCKED
), wanted AS (
    SELECT *
    FROM unnest($1::int4[], $2::timestamptz[], $3::int4[], $4::timestamptz[], $5::timestamptz[], $6::int4[],
                $7::timestamptz[], $9::bool[], $10::bool[], $11::text[], $12::int4[], $13::timestamptz[],
                $14::timestamptz[])
        AS w (jobid, nextrun, revision, older_from, slot, older, planned, needs_plan, is_busy, detail, ruleid, older_to,
              seen_planned)
    WHERE pgagent.pga_paused_until() IS NULL AND EXISTS (SELECT FROM self)
), held AS (
    SELECT j.jobid, j.jobbusy, j.joblastslot
    FROM pgagent.pga_job j
    JOIN wanted w ON w.jobid = j.jobid
    WHERE j.jobenabled AND ((j.jobagentid IS NOT NULL) = w.is_busy OR j.jobbusy = 'parallel')
      AND j.jobnextrun IS NOT DISTINCT FROM w.nextrun AND j.jobrevision = w.revision
      AND j.jobplanned IS NOT DISTINCT FROM w.seen_planned
    FOR NO KEY UPDATE OF j SKIP LOCKED
), queued AS (
    INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqdue, reqby, reqtrigger, reqrulid, reqrulids)
    SELECT 'run', w.jobid, w.slot, NULL, 'queue', w.ruleid,
           ARRAY(SELECT r.rulid FROM pgagent.pga_rule r
                 WHERE r.ruljobid = w.jobid AND r.rulid = ANY ($15::int4[]) AND r.rulid IS DISTINCT FROM w.ruleid
                 ORDER BY r.rulid)
    FROM wanted w
    JOIN held ON held.jobid = w.jobid
    WHERE w.is_busy AND held.jobbusy IN ('queue', 'replace')
      AND NOT EXISTS (SELECT FROM pgagent.pga_request r
                      WHERE r.reqjobid = w.jobid AND r.reqkind = 'run' AND r.reqtrigger = 'queue')
    RETURNING reqjobid, reqdue
), cancelled AS (
    INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqjlgid, reqby)
    SELECT 'cancel', l.jlgjobid, l.jlgid, NULL
    FROM wanted w
    JOIN held ON held.jobid = w.jobid
    JOIN pgagent.pga_joblog l ON l.jlgjobid = w.jobid AND l.jlgstatus = 'r'
    WHERE w.is_busy AND held.jobbusy = 'replace'
      AND NOT EXISTS (SELECT FROM pgagent.pga_request r
                      WHERE r.reqjobid = w.jobid AND r.reqkind = 'cancel' AND r.reqjlgid = l.jlgid)
    RETURNING reqjobid
), moved AS (
    UPDATE pgagent.pga_job j
    SET jobplanned = w.planned,
        jobreplan = j.jobreplan OR w.needs_plan,
        /* "So long after the last run" is counted from a slot that was due and had none: no run will end. */
        joblastend = CASE WHEN NOT w.is_busy
                               AND EXISTS (SELECT FROM pgagent.pga_rule r
                                           WHERE r.ruljobid = j.jobid AND r.rulenabled AND r.rulkind = 'after'
                                             AND CASE WHEN j.joblastend >= r.rulstart THEN j.joblastend + r.rulperiod
                                                      ELSE r.rulstart END <= now())
                          THEN now() ELSE j.joblastend END,
        joblastslot = greatest(j.joblastslot, w.slot),
        jobnextrun = least(w.planned, (SELECT min(r.reqdue) FROM pgagent.pga_request r
                                       WHERE r.reqjobid = j.jobid AND r.reqkind = 'run'),
                           (SELECT q.reqdue FROM queued q WHERE q.reqjobid = j.jobid))
    FROM wanted w
    JOIN held ON held.jobid = w.jobid
    WHERE j.jobid = w.jobid
    RETURNING j.jobid
), skipped AS (
    SELECT w.jobid, w.is_busy, w.detail,
           coalesce(w.older_from, w.slot) AS first,
           CASE WHEN q.reqjobid IS NULL THEN w.slot ELSE w.older_to END AS last,
           w.older + (q.reqjobid IS NULL)::int4 AS slots,
           held.joblastslot AS before
    FROM moved m
    JOIN wanted w ON w.jobid = m.jobid
    JOIN held ON held.jobid = m.jobid
    LEFT JOIN queued q ON q.reqjobid = w.jobid
), newest AS (
    SELECT s.skpid
    FROM skipped w
    JOIN pgagent.pga_skipped s ON s.skpjobid = w.jobid
    WHERE w.is_busy AND w.slots > 0
      AND s.skpid = (SELECT max(l.skpid) FROM pgagent.pga_skipped l WHERE l.skpjobid = w.jobid)
      AND s.skpreason = 'busy' AND s.skpagent = $8::text
      AND s.skpfrom > (SELECT max(l.jlgstart) FROM pgagent.pga_joblog l
                       WHERE l.jlgjobid = w.jobid AND l.jlgstatus = 'r')
      /* Nothing became of a slot between: one that waits, or that ran beside the others and is over already. */
      AND s.skpto = w.before
    FOR NO KEY UPDATE OF s SKIP LOCKED
), extended AS (
    UPDATE pgagent.pga_skipped s
    SET skpto = w.last, skpslots = s.skpslots + w.slots, skpat = now()
    FROM skipped w, newest
    WHERE s.skpid = newest.skpid AND s.skpjobid = w.jobid
    RETURNING s.skpjobid
), written AS (
    INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpslots, skpreason, skpdetail, skpagent)
    SELECT w.jobid, w.first, w.last, w.slots, CASE WHEN w.is_busy THEN 'busy' ELSE 'missed' END, w.detail, $8::text
    FROM skipped w
    WHERE w.slots > 0 AND w.jobid NOT IN (SELECT skpjobid FROM extended)
)
SELECT m.jobid, EXISTS (SELECT FROM cancelled), CASE WHEN EXISTS (SELECT FROM cancelled) THEN pg_catalog.pg_notify('pgalmanac', '') END
FROM moved m

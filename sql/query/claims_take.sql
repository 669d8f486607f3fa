-- Take: claims jobs and opens their log rows, one autocommit statement for a batch. A row counts only if it is
-- still what the peek saw (jobnextrun, jobrevision, unclaimed, for a slot also the plan $23: while a wish is older than the
-- slot, the next run shows the wish before and after it); rows that another agent is taking are passed by.
-- A wish ($6 true) deletes the requests that it answers; a slot ($7 ...) moves the plan on. $1 $2: who we are. The log
-- row of each run's first step ($15) is opened here too: one commit less before the step may start. Rules that ask for
-- a slot ($20) or for the requests that are answered count the run. Who edits a rule waits for its job: a job whose rule
-- is locked is passed by, like one that is locked itself. A pause may have begun since the peek. A slot that had to wait
-- for the end of the run before it (a request with the trigger queue) is the slot of the run that answers it, unless it
-- has waited for longer than the job's grace. A next run that neither the plan nor a request asks for is corrected, and
-- that is said: nobody could ever take it. What was asked for since the statement began is not seen: jobnextrun may be
-- later than that until the next take, so the peek looks at the requests themselves.
-- One run repeats no more than one whose agent died (trigger restart), though it answers all other requests. A request that
-- somebody has locked waits for the next run. A job that runs beside itself is passed by if it changed between our
-- snapshot and our lock: another agent may have claimed it, and our snapshot does not count that run.
WITH self AS (
    SELECT jagpid, jagname, jagepoch
    FROM pgagent.pga_jobagent
    WHERE jaguuid = $1::uuid AND jagepoch = $2::int8 AND jagpid = pg_catalog.pg_backend_pid() AND jagdead IS NULL
    FOR KEY SHARE SKIP LOCKED
), wanted AS (
    SELECT *
    FROM unnest($3::int4[], $4::timestamptz[], $5::int4[], $6::bool[], $7::timestamptz[], $8::text[],
                $9::int4[], $10::int4[], $11::bool[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[],
                $15::int4[], $18::bool[], $19::int4[], $21::int4[], $22::text[],
                $23::timestamptz[])
        AS w (jobid, nextrun, revision, manual, slot, label, slots, scheduleid, late, planned, missed_from, missed_to,
              stepid, needs_plan, ruleid, skipped, why_skipped, seen_planned)
    WHERE pgagent.pga_paused_until() IS NULL
), due AS (
    SELECT q.reqid, q.reqrulid || q.reqrulids AS ruleids,
           coalesce(q.reqtrigger = 'queue' AND q.reqdue < now() - j.jobgrace, false) AS is_late
    FROM wanted w
    JOIN pgagent.pga_job j ON j.jobid = w.jobid
    JOIN pgagent.pga_request q ON q.reqjobid = w.jobid
    WHERE w.manual AND q.reqkind = 'run' AND q.reqdue <= now()
      AND (q.reqtrigger <> 'restart'
           OR q.reqid = (SELECT min(r.reqid) FROM pgagent.pga_request r
                         WHERE r.reqjobid = w.jobid AND r.reqkind = 'run' AND r.reqtrigger = 'restart' AND r.reqdue <= now()))
), asking AS (
    SELECT c.ruleid FROM unnest($20::int4[]) AS c (ruleid)
    UNION
    SELECT a.ruleid FROM due CROSS JOIN LATERAL unnest(due.ruleids) AS a (ruleid) WHERE NOT due.is_late
), held AS (
    SELECT r.rulid, r.ruljobid
    FROM asking a
    JOIN pgagent.pga_rule r ON r.rulid = a.ruleid
    FOR NO KEY UPDATE OF r SKIP LOCKED
), locked AS (
    SELECT j.jobid
    FROM pgagent.pga_job j
    JOIN wanted w ON w.jobid = j.jobid
    WHERE (j.jobagentid IS NULL
           OR (j.jobbusy = 'parallel'
               AND (SELECT count(*) FROM pgagent.pga_joblog l WHERE l.jlgjobid = j.jobid AND l.jlgstatus = 'r') < j.jobmaxruns
               AND j.xmin = (SELECT seen.xmin FROM pgagent.pga_job seen WHERE seen.jobid = j.jobid)
               AND NOT EXISTS (SELECT FROM pgagent.pga_jobagent a WHERE a.jagpid = j.jobagentid AND a.jaguuid IS NULL)))
      AND j.jobnextrun IS NOT DISTINCT FROM w.nextrun AND j.jobrevision = w.revision
      AND (w.manual OR j.jobplanned IS NOT DISTINCT FROM w.seen_planned)
      AND j.jobid NOT IN (SELECT r.ruljobid FROM asking a JOIN pgagent.pga_rule r ON r.rulid = a.ruleid
                          WHERE r.rulid NOT IN (SELECT h.rulid FROM held h))
    FOR NO KEY UPDATE OF j SKIP LOCKED
), free AS (
    SELECT q.reqid
    FROM locked l
    JOIN pgagent.pga_request q ON q.reqjobid = l.jobid
    WHERE q.reqid IN (SELECT due.reqid FROM due)
    FOR UPDATE OF q SKIP LOCKED
), answered AS (
    DELETE FROM pgagent.pga_request r
    USING locked l, due, free, self
    WHERE r.reqid = due.reqid AND r.reqid = free.reqid AND r.reqjobid = l.jobid
    RETURNING r.reqjobid, r.reqid, r.reqby, r.reqtrigger, r.reqrulid, r.reqdue, r.reqjlgid, due.is_late
), taken AS (
    UPDATE pgagent.pga_job j
    SET jobagentid = self.jagpid,
        joblastrun = now(),
        jobplanned = CASE WHEN w.manual THEN j.jobplanned ELSE w.planned END,
        jobreplan = j.jobreplan OR w.needs_plan
                    OR EXISTS (SELECT FROM answered a WHERE a.reqjobid = j.jobid AND a.reqrulid IS NOT NULL),
        joblastslot = CASE WHEN w.manual THEN j.joblastslot ELSE greatest(j.joblastslot, w.slot) END,
        jobnextrun = CASE WHEN j.jobenabled THEN
            least(CASE WHEN w.manual THEN j.jobplanned ELSE w.planned END,
                  (SELECT min(r.reqdue) FROM pgagent.pga_request r
                   WHERE r.reqjobid = j.jobid AND r.reqkind = 'run'
                     AND r.reqid NOT IN (SELECT a.reqid FROM answered a))) END
    FROM wanted w, locked l, self
    WHERE w.jobid = l.jobid AND j.jobid = l.jobid AND (j.jobagentid IS NULL OR j.jobbusy = 'parallel')
      AND j.jobnextrun IS NOT DISTINCT FROM w.nextrun AND j.jobrevision = w.revision
      AND (w.manual OR j.jobplanned IS NOT DISTINCT FROM w.seen_planned)
      AND (NOT w.manual OR EXISTS (SELECT FROM answered a WHERE a.reqjobid = j.jobid AND NOT a.is_late))
    RETURNING j.jobid
), corrected AS (
    UPDATE pgagent.pga_job j
    SET jobnextrun = least(j.jobplanned, wish.due),
        jobreplan = j.jobreplan
                    OR (j.jobplanned IS NULL
                        AND (EXISTS (SELECT FROM pgagent.pga_schedule s WHERE s.jscjobid = j.jobid AND s.jscenabled)
                             OR EXISTS (SELECT FROM pgagent.pga_rule r WHERE r.ruljobid = j.jobid AND r.rulenabled)))
    FROM self, wanted w
    JOIN locked l ON l.jobid = w.jobid
    CROSS JOIN LATERAL (SELECT min(r.reqdue) AS due FROM pgagent.pga_request r
                        WHERE r.reqjobid = l.jobid AND r.reqkind = 'run'
                          AND r.reqid NOT IN (SELECT a.reqid FROM answered a)) wish
    WHERE w.manual AND j.jobid = l.jobid AND j.jobenabled AND j.jobnextrun <= now()
      AND j.jobnextrun IS DISTINCT FROM least(j.jobplanned, wish.due)
      AND NOT EXISTS (SELECT FROM answered a WHERE a.reqjobid = j.jobid AND NOT a.is_late)
    RETURNING j.jobid, j.jobnextrun
), told AS (
    INSERT INTO pgagent.pga_agentlog (aglagent, agllevel, agljobid, aglmessage)
    SELECT self.jagname, 'warning', c.jobid,
           'not run, although its next run (jobnextrun) was due: neither a schedule nor a request asked for that'
    FROM corrected c, self
    WHERE (c.jobnextrun <= now()) IS NOT TRUE AND c.jobid NOT IN (SELECT a.reqjobid FROM answered a)
), counted AS (
    UPDATE pgagent.pga_rule r
    SET rulruncount = r.rulruncount + 1, rullastslot = coalesce(w.slot, now())
    FROM held h
    JOIN taken t ON t.jobid = h.ruljobid
    JOIN wanted w ON w.jobid = t.jobid
    WHERE r.rulid = h.rulid
), reason AS (
    SELECT DISTINCT ON (a.reqjobid) a.reqjobid, a.reqby, a.reqtrigger, a.reqrulid, a.reqdue,
           max(a.reqid) OVER (PARTITION BY a.reqjobid) AS newest
    FROM answered a
    WHERE NOT a.is_late
    ORDER BY a.reqjobid, a.reqtrigger <> 'queue', a.reqid
), repeated AS (
    SELECT a.reqjobid, a.reqjlgid, l.jlgattempt + 1 AS attempt
    FROM answered a
    JOIN pgagent.pga_joblog l ON l.jlgid = a.reqjlgid
    WHERE a.reqtrigger = 'restart'
), skipped AS (
    INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpslots, skpreason, skpdetail, skpagent)
    SELECT w.jobid, w.missed_from, w.missed_to, w.skipped, 'missed', w.why_skipped, self.jagname
    FROM taken t JOIN wanted w ON w.jobid = t.jobid, self
    WHERE w.missed_from IS NOT NULL
    UNION ALL
    SELECT a.reqjobid, a.reqdue, a.reqdue, 1, 'busy',
           'it waited for the end of the run before it for longer than the job''s grace', self.jagname
    FROM answered a, self
    WHERE a.is_late
), logged AS (
    INSERT INTO pgagent.pga_joblog
        (jlgjobid, jlgstatus, jlgstart, jlgscheduled, jlglabel, jlgtrigger, jlgslots, jlgjscid, jlgrulid, jlgagent,
         jlgepoch, jlgbatch, jlgby, jlgreqid, jlgattempt, jlgrepeats)
    SELECT w.jobid, 'r', clock_timestamp(),
           coalesce(w.slot, CASE WHEN reason.reqtrigger = 'queue' THEN reason.reqdue END), w.label,
           CASE WHEN w.manual THEN reason.reqtrigger WHEN w.late THEN 'missed' ELSE 'schedule' END,
           w.slots, w.scheduleid, coalesce(w.ruleid, reason.reqrulid), self.jagname, self.jagepoch, $16::uuid, reason.reqby,
           reason.newest, coalesce(repeated.attempt, 1), repeated.reqjlgid
    FROM taken t
    JOIN wanted w ON w.jobid = t.jobid
    LEFT JOIN reason ON reason.reqjobid = t.jobid
    LEFT JOIN repeated ON repeated.reqjobid = t.jobid
    CROSS JOIN self
    RETURNING jlgid, jlgjobid
), step AS (
    SELECT s.jstid, s.jstjobid
    FROM pgagent.pga_jobstep s
    JOIN wanted w ON w.stepid = s.jstid AND w.jobid = s.jstjobid
    FOR KEY SHARE OF s SKIP LOCKED
), opened AS (
    INSERT INTO pgagent.pga_jobsteplog (jsljlgid, jsljstid, jslstatus, jslstart, jslhost)
    SELECT l.jlgid, s.jstid, 'r', clock_timestamp(), $17::text
    FROM logged l JOIN step s ON s.jstjobid = l.jlgjobid
    RETURNING jslid, jsljlgid
)
SELECT l.jlgid, l.jlgjobid, o.jslid
FROM logged l
LEFT JOIN opened o ON o.jsljlgid = l.jlgid

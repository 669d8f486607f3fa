-- Slots that came while the job still ran: they are skipped, and one row for each long run says so. $1 jobs, $2 and $3 the
-- jobnextrun and jobrevision that the peek saw, $4 to $7 the slots and the plan after them.
WITH wanted AS (
    SELECT *
    FROM unnest($1::int4[], $2::timestamptz[], $3::int4[], $4::timestamptz[], $5::timestamptz[], $6::int4[],
                $7::timestamptz[], $9::bool[])
        AS w (jobid, nextrun, revision, skipped_from, skipped_to, slots, planned, needs_plan)
), held AS (
    SELECT j.jobid
    FROM pgagent.pga_job j
    JOIN wanted w ON w.jobid = j.jobid
    WHERE j.jobenabled AND j.jobagentid IS NOT NULL
      AND j.jobnextrun IS NOT DISTINCT FROM w.nextrun AND j.jobrevision = w.revision
    FOR NO KEY UPDATE OF j SKIP LOCKED
), moved AS (
    UPDATE pgagent.pga_job j
    SET jobplanned = w.planned,
        jobreplan = j.jobreplan OR w.needs_plan,
        joblastslot = greatest(j.joblastslot, w.skipped_to),
        jobnextrun = least(w.planned, (SELECT min(r.reqdue) FROM pgagent.pga_request r
                                       WHERE r.reqjobid = j.jobid AND r.reqkind = 'run'))
    FROM wanted w
    JOIN held ON held.jobid = w.jobid
    WHERE j.jobid = w.jobid
    RETURNING j.jobid
), extended AS (
    UPDATE pgagent.pga_skipped s
    SET skpto = w.skipped_to, skpslots = s.skpslots + w.slots, skpat = now()
    FROM moved m
    JOIN wanted w ON w.jobid = m.jobid
    WHERE s.skpid = (SELECT max(l.skpid) FROM pgagent.pga_skipped l WHERE l.skpjobid = w.jobid)
      AND s.skpreason = 'busy' AND s.skpagent = $8::text
      AND s.skpfrom > (SELECT max(l.jlgstart) FROM pgagent.pga_joblog l
                       WHERE l.jlgjobid = w.jobid AND l.jlgstatus = 'r')
    RETURNING s.skpjobid
)
INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpslots, skpreason, skpdetail, skpagent)
SELECT w.jobid, w.skipped_from, w.skipped_to, w.slots, 'busy', 'the job was still running', $8::text
FROM moved m JOIN wanted w ON w.jobid = m.jobid
WHERE w.jobid NOT IN (SELECT skpjobid FROM extended)

-- Opens the log row of a step, before the step starts; the same again if it is there already (the connection may
-- have been lost while this was committed). NULL and why: the run or the step is not there any more, or we are fenced.
-- No row: somebody has locked what we need.
WITH self AS (
    SELECT jagpid FROM pgagent.pga_jobagent WHERE jaguuid = $1::uuid AND jagepoch = $2::int8 LIMIT 1 FOR KEY SHARE
), run AS (
    SELECT l.jlgid FROM pgagent.pga_joblog l WHERE l.jlgid = $3::int8 AND l.jlgstatus = 'r' AND l.jlgepoch = $2::int8
    FOR KEY SHARE SKIP LOCKED
), step AS (
    SELECT s.jstid FROM pgagent.pga_jobstep s WHERE s.jstid = $4::int4 FOR KEY SHARE SKIP LOCKED
), there AS (
    SELECT s.jslid FROM pgagent.pga_jobsteplog s
    WHERE s.jsljlgid = $3::int8 AND s.jsljstid = $4::int4 AND s.jslattempt = $5::int4
), opened AS (
    INSERT INTO pgagent.pga_jobsteplog
        (jsljlgid, jsljstid, jslstatus, jslstart, jslattempt, jslpid, jslpidstart, jslhost)
    SELECT run.jlgid, step.jstid, 'r', clock_timestamp(), $5::int4, $6::int4,
           $8::timestamptz, $7::text
    FROM run, step, self
    WHERE NOT EXISTS (SELECT FROM there)
    RETURNING jslid
)
SELECT coalesce((SELECT jslid FROM opened), (SELECT jslid FROM there))::int8,
       EXISTS (SELECT FROM self), EXISTS (SELECT FROM run), EXISTS (SELECT FROM step)
WHERE (EXISTS (SELECT FROM run)
       OR NOT EXISTS (SELECT FROM pgagent.pga_joblog l
                      WHERE l.jlgid = $3::int8 AND l.jlgstatus = 'r' AND l.jlgepoch = $2::int8))
  AND (EXISTS (SELECT FROM step) OR NOT EXISTS (SELECT FROM pgagent.pga_jobstep s WHERE s.jstid = $4::int4))

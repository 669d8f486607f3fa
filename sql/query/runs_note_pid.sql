-- Which backend or process carries out a step (of run $4 in epoch $5) whose log row was opened before it was known: it waits no longer. No row
-- comes back while somebody has it locked, as who deletes the job has; to wait for him, with what this transaction has
-- locked already, may be a deadlock.
WITH held AS (
    SELECT s.jslid
    FROM pgagent.pga_jobsteplog s
    JOIN pgagent.pga_joblog l ON l.jlgid = s.jsljlgid
    WHERE s.jslid = $1::int8 AND s.jsljlgid = $4::int8 AND l.jlgepoch = $5::int8 AND s.jslstatus = 'r'
    FOR NO KEY UPDATE OF s SKIP LOCKED
), noted AS (
    UPDATE pgagent.pga_jobsteplog s
    SET jslpid = $2::int4, jslpidstart = $3::timestamptz, jslwaiting = NULL
    FROM held
    WHERE s.jslid = held.jslid
)
SELECT true
WHERE EXISTS (SELECT FROM held)
   OR NOT EXISTS (SELECT FROM pgagent.pga_jobsteplog s
                  JOIN pgagent.pga_joblog l ON l.jlgid = s.jsljlgid
                  WHERE s.jslid = $1::int8 AND s.jsljlgid = $4::int8 AND l.jlgepoch = $5::int8 AND s.jslstatus = 'r')

-- What a step (of run $3 in epoch $4) waits for before it can begin; the note goes with the number of its backend, or when it is closed. A row
-- that somebody has locked does without.
WITH held AS (
    SELECT s.jslid
    FROM pgagent.pga_jobsteplog s
    JOIN pgagent.pga_joblog l ON l.jlgid = s.jsljlgid
    WHERE s.jslid = $1::int8 AND s.jsljlgid = $3::int8 AND l.jlgepoch = $4::int8 AND s.jslstatus = 'r' AND s.jslpid IS NULL
    FOR NO KEY UPDATE OF s SKIP LOCKED
)
UPDATE pgagent.pga_jobsteplog s SET jslwaiting = $2::text FROM held WHERE s.jslid = held.jslid

-- What a step waits for before it can begin; the note goes with the number of its backend, or when it is closed. A row
-- that somebody has locked does without.
WITH held AS (
    SELECT s.jslid FROM pgagent.pga_jobsteplog s WHERE s.jslid = $1::int8 AND s.jslstatus = 'r' AND s.jslpid IS NULL
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE pgagent.pga_jobsteplog s SET jslwaiting = $2::text FROM held WHERE s.jslid = held.jslid

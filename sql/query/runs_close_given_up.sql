-- Steps of this agent's epoch ($1) that seem to run although their run is over: how they ended was given up, because too
-- much waited to be written. Rows that somebody has locked are left.
WITH held AS (
    SELECT s.jslid
    FROM pgagent.pga_jobsteplog s
    JOIN pgagent.pga_joblog l ON l.jlgid = s.jsljlgid
    WHERE s.jslstatus = 'r' AND l.jlgstatus <> 'r' AND l.jlgepoch = $1::int8
    FOR NO KEY UPDATE OF s SKIP LOCKED
)
UPDATE pgagent.pga_jobsteplog s
SET jslstatus = 'd', jslwaiting = NULL,
    jsloutput = 'how this step ended is not known: too much waited to be written to the log tables'
FROM held
WHERE s.jslid = held.jslid

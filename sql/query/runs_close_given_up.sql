-- Steps of this agent's epoch ($1) that seem to run although their run is over: how they ended was given up, because too
-- much waited to be written. No row comes back while somebody has one of them locked: the others are closed meanwhile.
WITH left_open AS (
    SELECT s.jslid
    FROM pgagent.pga_jobsteplog s
    JOIN pgagent.pga_joblog l ON l.jlgid = s.jsljlgid
    WHERE s.jslstatus = 'r' AND l.jlgstatus <> 'r' AND l.jlgepoch = $1::int8
), held AS (
    SELECT s.jslid
    FROM pgagent.pga_jobsteplog s
    WHERE s.jslid IN (SELECT jslid FROM left_open) AND s.jslstatus = 'r'
    FOR NO KEY UPDATE SKIP LOCKED
), closed AS (
    UPDATE pgagent.pga_jobsteplog s
    SET jslstatus = 'd', jslwaiting = NULL,
        jsloutput = 'how this step ended is not known: too much waited to be written to the log tables'
    FROM held
    WHERE s.jslid = held.jslid
)
SELECT true WHERE (SELECT count(*) FROM held) = (SELECT count(*) FROM left_open)

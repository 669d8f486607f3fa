-- Steps that seem to run although their run is over and its agent is not in the register any more: it ended before it could
-- write how they ended. Looked for among the newest rows only, by their key: nobody else needs an index on open steps.
-- What somebody has locked is closed the next time.
WITH held AS (
    SELECT s.jslid
    FROM pgagent.pga_jobsteplog s
    JOIN pgagent.pga_joblog l ON l.jlgid = s.jsljlgid
    WHERE s.jslid > (SELECT max(n.jslid) - 20000 FROM pgagent.pga_jobsteplog n)
      AND s.jslstatus = 'r' AND l.jlgstatus <> 'r' AND l.jlgepoch IS NOT NULL
      AND NOT EXISTS (SELECT FROM pgagent.pga_jobagent a WHERE a.jagepoch = l.jlgepoch)
    FOR NO KEY UPDATE OF s SKIP LOCKED
)
UPDATE pgagent.pga_jobsteplog s
SET jslstatus = 'd', jslwaiting = NULL,
    jsloutput = 'how this step ended is not known: its agent ended before it could be written'
FROM held
WHERE s.jslid = held.jslid AND s.jslstatus = 'r'

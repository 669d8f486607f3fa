-- Runs that are open although no agent in the register has their epoch (somebody deleted its row), and runs of
-- stock agents that nobody holds any more. The jobs are locked because a trigger notes the end of their runs.
WITH orphans AS (
    SELECT l.jlgid
    FROM pgagent.pga_joblog l
    JOIN pgagent.pga_job j ON j.jobid = l.jlgjobid
    WHERE l.jlgstatus = 'r'
      AND CASE WHEN l.jlgepoch IS NULL THEN j.jobagentid IS NULL
               ELSE NOT EXISTS (SELECT FROM pgagent.pga_jobagent a WHERE a.jagepoch = l.jlgepoch) END
    FOR NO KEY UPDATE OF j SKIP LOCKED
), steps AS (
    UPDATE pgagent.pga_jobsteplog s
    SET jslstatus = 'd', jslduration = clock_timestamp() - jslstart, jslwaiting = NULL
    FROM orphans
    WHERE s.jsljlgid = orphans.jlgid AND s.jslstatus = 'r'
)
UPDATE pgagent.pga_joblog l
SET jlgstatus = 'd', jlgduration = clock_timestamp() - jlgstart,
    jlgreason = 'the agent that ran this job is not registered any more'
FROM orphans
WHERE l.jlgid = orphans.jlgid AND l.jlgstatus = 'r'

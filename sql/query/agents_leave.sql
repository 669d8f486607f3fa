-- At the end: this agent is not there any more. A job that it holds is held by another agent that runs it too (parallel),
-- and else free.
WITH held AS (
    SELECT j.jobid
    FROM pgagent.pga_job j
    JOIN pgagent.pga_jobagent a ON a.jagpid = j.jobagentid
    WHERE a.jaguuid = $1::uuid
    FOR NO KEY UPDATE OF j SKIP LOCKED
), freed AS (
    UPDATE pgagent.pga_job j
    SET jobagentid = (SELECT max(a.jagpid)
                      FROM pgagent.pga_joblog l
                      JOIN pgagent.pga_jobagent a ON a.jagepoch = l.jlgepoch
                      WHERE l.jlgjobid = j.jobid AND l.jlgstatus = 'r' AND a.jaguuid <> $1::uuid)
    FROM held
    WHERE j.jobid = held.jobid
)
DELETE FROM pgagent.pga_jobagent WHERE jaguuid = $1::uuid

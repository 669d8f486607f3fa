-- At the end: this agent is not there any more. Jobs that it still held are free again.
WITH freed AS (
    UPDATE pgagent.pga_job j
    SET jobagentid = NULL
    FROM pgagent.pga_jobagent a
    WHERE a.jaguuid = $1::uuid AND j.jobagentid = a.jagpid
)
DELETE FROM pgagent.pga_jobagent WHERE jaguuid = $1::uuid

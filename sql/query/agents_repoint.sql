-- After a reconnect: what the old connection's row held belongs to the new one, if that is in the register. A job
-- that somebody has locked follows later.
WITH self AS (
    SELECT jagpid FROM pgagent.pga_jobagent WHERE jaguuid = $1::uuid AND jagpid = pg_catalog.pg_backend_pid()
), held AS (
    SELECT j.jobid
    FROM pgagent.pga_job j
    JOIN pgagent.pga_jobagent a ON a.jagpid = j.jobagentid
    WHERE a.jaguuid = $1::uuid AND a.jagpid <> pg_catalog.pg_backend_pid()
    FOR NO KEY UPDATE OF j SKIP LOCKED
)
UPDATE pgagent.pga_job j
SET jobagentid = self.jagpid
FROM held, self
WHERE j.jobid = held.jobid

-- After a reconnect, last: rows of this agent's former connections, unless they still hold a job (see agents_repoint).
-- True if one does.
WITH forgotten AS (
    DELETE FROM pgagent.pga_jobagent a
    WHERE a.jaguuid = $1::uuid AND a.jagpid <> pg_catalog.pg_backend_pid()
      AND EXISTS (SELECT FROM pgagent.pga_jobagent n WHERE n.jaguuid = $1::uuid AND n.jagpid = pg_catalog.pg_backend_pid())
      AND NOT EXISTS (SELECT FROM pgagent.pga_job j WHERE j.jobagentid = a.jagpid)
)
SELECT EXISTS (SELECT FROM pgagent.pga_jobagent a JOIN pgagent.pga_job j ON j.jobagentid = a.jagpid
               WHERE a.jaguuid = $1::uuid AND a.jagpid <> pg_catalog.pg_backend_pid())

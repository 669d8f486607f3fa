-- Runs of this agent's epoch ($1) that somebody asks to cancel, and who. A request stays until its run is over, so that
-- it is not lost with an agent or a connection. Rows that somebody has locked are left.
WITH self AS (
    /* Only while we are not declared dead. */
    SELECT jagpid
    FROM pgagent.pga_jobagent
    WHERE jaguuid = $2::uuid AND jagepoch = $1::int8 AND jagpid = pg_catalog.pg_backend_pid() AND jagdead IS NULL
    FOR KEY SHARE SKIP LOCKED
), over AS (
    SELECT r.reqid
    FROM pgagent.pga_request r
    WHERE r.reqkind = 'cancel' AND EXISTS (SELECT FROM self)
      AND NOT EXISTS (SELECT FROM pgagent.pga_joblog l WHERE l.jlgid = r.reqjlgid AND l.jlgstatus = 'r')
    FOR UPDATE OF r SKIP LOCKED
), gone AS (
    DELETE FROM pgagent.pga_request r USING over WHERE r.reqid = over.reqid
)
SELECT DISTINCT ON (l.jlgid) l.jlgid, r.reqby
FROM pgagent.pga_request r
JOIN pgagent.pga_joblog l ON l.jlgid = r.reqjlgid
WHERE r.reqkind = 'cancel' AND l.jlgstatus = 'r' AND l.jlgepoch = $1::int8
ORDER BY l.jlgid, r.reqid

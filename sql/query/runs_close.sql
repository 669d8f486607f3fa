-- How a run ended, and the job is free again: all or nothing, and only if the run is still ours ($2 the epoch).
WITH closed AS (
    UPDATE pgagent.pga_joblog l
    SET jlgstatus = $3::text::char, jlgduration = $4::int8 * interval '1 microsecond', jlgreason = $5::text
    WHERE l.jlgid = $1::int8 AND l.jlgstatus = 'r' AND l.jlgepoch = $2::int8
    RETURNING l.jlgjobid
)
UPDATE pgagent.pga_job j
SET jobagentid = NULL
FROM closed, pgagent.pga_jobagent a
WHERE j.jobid = closed.jlgjobid AND j.jobagentid = a.jagpid AND a.jagepoch = $2::int8

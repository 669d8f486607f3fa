-- How run $1 of job $6 ended, and the job is free again: all or nothing, and only while both are this epoch's ($2).
-- The job is freed also if somebody deleted the log row, but not for a newer run (this may be sent twice).
WITH closed AS (
    UPDATE pgagent.pga_joblog l
    SET jlgstatus = $3::text::char, jlgduration = $4::int8 * interval '1 microsecond', jlgreason = $5::text
    WHERE l.jlgid = $1::int8 AND l.jlgstatus = 'r' AND l.jlgepoch = $2::int8
)
UPDATE pgagent.pga_job j
SET jobagentid = NULL
FROM pgagent.pga_jobagent a
WHERE j.jobid = $6::int4 AND j.jobagentid = a.jagpid AND a.jagepoch = $2::int8
  AND NOT EXISTS (SELECT FROM pgagent.pga_joblog l
                  WHERE l.jlgjobid = $6::int4 AND l.jlgstatus = 'r' AND l.jlgid <> $1::int8)

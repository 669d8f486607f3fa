-- How run $1 of job $6 ended, and the job is free again: all or nothing, and only while both are this epoch's ($2).
-- The job is freed also if somebody deleted the log row, but not for another run, a newer one (this may be sent twice) or
-- one beside (jobbusy is or was parallel: the last one frees it, whoever claimed it last).
-- No row comes back while somebody has one of them locked: nothing is done then. None either if the job
-- was to be freed but got away, as when our control connection has just come back and made it that of its new row: the
-- next attempt frees it. Nothing is done either if the job was changed between our snapshot (seen) and our lock: the run
-- beside may have ended in between, having seen ours. That is why a close that does not free the job changes it too.
WITH seen AS (
    SELECT j.jobid, j.xmin AS version FROM pgagent.pga_job j WHERE j.jobid = $6::int4
), job AS (
    SELECT j.jobid, j.xmin AS version FROM pgagent.pga_job j WHERE j.jobid = $6::int4 FOR NO KEY UPDATE SKIP LOCKED
), run AS (
    SELECT l.jlgid FROM pgagent.pga_joblog l WHERE l.jlgid = $1::int8 AND l.jlgstatus = 'r' AND l.jlgepoch = $2::int8
    FOR NO KEY UPDATE SKIP LOCKED
), can AS (
    SELECT true AS ok
    WHERE (EXISTS (SELECT FROM job JOIN seen USING (jobid, version)) OR NOT EXISTS (SELECT FROM pgagent.pga_job j WHERE j.jobid = $6::int4))
      AND (EXISTS (SELECT FROM run)
           OR NOT EXISTS (SELECT FROM pgagent.pga_joblog l
                          WHERE l.jlgid = $1::int8 AND l.jlgstatus = 'r' AND l.jlgepoch = $2::int8))
), others AS (
    /* Not those that nobody carries out: their agent is not in the register, or is a pgAgent although the job is ours. */
    SELECT l.jlgid
    FROM pgagent.pga_joblog l
    JOIN pgagent.pga_jobagent a ON a.jagepoch = l.jlgepoch
    WHERE l.jlgjobid = $6::int4 AND l.jlgstatus = 'r' AND l.jlgid <> $1::int8
), held AS (
    SELECT j.jobid, j.jobagentid, j.joblastrun
    FROM pgagent.pga_job j
    JOIN pgagent.pga_jobagent a ON a.jagpid = j.jobagentid
    WHERE j.jobid = $6::int4
      AND (a.jagepoch = $2::int8
           OR (a.jaguuid IS NOT NULL AND (j.jobbusy = 'parallel' OR EXISTS (SELECT FROM run))))
      AND NOT EXISTS (SELECT FROM others)
), closed AS (
    UPDATE pgagent.pga_joblog l
    SET jlgstatus = $3::text::char, jlgduration = $4::int8 * interval '1 microsecond', jlgreason = $5::text
    FROM run, can
    WHERE l.jlgid = run.jlgid
), freed AS (
    UPDATE pgagent.pga_job j
    SET jobagentid = NULL
    FROM job, can, held
    WHERE j.jobid = job.jobid AND j.jobid = held.jobid AND j.jobagentid = held.jobagentid
      AND j.joblastrun IS NOT DISTINCT FROM held.joblastrun
    RETURNING j.jobid
), beside AS (
    UPDATE pgagent.pga_job j
    SET joblastrun = j.joblastrun
    FROM job, can, run
    WHERE j.jobid = job.jobid AND EXISTS (SELECT FROM others)
)
SELECT can.ok FROM can
WHERE EXISTS (SELECT FROM freed) OR NOT EXISTS (SELECT FROM held)

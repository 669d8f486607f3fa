-- Runs and rows of pgAgents that are gone; those of $1 (jagpid) are at work. When they ended nobody knows.
WITH run AS (
    UPDATE pgagent.pga_joblog l
    SET jlgstatus = 'd', jlgreason = 'the pgAgent that ran this job was gone when its tables were taken over'
    FROM pgagent.pga_job j
    WHERE l.jlgjobid = j.jobid AND l.jlgstatus = 'r'
      AND (j.jobagentid IS NULL OR j.jobagentid <> ALL ($1::int4[]))
    RETURNING l.jlgid
), step AS (
    UPDATE pgagent.pga_jobsteplog s SET jslstatus = 'd'
    WHERE s.jslstatus = 'r'
      AND NOT EXISTS (SELECT FROM pgagent.pga_joblog l JOIN pgagent.pga_job j ON j.jobid = l.jlgjobid
                      WHERE l.jlgid = s.jsljlgid AND l.jlgstatus = 'r' AND j.jobagentid = ANY ($1::int4[]))
)
DELETE FROM pgagent.pga_jobagent WHERE jagpid <> ALL ($1::int4[])

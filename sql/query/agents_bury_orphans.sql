-- Runs that are open although no agent in the register has their epoch (somebody deleted its row), and runs of
-- stock agents of jobs that no stock agent holds any more. The jobs are locked because a trigger notes the end of their runs;
-- where somebody has one of the rows locked, or has just changed the job, the run follows later. A job that is held for such
-- runs alone is free. The rest is as in agents_bury; $1 is the name of the agent that buries.
WITH seen AS (
    SELECT l.jlgid, j.xmin AS version
    FROM pgagent.pga_joblog l
    JOIN pgagent.pga_job j ON j.jobid = l.jlgjobid
    WHERE l.jlgstatus = 'r'
      AND NOT EXISTS (SELECT FROM pgagent.pga_jobagent a
                      WHERE CASE WHEN l.jlgepoch IS NULL THEN a.jagpid = j.jobagentid AND a.jaguuid IS NULL
                                 ELSE a.jagepoch = l.jlgepoch END)
), held_runs AS (
    SELECT l.jlgid, j.jobid, j.jobenabled AND j.jobrestart AS is_repeated
    FROM seen
    JOIN pgagent.pga_joblog l ON l.jlgid = seen.jlgid
    JOIN pgagent.pga_job j ON j.jobid = l.jlgjobid AND j.xmin = seen.version
    WHERE l.jlgstatus = 'r'
    FOR NO KEY UPDATE OF j, l SKIP LOCKED
), held_steps AS (
    SELECT s.jslid, s.jsljlgid
    FROM pgagent.pga_jobsteplog s
    WHERE s.jsljlgid = ANY (ARRAY(SELECT jlgid FROM held_runs)) AND s.jslstatus = 'r'
    FOR NO KEY UPDATE SKIP LOCKED
), orphans AS (
    SELECT h.jlgid, h.jobid, h.is_repeated
    FROM held_runs h
    WHERE h.jlgid NOT IN (SELECT s.jsljlgid FROM pgagent.pga_jobsteplog s
                          WHERE s.jsljlgid = ANY (ARRAY(SELECT jlgid FROM held_runs)) AND s.jslstatus = 'r'
                            AND s.jslid NOT IN (SELECT jslid FROM held_steps))
), steps AS (
    UPDATE pgagent.pga_jobsteplog s
    SET jslstatus = 'd', jslduration = clock_timestamp() - jslstart, jslwaiting = NULL,
        jsloutput = coalesce(nullif(jsloutput, '') || E'\n', '')
                    || 'The agent that ran this step is not registered any more; what the step did may have been committed.'
    WHERE s.jslid = ANY (ARRAY(SELECT h.jslid FROM held_steps h WHERE h.jsljlgid IN (SELECT jlgid FROM orphans)))
    RETURNING s.jslid, s.jsljlgid, s.jsljstid, s.jslpid, s.jslpidstart
), ended AS (
    /* Their processes on this server: the same role may end them. A number that was taken again has another start. */
    SELECT s.jslid, pg_catalog.pg_terminate_backend(b.pid) AS was_there
    FROM steps s
    JOIN pg_catalog.pg_stat_activity b ON b.pid = s.jslpid AND b.backend_start = s.jslpidstart
    WHERE b.usename = current_user
), elsewhere AS (
    SELECT t.jstjobid, s.jsljlgid, t.jstconnstr, s.jslpid, s.jslpidstart
    FROM steps s
    JOIN pgagent.pga_jobstep t ON t.jstid = s.jsljstid
    WHERE t.jstconnstr <> '' AND s.jslpid IS NOT NULL AND s.jslid NOT IN (SELECT e.jslid FROM ended e)
), closed AS (
    UPDATE pgagent.pga_joblog l
    SET jlgstatus = 'd', jlgduration = clock_timestamp() - jlgstart,
        jlgreason = 'the agent that ran this job is not registered any more'
    FROM orphans
    WHERE l.jlgid = ANY (ARRAY(SELECT jlgid FROM orphans)) AND l.jlgid = orphans.jlgid
    RETURNING l.jlgid, l.jlgjobid, l.jlgattempt, coalesce(l.jlgagent, 'a pgAgent') AS agent, orphans.is_repeated
), lost AS (
    SELECT c.jlgid, c.jlgjobid, c.jlgattempt
    FROM closed c
    WHERE c.is_repeated
      AND NOT EXISTS (SELECT FROM pgagent.pga_request r
                      WHERE r.reqjobid = c.jlgjobid AND r.reqkind = 'cancel' AND r.reqjlgid = c.jlgid)
), again AS (
    INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqjlgid, reqby, reqtrigger)
    SELECT 'run', lost.jlgjobid, lost.jlgid, NULL, 'restart'
    FROM lost
    WHERE lost.jlgattempt < 3
    ORDER BY lost.jlgid
    RETURNING reqjobid, reqdue
), freed AS (
    UPDATE pgagent.pga_job j
    SET jobagentid = CASE WHEN EXISTS (SELECT FROM pgagent.pga_joblog l
                                       JOIN pgagent.pga_jobagent a ON a.jagepoch = l.jlgepoch
                                       WHERE l.jlgjobid = j.jobid AND l.jlgstatus = 'r')
                          THEN j.jobagentid END,
        jobnextrun = least(j.jobnextrun, (SELECT min(a.reqdue) FROM again a WHERE a.reqjobid = j.jobid))
    WHERE j.jobid IN (SELECT jobid FROM orphans)
      AND NOT EXISTS (SELECT FROM pgagent.pga_jobagent a WHERE a.jagpid = j.jobagentid AND a.jaguuid IS NULL)
), said (level, jobid, message) AS (
    SELECT 'warning', NULL::int4,
           format('closed %s runs as aborted, whose agent is not registered any more (%s)', count(*),
                  string_agg(DISTINCT c.agent, ', '))
           || CASE WHEN EXISTS (SELECT FROM again)
                   THEN format('; asked for %s of them again', (SELECT count(*) FROM again)) ELSE '' END
           || CASE WHEN EXISTS (SELECT FROM ended)
                   THEN format('; ended %s server processes of theirs', (SELECT count(*) FROM ended WHERE was_there)) ELSE '' END
    FROM closed c
    HAVING count(*) > 0
    UNION ALL
    SELECT 'error', lost.jlgjobid,
           format('run %s is not repeated: it was attempt %s of the job, and each time its agent died', lost.jlgid, lost.jlgattempt)
    FROM lost
    WHERE lost.jlgattempt >= 3
), logged AS (
    INSERT INTO pgagent.pga_agentlog (aglagent, agllevel, agljobid, aglmessage)
    SELECT $1::text, level, jobid, message
    FROM said
    ORDER BY jobid NULLS FIRST
)
SELECT jobid, message, NULL::int8, NULL::text, NULL::int4, NULL::timestamptz, pg_catalog.pg_notify('pgalmanac', '') FROM said
UNION ALL
SELECT jstjobid, NULL, jsljlgid, jstconnstr, jslpid, jslpidstart, NULL FROM elsewhere

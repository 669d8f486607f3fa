-- Closes what a dead agent (row $1; $4: it is proved that its process is gone) had in hand and removes its row. 'd' says: it
-- may have done anything up to all of its work. Looks again at the row under a lock: it may have come back meanwhile. Jobs
-- that somebody has locked, or a log row of theirs, are left, with their runs and the agent's row, until the next time. What
-- is done is written to pga_agentlog (in the name of $3, which buries) and comes back. A run of a job with jobrestart is asked
-- for again here, so that this cannot be lost, but not if somebody wanted it cancelled, and no more than three times in a row.
-- What its steps still do on this server is ended at once; what they do on others comes back, for somebody who can connect
-- there. A job that another agent runs too is that one's from now on.
WITH dead AS (
    SELECT jagpid, jagepoch, jaguuid, coalesce(jagname, jagstation) AS name, jagstation AS host,
           CASE WHEN jaguuid IS NULL THEN 'the server process behind this pgAgent is gone'
                WHEN $4::bool THEN 'its process is gone'
                WHEN jaglease < now() THEN 'its lease ended'
                ELSE 'its connection ended and it did not come back' END AS why
    FROM pgagent.pga_jobagent a
    WHERE jagpid = $1::int4 AND jagepoch IS NOT DISTINCT FROM $2::int8
      AND ($4::bool OR NOT EXISTS (SELECT FROM pgagent.pga_jobagent n WHERE n.jaguuid = a.jaguuid AND n.jaglease > a.jaglease))
      AND ($4::bool OR jaglease IS NULL OR jagdead IS NOT NULL OR jagrenewed IS NULL OR jaglease < now()
           OR jagrenewed < now() - (jaglease - jagrenewed) / 6)
    FOR UPDATE SKIP LOCKED
), beside AS (
    /* Jobs that run beside themselves: another agent may have claimed them since, or has the other run. */
    SELECT j.jobid, j.xmin AS version
    FROM dead
    JOIN pgagent.pga_joblog l ON l.jlgepoch = dead.jagepoch AND l.jlgstatus = 'r'
    JOIN pgagent.pga_job j ON j.jobid = l.jlgjobid
    WHERE j.jobagentid IS DISTINCT FROM dead.jagpid
      AND NOT EXISTS (SELECT FROM pgagent.pga_jobagent a WHERE a.jagpid = j.jobagentid AND a.jaguuid IS NULL)
    UNION ALL
    SELECT j.jobid, j.xmin
    FROM dead
    JOIN pgagent.pga_job j ON j.jobagentid = dead.jagpid
    WHERE EXISTS (SELECT FROM pgagent.pga_joblog l
                  JOIN pgagent.pga_jobagent a ON a.jagepoch = l.jlgepoch
                  WHERE l.jlgjobid = j.jobid AND l.jlgstatus = 'r' AND a.jagepoch IS DISTINCT FROM dead.jagepoch)
), held AS (
    SELECT j.jobid, j.xmin AS version, j.jobenabled AND j.jobrestart AS is_repeated
    FROM pgagent.pga_job j, dead
    WHERE j.jobagentid = dead.jagpid OR j.jobid IN (SELECT jobid FROM beside)
    FOR NO KEY UPDATE OF j SKIP LOCKED
), open AS (
    SELECT l.jlgid, l.jlgjobid
    FROM pgagent.pga_joblog l, dead
    WHERE l.jlgstatus = 'r'
      AND CASE WHEN dead.jaguuid IS NULL THEN l.jlgepoch IS NULL AND l.jlgjobid IN (SELECT jobid FROM held)
               ELSE l.jlgepoch = dead.jagepoch END
), held_runs AS (
    SELECT l.jlgid
    FROM pgagent.pga_joblog l
    WHERE l.jlgid = ANY (ARRAY(SELECT jlgid FROM open)) AND l.jlgstatus = 'r'
    FOR NO KEY UPDATE SKIP LOCKED
), held_steps AS (
    SELECT s.jslid, s.jsljlgid
    FROM pgagent.pga_jobsteplog s
    WHERE s.jsljlgid = ANY (ARRAY(SELECT jlgid FROM open)) AND s.jslstatus = 'r'
    FOR NO KEY UPDATE SKIP LOCKED
), stuck AS (
    SELECT o.jlgid, o.jlgjobid
    FROM open o
    WHERE o.jlgid NOT IN (SELECT jlgid FROM held_runs)
       OR o.jlgid IN (SELECT s.jsljlgid FROM pgagent.pga_jobsteplog s
                      WHERE s.jsljlgid = ANY (ARRAY(SELECT jlgid FROM open)) AND s.jslstatus = 'r'
                        AND s.jslid NOT IN (SELECT jslid FROM held_steps))
), jobs AS (
    /* Another run may have been closed between our snapshot and our lock (see runs_close). */
    SELECT h.jobid, h.is_repeated
    FROM held h
    WHERE NOT EXISTS (SELECT FROM beside b WHERE b.jobid = h.jobid AND b.version <> h.version)
      AND h.jobid NOT IN (SELECT jlgjobid FROM stuck)
), left_jobs AS (
    SELECT j.jobid
    FROM pgagent.pga_job j, dead
    WHERE (j.jobagentid = dead.jagpid OR j.jobid IN (SELECT jobid FROM beside)) AND j.jobid NOT IN (SELECT jobid FROM jobs)
), runs AS (
    SELECT o.jlgid
    FROM open o
    WHERE o.jlgjobid NOT IN (SELECT jobid FROM left_jobs) AND o.jlgid NOT IN (SELECT jlgid FROM stuck)
), steps AS (
    UPDATE pgagent.pga_jobsteplog s
    SET jslstatus = 'd', jslduration = clock_timestamp() - jslstart, jslwaiting = NULL,
        jsloutput = coalesce(nullif(jsloutput, '') || E'\n', '')
                    || 'The agent died while this step ran; what it did may have been committed.'
    WHERE s.jslid = ANY (ARRAY(SELECT h.jslid FROM held_steps h WHERE h.jsljlgid IN (SELECT jlgid FROM runs)))
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
        jlgreason = 'agent "' || dead.name || '" died while the job ran'
    FROM dead
    WHERE l.jlgid = ANY (ARRAY(SELECT jlgid FROM runs))
    RETURNING l.jlgid, l.jlgjobid, l.jlgattempt
), lost AS (
    SELECT c.jlgid, c.jlgjobid, c.jlgattempt
    FROM closed c
    JOIN jobs ON jobs.jobid = c.jlgjobid
    WHERE jobs.is_repeated
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
    SET jobagentid = (SELECT max(a.jagpid)
                      FROM pgagent.pga_joblog l
                      JOIN pgagent.pga_jobagent a ON a.jagepoch = l.jlgepoch
                      WHERE l.jlgjobid = j.jobid AND l.jlgstatus = 'r' AND a.jagepoch IS DISTINCT FROM dead.jagepoch),
        /* A pgAgent leaves the slot that it runs as the next run: it is not to run again. */
        joblastslot = CASE WHEN dead.jaguuid IS NULL THEN greatest(j.joblastslot, now()) ELSE j.joblastslot END,
        jobplanned = CASE WHEN dead.jaguuid IS NOT NULL THEN j.jobplanned END,
        jobnextrun = CASE WHEN dead.jaguuid IS NOT NULL
                          THEN least(j.jobnextrun, (SELECT min(a.reqdue) FROM again a WHERE a.reqjobid = j.jobid))
                          WHEN j.jobenabled THEN least((SELECT min(r.reqdue) FROM pgagent.pga_request r
                                                       WHERE r.reqjobid = j.jobid AND r.reqkind = 'run'),
                                                      (SELECT min(a.reqdue) FROM again a WHERE a.reqjobid = j.jobid)) END,
        jobreplan = j.jobreplan OR (dead.jaguuid IS NULL AND j.jobenabled),
        jobrevision = j.jobrevision + 1
    FROM jobs, dead
    WHERE j.jobid = jobs.jobid
      AND (j.jobagentid = dead.jagpid
           OR NOT EXISTS (SELECT FROM pgagent.pga_joblog l
                          WHERE l.jlgjobid = j.jobid AND l.jlgstatus = 'r' AND l.jlgepoch IS DISTINCT FROM dead.jagepoch))
    RETURNING j.jobid, j.jobagentid IS NULL AS is_free
), touched AS (
    /* Whoever closes the run beside at this moment has not seen that ours are closed: the job has changed, look again. */
    UPDATE pgagent.pga_job j
    SET jobnextrun = least(j.jobnextrun, (SELECT min(a.reqdue) FROM again a WHERE a.reqjobid = j.jobid))
    FROM jobs, dead
    WHERE j.jobid = jobs.jobid AND j.jobagentid IS DISTINCT FROM dead.jagpid
      AND EXISTS (SELECT FROM pgagent.pga_joblog l
                  WHERE l.jlgjobid = j.jobid AND l.jlgstatus = 'r' AND l.jlgepoch IS DISTINCT FROM dead.jagepoch)
), condemned AS (
    /* It must not come back to what is left of it. */
    UPDATE pgagent.pga_jobagent a
    SET jagdead = now()
    FROM dead
    WHERE a.jagpid = dead.jagpid AND a.jagdead IS NULL AND EXISTS (SELECT FROM left_jobs)
), removed AS (
    DELETE FROM pgagent.pga_jobagent a
    USING dead
    WHERE a.jagpid = dead.jagpid AND NOT EXISTS (SELECT FROM left_jobs)
    RETURNING a.jagpid
), said (level, jobid, message) AS (
    SELECT 'warning', NULL::int4,
           format('agent "%s" on host "%s" is dead: %s; closed %s runs as aborted, freed %s jobs', dead.name, dead.host, dead.why,
                  (SELECT count(*) FROM closed), (SELECT count(*) FROM freed WHERE is_free))
           || CASE WHEN EXISTS (SELECT FROM again)
                   THEN format(', asked for %s of the runs again', (SELECT count(*) FROM again)) ELSE '' END
           || CASE WHEN EXISTS (SELECT FROM ended)
                   THEN format(', ended %s server processes of theirs', (SELECT count(*) FROM ended WHERE was_there)) ELSE '' END
           || CASE WHEN EXISTS (SELECT FROM left_jobs)
                   THEN format('; %s jobs that somebody has locked follow later', (SELECT count(*) FROM left_jobs)) ELSE '' END
    FROM dead
    WHERE EXISTS (SELECT FROM removed) OR EXISTS (SELECT FROM closed) OR EXISTS (SELECT FROM freed)
    UNION ALL
    SELECT 'error', lost.jlgjobid,
           format('run %s is not repeated: it was attempt %s of the job, and each time its agent died', lost.jlgid, lost.jlgattempt)
    FROM lost
    WHERE lost.jlgattempt >= 3
), logged AS (
    INSERT INTO pgagent.pga_agentlog (aglagent, agllevel, agljobid, aglmessage)
    SELECT $3::text, level, jobid, message
    FROM said
    ORDER BY jobid NULLS FIRST
)
SELECT jobid, message, NULL::int8, NULL::text, NULL::int4, NULL::timestamptz, pg_catalog.pg_notify('pgalmanac', '') FROM said
UNION ALL
SELECT jstjobid, NULL, jsljlgid, jstconnstr, jslpid, jslpidstart, NULL FROM elsewhere

/* SPDX-License-Identifier: PostgreSQL */
/* Second part of the transaction in which the tables go back to pgAgent: nothing of ours is left in hand. What a
 * pgAgent runs stays its own. */
SET LOCAL pgalmanac.agent = 'on';

/* What is to be ended at the end: agents (they come back, find whose tables these are and say so), and their SQL steps,
 * because a pgAgent may start the same job again at once. */
SELECT pg_catalog.set_config('pgalmanac.ended', coalesce(string_agg(b.pid::text, ','), ''), true)
FROM pg_catalog.pg_stat_activity b
WHERE pg_catalog.pg_has_role(b.usesysid, 'MEMBER')
  AND (EXISTS (SELECT FROM pgagent.pga_jobagent a
               WHERE a.jaguuid IS NOT NULL AND a.jagpid = b.pid AND a.jagbackendstart = b.backend_start)
       OR (b.application_name = 'pgalmanac step'
           AND EXISTS (SELECT FROM pgagent.pga_jobsteplog l JOIN pgagent.pga_jobstep s ON s.jstid = l.jsljstid
                       WHERE l.jslstatus = 'r' AND l.jslpid = b.pid AND l.jslpidstart >= b.backend_start
                         AND s.jstkind = 's' AND s.jstconnstr = '')));

UPDATE pgagent.pga_jobsteplog s
SET jslstatus = 'd', jslduration = clock_timestamp() - jslstart,
    jsloutput = coalesce(nullif(jsloutput, '') || E'\n', '')
                || 'The tables were given back to pgAgent while this step was open; what it did may have been committed.'
FROM pgagent.pga_joblog l JOIN pgagent.pga_job j ON j.jobid = l.jlgjobid
WHERE s.jsljlgid = l.jlgid AND s.jslstatus = 'r'
  AND NOT (l.jlgepoch IS NULL AND EXISTS (SELECT FROM pgagent.pga_jobagent a
                                          WHERE a.jagpid = j.jobagentid AND a.jaguuid IS NULL));
UPDATE pgagent.pga_joblog l
SET jlgstatus = 'd', jlgduration = clock_timestamp() - jlgstart
FROM pgagent.pga_job j
WHERE j.jobid = l.jlgjobid AND l.jlgstatus = 'r'
  AND NOT (l.jlgepoch IS NULL AND EXISTS (SELECT FROM pgagent.pga_jobagent a
                                          WHERE a.jagpid = j.jobagentid AND a.jaguuid IS NULL));
UPDATE pgagent.pga_job SET jobagentid = NULL
WHERE jobagentid IN (SELECT jagpid FROM pgagent.pga_jobagent WHERE jaguuid IS NOT NULL);
DELETE FROM pgagent.pga_jobagent WHERE jaguuid IS NOT NULL;

/* What is due, or was asked for, stays so; all else is planned below, when pgAgent's triggers are there. */
UPDATE pgagent.pga_job j SET jobnextrun = NULL
WHERE jobagentid IS NULL AND jobnextrun > now()
  AND NOT EXISTS (SELECT FROM pgagent.pga_request r
                  WHERE r.reqjobid = j.jobid AND r.reqkind = 'run' AND r.reqdue = j.jobnextrun);

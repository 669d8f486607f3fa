-- Writes this connection into the register of agents. The first time $5 is 0: a new epoch begins. Later it is
-- the epoch that goes on after a reconnect: only if the old row is still there (else: fenced, no row comes
-- back). The old row's jobs follow in the next statement. No epoch although we are known: the number of our
-- backend is still that of another agent's former connection (numbers come again, and soon so in a container).
-- $8 to $11: the user that it runs as, whether it carries out batch steps, its clock, its process.
-- An agent that has just been started ($7) asks for the runs of the jobs' startup rules. Jobs that somebody has locked to
-- delete them, or FOR UPDATE, are passed by, and that is said: a request refers to its job, and would wait for the lock.
WITH known AS (
    SELECT jagpid FROM pgagent.pga_jobagent WHERE jaguuid = $1::uuid AND jagepoch = $5::int8 AND jagdead IS NULL
    FOR KEY SHARE
), entered AS (
    INSERT INTO pgagent.pga_jobagent AS a
        (jagpid, jaglogintime, jagstation, jaguuid, jagname, jagversion, jagepoch, jaglease, jagrenewed, jagbackendstart,
         jaguser, jagbatch, jagskew, jagprocess)
    SELECT pg_catalog.pg_backend_pid(), now(), $3::text, $1::uuid, $2::text, $4::text,
           CASE WHEN $5::int8 = 0 THEN pg_catalog.nextval('pgagent.pga_epoch_seq') ELSE $5::int8 END,
           now() + $6::int8 * interval '1 microsecond', now(),
           (SELECT backend_start FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()),
           $8::text, $9::text, date_trunc('milliseconds', $10::timestamptz - clock_timestamp()), $11::text
    WHERE $5::int8 = 0 OR EXISTS (SELECT FROM known)
    ON CONFLICT (jagpid) DO UPDATE
    SET jaglogintime = excluded.jaglogintime, jaglease = excluded.jaglease, jagrenewed = excluded.jagrenewed, jagbackendstart = excluded.jagbackendstart
    WHERE a.jaguuid = excluded.jaguuid
    RETURNING jagepoch
), startup AS (
    SELECT j.jobid, r.rulid
    FROM pgagent.pga_rule r
    JOIN pgagent.pga_job j ON j.jobid = r.ruljobid
    WHERE r.rulkind = 'startup' AND r.rulenabled AND r.rulstart <= now() AND (r.rulend IS NULL OR r.rulend >= now())
      AND (r.rulendcount = 0
           OR r.rulendcount > r.rulruncount + (SELECT count(*) FROM pgagent.pga_request q
                                               WHERE q.reqjobid = j.jobid AND q.reqrulid = r.rulid))
      AND j.jobenabled AND (j.jobhostagent = '' OR j.jobhostagent IN ($3::text, $2::text))
      AND $7::bool AND EXISTS (SELECT FROM entered)
      AND NOT EXISTS (SELECT FROM pgagent.pga_jobagent a WHERE a.jaguuid = $1::uuid)
), free AS (
    SELECT j.jobid
    FROM pgagent.pga_job j
    WHERE j.jobid IN (SELECT s.jobid FROM startup s)
    FOR KEY SHARE OF j SKIP LOCKED
), asked AS (
    INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqby, reqtrigger, reqrulid)
    SELECT 'run', s.jobid, NULL, 'startup', s.rulid
    FROM startup s JOIN free USING (jobid)
    ORDER BY s.rulid
), passed_by AS (
    INSERT INTO pgagent.pga_agentlog (aglagent, agllevel, agljobid, aglmessage)
    SELECT DISTINCT $2::text, 'warning', s.jobid,
           'not run at the start of this agent, because somebody had the job locked'
    FROM startup s
    WHERE s.jobid NOT IN (SELECT f.jobid FROM free f)
)
SELECT (SELECT jagepoch FROM entered), $5::int8 = 0 OR EXISTS (SELECT FROM known)

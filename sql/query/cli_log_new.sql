-- What is new in the log of job $1 (empty = all): all since shortly before $2 (the look before), in case that it was
-- committed late, and the runs that began at one of $3. Whoever asks knows what he has seen. At last what people see.
SELECT n.key, n.began, now()::text AS looked, n.result,
       json_build_object('run', n.run, 'at', n.at, 'jobid', n.jobid, 'job', n.job, 'because', n.because,
                         'asked_by', n.asked_by, 'result', n.result, 'duration', n.duration, 'failed_step', n.failed_step,
                         'message', n.message, 'why', n.why, 'slot', n.slot, 'slots', n.slots, 'agent', n.agent) AS json,
       n.run, n.at, n.job, n.because, n.duration, n.why
FROM (SELECT CASE h.result WHEN 'skipped' THEN 's' ELSE 'r' END || h.id AS key, h.at::text AS began,
             CASE WHEN h.result <> 'skipped' THEN h.id END AS run,
             pgagent.pga_iso(h.at, z.zone) AS at, h.jobid, h.job, h.because, h.asked_by, h.result,
             pgagent.pga_seconds(h.duration) AS duration, h.failed_step, h.message,
             coalesce((SELECT substring(s.jsloutput FROM '(?n)^(?:ERROR|FATAL): .*$')
                 FROM pgagent.pga_jobsteplog s
                 WHERE h.result = 'failed' AND s.jsljlgid = h.id AND s.jslstatus = 'f'
                 ORDER BY s.jslid DESC LIMIT 1),
                format(CASE WHEN h.result <> 'skipped' THEN NULL WHEN h.slots = 1 THEN 'slot of %2$s: '
                            ELSE '%1$s slots from %2$s on: ' END, h.slots, replace(pgagent.pga_iso(h.slot, z.zone), 'T', ' '))
                || h.message, h.message) AS why,
             pgagent.pga_iso(h.slot, z.zone) AS slot, h.slots, h.agent
      FROM (SELECT p.id, p.at, p.jobid, p.job, p.because, p.asked_by, p.result, p.duration, p.failed_step, p.message, p.slot,
                   p.slots, p.agent
            FROM pgagent.pga_history p
            WHERE p.at > $2::timestamptz - interval '1 min'
            UNION ALL
            SELECT p.id, p.at, p.jobid, p.job, p.because, p.asked_by, p.result, p.duration, p.failed_step, p.message, p.slot,
                   p.slots, p.agent
            FROM pgagent.pga_history p
            WHERE p.at = ANY ($3::timestamptz[]) AND p.at <= $2::timestamptz - interval '1 min') h
      JOIN pgagent.pga_job j ON j.jobid = h.jobid
      CROSS JOIN LATERAL (
          SELECT coalesce(j.jobtimezone, (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone')) AS zone
      ) z
      WHERE nullif($1::text, '') IS NULL OR h.jobid = nullif($1::text, '')::int4
      ORDER BY h.at, h.id) n

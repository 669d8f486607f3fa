-- The newest $2 runs and skipped stretches of slots, of job $1 or of all (empty), oldest first.
SELECT CASE WHEN h.result <> 'skipped' THEN h.id END AS run,
       pgagent.pga_iso(h.at, h.zone) AS at, h.jobid, h.job, h.because, h.asked_by, h.result,
       pgagent.pga_seconds(h.duration) AS duration, h.failed_step, h.message,
       coalesce((SELECT substring(s.jsloutput FROM '(?n)^(?:ERROR|FATAL): .*$')
                 FROM pgagent.pga_jobsteplog s
                 WHERE h.result = 'failed' AND s.jsljlgid = h.id AND s.jslstatus = 'f'
                 ORDER BY s.jslid DESC LIMIT 1),
                format(CASE WHEN h.result <> 'skipped' THEN NULL WHEN h.slots = 1 THEN 'slot of %2$s: '
                            ELSE '%1$s slots from %2$s on: ' END, h.slots, replace(pgagent.pga_iso(h.slot, h.zone), 'T', ' '))
                || h.message, h.message) AS why,
       pgagent.pga_iso(h.slot, h.zone) AS slot, h.slots, h.agent
FROM (SELECT p.id, p.at, p.jobid, p.job, p.because, p.asked_by, p.result, p.duration, p.failed_step, p.message, p.slot,
             p.slots, p.agent,
             coalesce(j.jobtimezone, (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone')) AS zone
      FROM pgagent.pga_history p
      JOIN pgagent.pga_job j ON j.jobid = p.jobid
      WHERE nullif($1::text, '') IS NULL OR p.jobid = nullif($1::text, '')::int4
      LIMIT $2::int8) h
ORDER BY h.at, h.id

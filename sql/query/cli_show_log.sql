-- The newest runs and skipped slots of job $1 (id), newest first.
SELECT CASE WHEN h.result <> 'skipped' THEN h.id END AS run, pgagent.pga_iso(h.at, z.zone) AS at, h.because, h.result,
       pgagent.pga_seconds(h.duration) AS duration, h.failed_step, h.message,
       coalesce((SELECT substring(s.jsloutput FROM '(?n)^(?:ERROR|FATAL): .*$')
                 FROM pgagent.pga_jobsteplog s
                 WHERE h.result = 'failed' AND s.jsljlgid = h.id AND s.jslstatus = 'f'
                 ORDER BY s.jslid DESC LIMIT 1),
                format(CASE WHEN h.result <> 'skipped' THEN NULL WHEN h.slots = 1 THEN 'slot of %2$s: '
                            ELSE '%1$s slots from %2$s on: ' END, h.slots, replace(pgagent.pga_iso(h.slot, z.zone), 'T', ' '))
                || h.message, h.message) AS why
FROM (SELECT p.id, p.at, p.because, p.result, p.duration, p.failed_step, p.message, p.slot, p.slots
      FROM pgagent.pga_history p
      WHERE p.jobid = $1::int4
      LIMIT 10) h
CROSS JOIN (SELECT coalesce(j.jobtimezone, (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone')) AS zone FROM pgagent.pga_job j WHERE j.jobid = $1::int4) z
ORDER BY h.at DESC, h.id DESC

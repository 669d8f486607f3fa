-- Jobs whose plan is out of date, from the one after $2 on; of those that somebody else plans at this moment we see the old state, and our
-- write finds that the revision has changed.
SELECT j.jobid, j.jobrevision, j.joblastslot, j.jobplanned, now(),
       coalesce(j.jobtimezone, (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone')),
       j.jobagentid IS NOT NULL,
       EXISTS (SELECT FROM pgagent.pga_rule r WHERE r.ruljobid = j.jobid AND r.rulenabled)
       OR EXISTS (SELECT FROM pgagent.pga_skipped s
                  WHERE s.skpjobid = j.jobid AND s.skpreason = 'skipped'
                    AND s.skpfrom > coalesce(j.joblastslot, '-infinity'))
FROM pgagent.pga_job j
WHERE j.jobreplan AND j.jobid > $2::int4
ORDER BY j.jobid
LIMIT $1::int4

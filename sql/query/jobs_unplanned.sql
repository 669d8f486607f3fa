-- Jobs whose plan is out of date; of those that somebody else plans at this moment we see the old state, and our
-- write finds that the revision has changed.
SELECT jobid, jobrevision, joblastslot, now(),
       coalesce(jobtimezone, (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone'))
FROM pgagent.pga_job
WHERE jobreplan
ORDER BY jobid
LIMIT $1::int4

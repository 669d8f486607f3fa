-- Jobs whose numbered steps run in another order than their numbers say.
SELECT 'note' AS severity,
       'steps run in the text order of their names, which is not that of their numbers ("10" comes before "2")' AS what,
       'job' AS place, NULL::int8 AS id, NULL::text AS name, j.jobid, j.jobname,
       'write the numbers with equally many digits: 02, 10' AS mend
FROM pgagent.pga_job j
WHERE j.jobenabled
  AND EXISTS (
    SELECT FROM (SELECT jstname, substring(jstname FROM '^(\D*)\d') AS prefix,
                        substring(jstname FROM '^\D*(\d{1,30})')::numeric AS number,
                        max(substring(jstname FROM '^\D*(\d{1,30})')::numeric)
                            OVER (PARTITION BY substring(jstname FROM '^(\D*)\d') ORDER BY jstname, jstid) AS highest
                 FROM pgagent.pga_jobstep s
                 WHERE s.jstjobid = j.jobid AND s.jstenabled AND to_jsonb(s) ->> 'jstorder' IS NULL) n
    WHERE n.number < n.highest)
ORDER BY j.jobid

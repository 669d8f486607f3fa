-- The enabled steps of some jobs, in the order in which they run: as in pgAgent by name.
SELECT jstjobid, jstid, jstname, jstkind, jstcode, jstconnstr, jstdbname, jstonerror,
       (least(extract(epoch FROM jsttimeout), 1000000000) * 1000000)::int8
FROM pgagent.pga_jobstep
WHERE jstjobid = ANY ($1::int4[]) AND jstenabled
ORDER BY jstjobid, jstname, jstid

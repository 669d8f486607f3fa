-- When the runs began that are going on.
SELECT coalesce(array_agg(l.jlgstart), '{}')::text AS starts, now()::text AS now
FROM pgagent.pga_joblog l
WHERE l.jlgstatus = 'r'

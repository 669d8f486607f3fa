-- The enabled rules of some jobs. Lists become bits: hour n, weekday n, and from 1 on the months and days; days from the
-- end are bit 31 (the last) and below. A slot that somebody asked to leave out (pgagent.skip_next) comes as an exception of
-- that instant, which has no id; as kind every, because it may be a fraction of a second.
SELECT r.ruljobid, r.rulid, r.rulkind, r.rulexception,
       r.rulduration IS NOT NULL,
       least(extract(year FROM r.rulduration) * 12 + extract(month FROM r.rulduration), 120000)::int4,
       least(extract(day FROM r.rulduration), 4000000)::int4,
       (least(extract(epoch FROM r.rulduration - date_trunc('day', r.rulduration)), 100000000000) * 1000000)::int8,
       r.rulstart, r.rulend, r.rulendcount, r.rulruncount, r.rulevery,
       (SELECT bit_or(1 << n) FROM unnest(r.rulhours) n),
       (SELECT bit_or(1 << n) FROM unnest(r.rulweekdays) n),
       (SELECT bit_or(1 << (n - 1)) FROM unnest(r.rulmonthdays) n WHERE n > 0),
       (SELECT bit_or(1::int8 << (32 + n)) FROM unnest(r.rulmonthdays) n WHERE n < 0),
       (SELECT bit_or(1 << (n - 1)) FROM unnest(r.rulmonths) n),
       (least(extract(epoch FROM r.rulperiod), 100000000000) * 1000000)::int8,
       r.rultext, r.ruldayor, r.rultimezone, r.rulproblem, j.joblastend
FROM pgagent.pga_rule r
JOIN pgagent.pga_job j ON j.jobid = r.ruljobid
WHERE r.ruljobid = ANY ($1::int4[]) AND r.rulenabled
UNION ALL
SELECT j.jobid, 0, 'every', true, false, NULL, NULL, NULL, s.skpfrom, s.skpfrom, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, 1000000,
       NULL, NULL, NULL, NULL, j.joblastend
FROM pgagent.pga_job j
JOIN pgagent.pga_skipped s ON s.skpjobid = j.jobid
WHERE j.jobid = ANY ($1::int4[]) AND s.skpreason = 'skipped' AND s.skpfrom > coalesce(j.joblastslot, '-infinity')
ORDER BY 1, 2

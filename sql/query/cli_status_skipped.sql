-- Slots that were skipped in the last day.
SELECT s.skpreason AS reason, sum(s.skpslots) AS slots, count(DISTINCT s.skpjobid) AS jobs
FROM pgagent.pga_skipped s
WHERE s.skpat > now() - interval '1 day'
GROUP BY s.skpreason
ORDER BY s.skpreason

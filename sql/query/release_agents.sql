-- Agents of ours that are alive: they would go on working on tables that are no longer theirs.
SELECT coalesce(string_agg(format('"%s" on %s', a.jagname, a.jagstation), ', ' ORDER BY a.jagname), '')
FROM pgagent.pga_jobagent a
WHERE a.jaguuid IS NOT NULL AND a.jaglease > now()

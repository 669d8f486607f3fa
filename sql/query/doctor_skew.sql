-- Agents whose host has another time than the database.
SELECT 'warning' AS severity,
       format('the clock of an agent''s host is %s s %s the database''s', abs(round(extract(epoch FROM jagskew)::numeric, 1)),
              CASE WHEN jagskew > interval '0' THEN 'ahead of' ELSE 'behind' END) AS what,
       'agent' AS place, jagpid::int8 AS id, jagname AS name, NULL::int8 AS jobid, NULL::text AS jobname,
       'have both hosts set their clocks by NTP; runs begin by the database''s clock' AS mend
FROM pgagent.pga_jobagent
WHERE jaglease > now() AND abs(extract(epoch FROM jagskew)) > 2
ORDER BY jagpid

-- Sequences that would give ids which are taken: pgAgent's are not carried by a dump of its extension.
SELECT 'error' AS severity,
       'a sequence is behind the ids of its table: the next new row is refused as a duplicate' AS what,
       'sequence' AS place, NULL::int8 AS id, t.sequence AS name, NULL::int8 AS jobid, NULL::text AS jobname,
       format('SELECT pg_catalog.setval(%L, %s)', t.sequence, t.highest) AS mend
FROM (SELECT pg_get_serial_sequence('pgagent.pga_job', 'jobid') AS sequence, max(jobid) AS highest FROM pgagent.pga_job
      UNION ALL SELECT pg_get_serial_sequence('pgagent.pga_jobclass', 'jclid'), max(jclid) FROM pgagent.pga_jobclass
      UNION ALL SELECT pg_get_serial_sequence('pgagent.pga_jobstep', 'jstid'), max(jstid) FROM pgagent.pga_jobstep
      UNION ALL SELECT pg_get_serial_sequence('pgagent.pga_schedule', 'jscid'), max(jscid) FROM pgagent.pga_schedule
      UNION ALL SELECT pg_get_serial_sequence('pgagent.pga_exception', 'jexid'), max(jexid) FROM pgagent.pga_exception
      UNION ALL SELECT pg_get_serial_sequence('pgagent.pga_joblog', 'jlgid'), max(jlgid) FROM pgagent.pga_joblog
      UNION ALL SELECT pg_get_serial_sequence('pgagent.pga_jobsteplog', 'jslid'), max(jslid) FROM pgagent.pga_jobsteplog) t
JOIN pg_catalog.pg_sequences q
  ON t.sequence = quote_ident(q.schemaname) || '.' || quote_ident(q.sequencename)
WHERE t.highest > coalesce(q.last_value, 0)
  AND has_sequence_privilege(t.sequence, 'SELECT, USAGE')
ORDER BY t.sequence

-- The statements that move a sequence past the highest id of its table, as ALTER, which ends with the transaction; setval would
-- stay. A dump of an extension restores rows, but not where their sequences were.
WITH id (name, highest) AS (
    SELECT pg_catalog.pg_get_serial_sequence('pgagent.pga_jobclass', 'jclid'), max(jclid)::int8 FROM pgagent.pga_jobclass
    UNION ALL
    SELECT pg_catalog.pg_get_serial_sequence('pgagent.pga_job', 'jobid'), max(jobid) FROM pgagent.pga_job
    UNION ALL
    SELECT pg_catalog.pg_get_serial_sequence('pgagent.pga_jobstep', 'jstid'), max(jstid) FROM pgagent.pga_jobstep
    UNION ALL
    SELECT pg_catalog.pg_get_serial_sequence('pgagent.pga_schedule', 'jscid'), max(jscid) FROM pgagent.pga_schedule
    UNION ALL
    SELECT pg_catalog.pg_get_serial_sequence('pgagent.pga_exception', 'jexid'), max(jexid) FROM pgagent.pga_exception
    UNION ALL
    SELECT pg_catalog.pg_get_serial_sequence('pgagent.pga_joblog', 'jlgid'), max(jlgid) FROM pgagent.pga_joblog
    UNION ALL
    SELECT pg_catalog.pg_get_serial_sequence('pgagent.pga_jobsteplog', 'jslid'), max(jslid) FROM pgagent.pga_jobsteplog
)
SELECT pg_catalog.format('ALTER SEQUENCE %s RESTART WITH %s', i.name, i.highest + 1)
FROM id i
WHERE i.name IS NOT NULL /* else: somebody's own */
  AND i.highest > CASE WHEN pg_catalog.has_sequence_privilege(i.name, 'SELECT, USAGE') /* else: not the owner, who is refused elsewhere */
                       THEN coalesce(pg_catalog.pg_sequence_last_value(i.name::pg_catalog.regclass), 0) ELSE i.highest END
ORDER BY i.name

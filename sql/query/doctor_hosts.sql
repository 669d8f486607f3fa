-- Jobs that ask for an agent that is not there. (If there is none at all, that is another finding.)
WITH alive AS (
    SELECT a.jagstation, to_jsonb(a) ->> 'jagname' AS jagname
    FROM pgagent.pga_jobagent a
    WHERE CASE WHEN to_jsonb(a) ->> 'jaguuid' IS NULL
               THEN EXISTS (SELECT FROM pg_catalog.pg_stat_activity s WHERE s.pid = a.jagpid)
               ELSE (to_jsonb(a) ->> 'jaglease')::timestamptz > now() END
)
SELECT 'error' AS severity, format('no living agent serves host agent "%s"', j.jobhostagent) AS what, 'job' AS place,
       NULL::int8 AS id, NULL::text AS name, j.jobid, j.jobname,
       format('start an agent there (or one with --name %s), or change the job''s host agent; those at work: %s',
              quote_literal(j.jobhostagent),
              (SELECT string_agg(DISTINCT format('"%s"', coalesce(jagname, jagstation)), ', ') FROM alive)) AS mend
FROM pgagent.pga_job j
WHERE j.jobenabled AND j.jobhostagent <> ''
  AND EXISTS (SELECT FROM alive)
  AND NOT EXISTS (SELECT FROM alive WHERE j.jobhostagent IN (jagstation, jagname))
ORDER BY j.jobhostagent, j.jobid

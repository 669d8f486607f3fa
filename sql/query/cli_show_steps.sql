-- The steps of job $1 (id), in the order in which they run.
SELECT s.jstid, s.jstname AS step, s.jstenabled AS enabled,
       CASE WHEN s.jstenabled THEN '' ELSE 'disabled' END AS state,
       CASE s.jstkind WHEN 's' THEN 'SQL' ELSE 'batch' END AS kind,
       CASE WHEN s.jstkind <> 's' THEN 'the agent''s host' WHEN s.jstconnstr = '' THEN s.jstdbname::text
            WHEN s.jstconnstr ~* 'pass|@' THEN 'another server' ELSE s.jstconnstr END AS runs_in,
       CASE s.jstonerror WHEN 'f' THEN 'fail' WHEN 's' THEN 'succeed' ELSE 'ignore' END AS on_error,
       s.jsttimeout::text AS timeout, s.jstdesc AS comment, s.jstcode AS code
FROM pgagent.pga_jobstep s
WHERE s.jstjobid = $1::int4
ORDER BY s.jstname, s.jstid

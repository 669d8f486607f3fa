-- The plan of an adoption ($1, adopt_plan.sql as JSON), for people.
SELECT p.jobid, p.jobname, coalesce(p.old_next_run::text, 'none') AS old_next_run,
       coalesce(p.new_next_run::text, CASE WHEN p.is_left_to_agent THEN 'not yet planned' ELSE 'none' END) AS new_next_run,
       coalesce((SELECT string_agg(r.reason, '; ' ORDER BY r.place)
                 FROM json_array_elements_text(p.reasons) WITH ORDINALITY r (reason, place)), '') AS why
FROM json_to_recordset($1::json) AS p (jobid int4, jobname text, old_next_run timestamptz, new_next_run timestamptz,
                                       is_left_to_agent bool, reasons json)
ORDER BY p.jobid

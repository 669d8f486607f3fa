-- Does with each job what its row of the plan says ($1, adopt_plan.sql as JSON).
WITH plan AS (
    SELECT *
    FROM json_to_recordset($1::json) AS p (jobid int4, state text, old_next_run timestamptz, new_next_run timestamptz,
                                           skipped_from timestamptz, plan timestamptz, last_slot timestamptz,
                                           wish timestamptz, is_left_to_agent bool)
), wish AS (
    INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqdue, reqby)
    SELECT 'run', p.jobid, p.wish, NULL FROM plan p WHERE p.wish IS NOT NULL
), skipped AS (
    INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpreason, skpdetail)
    SELECT p.jobid, p.skipped_from, now(), 'before adoption',
           CASE p.state WHEN 'frozen' THEN 'a pgAgent that is gone had left the job running; at least one slot'
                        ELSE 'the job was overdue in pgAgent since before the day of its adoption; at least one slot' END
    FROM plan p WHERE p.skipped_from IS NOT NULL
)
UPDATE pgagent.pga_job j
SET jobnextrun = p.new_next_run,
    jobplanned = p.plan,
    joblastslot = p.last_slot,
    jobreplan = p.is_left_to_agent,
    jobrevision = j.jobrevision + 1
FROM plan p
WHERE j.jobid = p.jobid

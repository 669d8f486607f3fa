-- What became of request $1 for a run of job $2 at $3 or later: still waiting, a run, or neither (taken back). A claim
-- answers all requests that are due with one run, which has the number of the newest of them.
SELECT coalesce(bool_or(true), false) AS is_waiting,
       (SELECT min(l.jlgid) FROM pgagent.pga_joblog l
        WHERE l.jlgjobid = $2::int4 AND l.jlgreqid >= $1::int8 AND l.jlgstart >= $3::timestamptz) AS run,
       coalesce(bool_or(reqdue <= now()), false) AS is_due
FROM pgagent.pga_request
WHERE reqid = $1::int8

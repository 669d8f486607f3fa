-- When the next thing is due for this agent ($1 host name, $2 agent name); NULL = nothing is known of.
SELECT least(
    (SELECT j.jobnextrun FROM pgagent.pga_job j
     WHERE j.jobenabled AND j.jobnextrun > now() AND (j.jobhostagent = '' OR j.jobhostagent IN ($1::text, $2::text))
     ORDER BY j.jobnextrun LIMIT 1),
    (SELECT r.reqdue FROM pgagent.pga_request r
     WHERE r.reqkind = 'run' AND r.reqdue > now() ORDER BY r.reqdue LIMIT 1)), now()

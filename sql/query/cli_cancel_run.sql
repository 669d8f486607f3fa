-- Asks for the end of run $1; false: somebody has asked before.
SELECT $1::int8 AS run, pgagent.cancel_run($1::int8) AS is_new

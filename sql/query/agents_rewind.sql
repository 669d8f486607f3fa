-- Agents that renewed their lease in what is the future now: the clock was stepped back. Their leases count from now on, so
-- that who died before the step is found out. Those that live renew in a moment.
WITH held AS (
    SELECT jagpid FROM pgagent.pga_jobagent WHERE jagrenewed > now() FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE pgagent.pga_jobagent a
SET jaglease = now() + (a.jaglease - a.jagrenewed), jagrenewed = now()
FROM held
WHERE a.jagpid = held.jagpid AND a.jagrenewed > now()

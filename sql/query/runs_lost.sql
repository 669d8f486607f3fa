-- Which of the runs that this agent has in hand ($2) a server that was started since does not know as having been claimed in
-- its epoch ($1). $3: a standby may have been promoted that had not heard of them. Else one that is not there was deleted by
-- somebody. Numbers of rows may be given a second time.
SELECT count(*) AS lost
FROM unnest($2::int8[]) AS r (id)
LEFT JOIN pgagent.pga_joblog l ON l.jlgid = r.id
WHERE CASE WHEN l.jlgid IS NULL THEN $3::bool ELSE l.jlgepoch IS DISTINCT FROM $1::int8 END

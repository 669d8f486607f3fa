-- Which of the runs that this agent has in hand ($2) a server does not know that is new to it, as having been claimed in its
-- epoch ($1): a standby was promoted that had not heard of them. Numbers of rows may be given a second time there.
SELECT count(*) AS lost
FROM unnest($2::int8[]) AS r (id)
WHERE NOT EXISTS (SELECT FROM pgagent.pga_joblog l WHERE l.jlgid = r.id AND l.jlgepoch = $1::int8)

-- First in each transaction of the log connection: who we are.
SELECT pgagent.pga_fence($1::uuid, $2::int8)

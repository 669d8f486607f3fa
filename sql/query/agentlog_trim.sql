-- Keeps the newest 10000 messages, and those that somebody has locked.
DELETE FROM pgagent.pga_agentlog
WHERE aglid = ANY (ARRAY(SELECT m.aglid
                         FROM pgagent.pga_agentlog m
                         WHERE m.aglid <= (SELECT n.aglid FROM pgagent.pga_agentlog n ORDER BY n.aglid DESC OFFSET 10000 LIMIT 1)
                         FOR UPDATE SKIP LOCKED))

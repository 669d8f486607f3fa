-- Keeps the newest 10000 messages.
DELETE FROM pgagent.pga_agentlog
WHERE aglid <= (SELECT aglid FROM pgagent.pga_agentlog ORDER BY aglid DESC OFFSET 10000 LIMIT 1)

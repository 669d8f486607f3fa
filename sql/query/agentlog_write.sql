-- A message, once: it may be sent again after a lost connection.
INSERT INTO pgagent.pga_agentlog (aglagent, agllevel, agljobid, aglmessage, aglkey)
VALUES ($1::text, $2::text, nullif($3::int4, 0), $4::text, $5::uuid)
ON CONFLICT (aglkey) DO NOTHING

INSERT INTO pgagent.pga_agentlog (aglagent, agllevel, agljobid, aglmessage)
VALUES ($1::text, $2::text, nullif($3::int4, 0), $4::text)

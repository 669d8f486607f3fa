-- How a step ended. A row that is not open any more (closed already, deleted, taken from us) stays as it is.
-- No row comes back while somebody has it locked.
WITH held AS (
    SELECT s.jslid FROM pgagent.pga_jobsteplog s WHERE s.jslid = $1::int8 AND s.jslstatus = 'r'
    FOR NO KEY UPDATE SKIP LOCKED
), closed AS (
    UPDATE pgagent.pga_jobsteplog s
    SET jslstatus = $2::text::char, jslresult = $3::int4, jslduration = $4::int8 * interval '1 microsecond',
        jsloutput = $5::text, jslsqlstate = $6::text, jslwaiting = NULL
    FROM held
    WHERE s.jslid = held.jslid
)
SELECT true
WHERE EXISTS (SELECT FROM held)
   OR NOT EXISTS (SELECT FROM pgagent.pga_jobsteplog s WHERE s.jslid = $1::int8 AND s.jslstatus = 'r')

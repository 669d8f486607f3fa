-- How a step of run $7 in our epoch ($8) ended. A row that is not open any more (closed already, deleted, taken from us)
-- stays as it is, and so does another one of its number, which a standby that was promoted has given a second time.
-- No row comes back while somebody has it locked.
WITH held AS (
    SELECT s.jslid
    FROM pgagent.pga_jobsteplog s
    JOIN pgagent.pga_joblog l ON l.jlgid = s.jsljlgid
    WHERE s.jslid = $1::int8 AND s.jsljlgid = $7::int8 AND l.jlgepoch = $8::int8 AND s.jslstatus = 'r'
    FOR NO KEY UPDATE OF s SKIP LOCKED
), closed AS (
    UPDATE pgagent.pga_jobsteplog s
    SET jslstatus = $2::text::char, jslresult = $3::int4, jslduration = $4::int8 * interval '1 microsecond',
        jsloutput = $5::text, jslsqlstate = $6::text, jslwaiting = NULL
    FROM held
    WHERE s.jslid = held.jslid
)
SELECT true
WHERE EXISTS (SELECT FROM held)
   OR NOT EXISTS (SELECT FROM pgagent.pga_jobsteplog s
                  JOIN pgagent.pga_joblog l ON l.jlgid = s.jsljlgid
                  WHERE s.jslid = $1::int8 AND s.jsljlgid = $7::int8 AND l.jlgepoch = $8::int8 AND s.jslstatus = 'r')

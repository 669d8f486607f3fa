-- How a step ended. A row that is not open any more (closed already, deleted, taken from us) stays as it is.
UPDATE pgagent.pga_jobsteplog s
SET jslstatus = $2::text::char, jslresult = $3::int4, jslduration = $4::int8 * interval '1 microsecond',
    jsloutput = $5::text, jslsqlstate = $6::text
WHERE s.jslid = $1::int8 AND s.jslstatus = 'r'

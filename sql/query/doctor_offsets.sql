-- What the server takes for the offset of a zone ($1, seconds east of UTC) at 00:00 UTC of each day of the next three
-- years. Nothing for a name that is also an abbreviation, which the server reads as a fixed offset.
SELECT extract(epoch FROM d)::int8 AS second,
       extract(epoch FROM timezone($1::text, d) - timezone('UTC', d))::int4 AS seconds_east
FROM (SELECT timezone('UTC', date_trunc('day', timezone('UTC', now())) + n * interval '1 day') AS d
      FROM generate_series(0, 1100) n) days
WHERE $1 ~ '/' OR upper($1) NOT IN (SELECT abbrev FROM pg_catalog.pg_timezone_abbrevs)
ORDER BY d

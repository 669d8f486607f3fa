-- The proper spelling of a time zone's name. Aliases that mean something else on each machine do not count.
SELECT z.name
FROM pg_catalog.pg_timezone_names z
WHERE pg_catalog.lower(z.name) = pg_catalog.lower($1::text)
  AND z.name !~ '^(posix|right)/' AND z.name NOT IN ('localtime', 'posixrules', 'Factory')
ORDER BY z.name = $1::text DESC
LIMIT 1

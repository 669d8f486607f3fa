-- Other agents on this machine ($1: how the identities of its processes begin), whoever can see whether their processes live.
SELECT a.jagpid, coalesce(a.jagname, a.jagstation), a.jagepoch, a.jagprocess
FROM pgagent.pga_jobagent a
WHERE pg_catalog.strpos(a.jagprocess, $1::text) = 1 AND a.jaguuid <> $2::uuid

-- Two setups at once: the second waits for the first, then finds everything done. Freed with the session.
SELECT pg_catalog.pg_advisory_lock(1885824364, 1)
